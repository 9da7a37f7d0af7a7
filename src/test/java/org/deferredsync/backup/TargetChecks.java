package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.CommitHook;
import org.deferredsync.catalogue.Expiry.Old;
import org.deferredsync.catalogue.Runs;
import org.deferredsync.fs.LockFile;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.RunSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What must hold of a target whatever happened to it before. */
final class TargetChecks {
  private static final Logger LOG = LoggerFactory.getLogger("checks");
  private static final Set<String> OWN_FILES =
      Set.of(
          "target-id",
          "generation",
          "reserve",
          "reserve.inode",
          "lock",
          "staging",
          "catalogue.db",
          "catalogue.db-wal",
          "catalogue.db-shm",
          "RESTORE.md",
          "manifests");

  /** A damaged catalogue stays until somebody removes it. */
  private static final String KEPT_ASIDE = "catalogue.db.damaged-";

  private TargetChecks() {}

  static TargetReader reader(EngineFixture fixture) throws BackupException, IOException {
    return TargetReader.open(
        fixture.with(Posix.ofSystem()).with(CommitHook.NONE).engine(),
        EngineFixture.filePath(fixture.target));
  }

  /** The tree that a restore of the source at the snapshot gives; every path must come back. */
  static Map<String, String> restored(EngineFixture fixture, long snapshot) throws Exception {
    return restored(fixture, snapshot, fixture.source);
  }

  /** The same of one path. */
  static Map<String, String> restored(EngineFixture fixture, long snapshot, Path path)
      throws Exception {
    Path to = fixture.home.resolve("restored");
    delete(to); // of a check that did not hold
    try (TargetReader reader = reader(fixture)) {
      Restorer.Result result =
          new Restorer(
                  reader
                      .snapshots()
                      .at(
                          PointInTime.parse(Long.toString(snapshot)),
                          Instant.now(),
                          ZoneOffset.UTC),
                  Clock.systemUTC(),
                  LOG)
              .restore(List.of(EngineFixture.filePath(path)), EngineFixture.filePath(to));
      assertThat(result.failed()).as("paths not restored of snapshot %d", snapshot).isZero();
    }
    Map<String, String> text = TreeText.of(to.resolve(path.getFileName()));
    delete(to);
    return text;
  }

  /** The ids of all snapshots that can be restored. */
  static List<Long> snapshots(EngineFixture fixture) throws BackupException, IOException {
    try (TargetReader reader = reader(fixture)) {
      return reader.snapshots().list().stream().map(Run::id).toList();
    }
  }

  /** Whether there is anything of the source in the target. */
  static boolean knows(EngineFixture fixture, Path source) throws BackupException, IOException {
    try (TargetReader reader = reader(fixture)) {
      Runs runs = reader.catalogue().runs();
      FilePath path = EngineFixture.filePath(source);
      return runs.sources().contains(path) || runs.removals().contains(path);
    }
  }

  /** Whether operations are committed that may not have been carried out. */
  static boolean isPending(EngineFixture fixture) throws BackupException, IOException {
    try (TargetReader reader = reader(fixture)) {
      return !reader.catalogue().pending().list().isEmpty();
    }
  }

  static Verifier.Result verify(EngineFixture fixture) throws BackupException, IOException {
    try (TargetReader reader = reader(fixture)) {
      return new Verifier(reader, Clock.systemUTC(), LOG).verify();
    }
  }

  /**
   * After a run that ended well: mirror and source are the same, every version is there, nothing
   * else is, and nobody holds the lock.
   */
  static void sound(EngineFixture fixture) throws BackupException, IOException {
    assertThat(TreeText.of(fixture.mirror(fixture.source)))
        .as("mirror")
        .isEqualTo(TreeText.of(fixture.source));
    verified(fixture, false);
  }

  /** The same, whatever the mirror looks like, and perhaps with files that nobody knows. */
  static void verified(EngineFixture fixture, boolean unknownMayStay)
      throws BackupException, IOException {
    Verifier.Result result = verify(fixture);
    assertThat(result.good()).as("verify: %s", result).isTrue();
    if (!unknownMayStay) {
      assertThat(result.unknown()).as("unknown").isZero();
    }
    undisturbed(fixture);
  }

  /** Nothing is left lying about in our own directory, and nobody holds the lock. */
  static void undisturbed(EngineFixture fixture) throws BackupException, IOException {
    Path own = fixture.target.resolve(Target.OWN);
    assertThat(damage(own)).as("integrity_check").isEmpty();
    assertThat(own.resolve("staging")).isEmptyDirectory();
    try (Stream<Path> names = Files.list(own)) {
      assertThat(
              names
                  .map(name -> name.getFileName().toString())
                  .filter(name -> !name.startsWith(KEPT_ASIDE)))
          .isSubsetOf(OWN_FILES);
    }
    LockFile.Attempt attempt =
        LockFile.tryTake(
            Posix.ofSystem(),
            own.resolve("lock").toString().getBytes(java.nio.charset.StandardCharsets.UTF_8),
            1,
            Instant.EPOCH);
    assertThat(attempt).isInstanceOf(LockFile.Taken.class);
    ((LockFile.Taken) attempt).lock().close();
  }

  /** Past versions that an expired snapshot showed and no kept one does: there is to be none. */
  static List<Old> leftByExpired(EngineFixture fixture) throws IOException {
    Path file = fixture.target.resolve(Target.OWN).resolve(Target.CATALOGUE);
    try (Catalogue catalogue = Catalogue.openReader(file)) {
      List<Run> runs = catalogue.runs().list();
      KeptRuns kept = new KeptRuns(runs);
      return catalogue.expiry().between(0, Long.MAX_VALUE, null, 1_000_000).stream()
          .filter(old -> !kept.shows(old.path(), old.since(), old.until()))
          .filter(
              old ->
                  runs.stream()
                      .filter(run -> run.id() >= old.since() && run.id() < old.until())
                      .flatMap(run -> run.sources().stream())
                      .anyMatch(RunSource::expired))
          .toList();
    }
  }

  private static List<String> damage(Path own) throws IOException {
    try (Catalogue catalogue = Catalogue.openReader(own.resolve(Target.CATALOGUE))) {
      return catalogue.damage();
    }
  }

  static void delete(Path tree) throws IOException {
    List<Path> paths = new ArrayList<>();
    if (Files.exists(tree, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
      try (Stream<Path> all = Files.walk(tree)) {
        all.forEach(paths::add);
      }
    }
    for (int i = paths.size() - 1; i >= 0; i--) {
      Files.delete(paths.get(i));
    }
  }
}
