package org.deferredsync.backup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.deferredsync.catalogue.CommitHook;
import org.deferredsync.fs.CrashError;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.Posix;
import org.deferredsync.logging.Progress;
import org.deferredsync.snapshot.FilePath;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A source, a target and an engine in a scratch directory, with a clock that a test moves. */
public final class EngineFixture {
  private static final Logger LOG = LoggerFactory.getLogger("incremental_backup");

  public final Path home;
  public final Path source;
  public final Path target;
  private Posix posix = Posix.ofSystem();
  private CommitHook hook = CommitHook.NONE;
  private Duration ahead = Duration.ofSeconds(10);
  private Duration leap = Duration.ZERO;
  private Retention retention = new Retention(15, 3);
  private EntryFilter filter = EntryFilter.NONE;
  private Omissions omissions = Omissions.NONE;
  private Guard guard = new Guard(100, 100); // what most tests remove they mean
  private List<FilePath> requiredMounts = List.of();
  private Set<FilePath> approved = Set.of();
  Set<String> dumps = Set.of();
  private Batch.Limits limits = Batch.Limits.USUAL;
  private Progress progress = Progress.NONE;
  private String kernelRelease = "6.1.0";

  public EngineFixture(Path scratch) throws IOException {
    home = scratch;
    source = Files.createDirectories(scratch.resolve("source"));
    target = Files.createDirectories(scratch.resolve("target"));
  }

  public EngineFixture with(Posix other) {
    posix = other;
    return this;
  }

  public EngineFixture with(CommitHook other) {
    hook = other;
    return this;
  }

  public EngineFixture with(Retention other) {
    retention = other;
    return this;
  }

  public EngineFixture with(EntryFilter other) {
    filter = other;
    return this;
  }

  public EngineFixture with(Omissions other) {
    omissions = other;
    return this;
  }

  public EngineFixture with(Guard other) {
    guard = other;
    return this;
  }

  /** What has to be mounted. */
  public EngineFixture requires(Path... mounts) {
    requiredMounts = Arrays.stream(mounts).map(EngineFixture::filePath).toList();
    return this;
  }

  /** What the next runs release. */
  public EngineFixture approves(Path... sources) {
    approved = Arrays.stream(sources).map(EngineFixture::filePath).collect(Collectors.toSet());
    return this;
  }

  public EngineFixture with(Progress other) {
    progress = other;
    return this;
  }

  EngineFixture with(Batch.Limits other) {
    limits = other;
    return this;
  }

  /** The engine believes to run on this kernel. */
  void onKernel(String release) {
    kernelRelease = release;
  }

  /** Sets how far the engine's clock is ahead of the system's. */
  public void ahead(Duration duration) {
    ahead = duration;
  }

  /** Sets how far the engine's clock leaps once it has been asked the first time. */
  public void leaps(Duration duration) {
    leap = duration;
  }

  public Engine engine() {
    return new Engine(
        posix,
        clock(),
        hook,
        home.resolve("state"),
        home.resolve("fstab"),
        kernelRelease,
        progress);
  }

  /** The system's clock, moved: files just made are not racy to it. */
  private Clock clock() {
    Duration shift = ahead;
    Duration later = leap;
    return new Clock() {
      private boolean asked;

      @Override
      public ZoneId getZone() {
        return ZoneOffset.UTC;
      }

      @Override
      public Clock withZone(ZoneId zone) {
        return this;
      }

      @Override
      public Instant instant() {
        Instant now = Instant.now().plus(asked ? shift.plus(later) : shift);
        asked = true;
        return now;
      }
    };
  }

  /** Runs over the one source. */
  public BackupReport run() throws BackupException, IOException {
    return run(source);
  }

  public BackupReport run(Path... sources) throws BackupException, IOException {
    return new Backup(engine(), request(sources), LOG, limits).run();
  }

  public BackupReport run(List<Source> sources) throws BackupException, IOException {
    return new Backup(engine(), request(sources), LOG, limits).run();
  }

  /** Runs, and dies before the commit with this number; false if there are not so many. */
  boolean diesBeforeCommit(int number) throws BackupException, IOException {
    FaultyPosix dying = FaultyPosix.ofSystem();
    return dies(dying, Deaths.beforeCommit(dying, number));
  }

  /** Runs, and dies right behind the commit with this number; false if there are not so many. */
  boolean diesAfterCommit(int number) throws BackupException, IOException {
    FaultyPosix dying = FaultyPosix.ofSystem();
    return dies(dying, Deaths.afterCommit(dying, number));
  }

  private boolean dies(FaultyPosix dying, CommitHook at) throws BackupException, IOException {
    with(dying).with(at);
    try {
      run();
      return false;
    } catch (CrashError expected) {
      return true;
    } finally {
      dying.endProcess();
      with(Posix.ofSystem()).with(CommitHook.NONE);
    }
  }

  /** Plans a run over the one source. */
  public BackupReport preview() throws BackupException, IOException {
    return preview(source);
  }

  public BackupReport preview(Path... sources) throws BackupException, IOException {
    return new Preview(engine(), request(sources), LOG).run();
  }

  /** Plans a run and looks what is largest in it. */
  public Forecast forecast(Path... sources) throws BackupException, IOException {
    return new Preview(engine(), request(sources), LOG).forecast();
  }

  /** A prune by hand, where these sources are configured. */
  Prune prune(Path... configured) {
    Set<FilePath> paths =
        Arrays.stream(configured).map(EngineFixture::filePath).collect(Collectors.toSet());
    return new Prune(engine(), filePath(target), paths, LoggerFactory.getLogger("prune"));
  }

  BackupRequest request(Path... sources) {
    List<Source> list =
        Arrays.stream(sources)
            .map(path -> new Source(filePath(path), filter, omissions, Source.Own.NOTHING))
            .toList();
    return request(list);
  }

  private BackupRequest request(List<Source> sources) {
    return new BackupRequest(
        filePath(target), sources, retention, guard, requiredMounts, approved, dumps);
  }

  /** Where the mirror has the path. */
  public Path mirror(Path path) {
    return target.resolve(path.toString().substring(1));
  }

  public static FilePath filePath(Path path) {
    return FilePath.of(path.toString().getBytes(StandardCharsets.UTF_8));
  }
}
