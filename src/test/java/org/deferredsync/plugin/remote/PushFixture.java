package org.deferredsync.plugin.remote;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.deferredsync.backup.EngineFixture;
import org.deferredsync.backup.PointInTime;
import org.deferredsync.backup.Restorer;
import org.deferredsync.backup.TargetReader;
import org.deferredsync.backup.TreeText;
import org.deferredsync.backup.Verifier;
import org.deferredsync.config.KnownSettings;
import org.deferredsync.logging.LogCapture;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.plugin.PluginContexts;
import org.deferredsync.plugin.PluginOutcome;
import org.deferredsync.plugin.PluginRunner;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.process.CommandRunner;
import org.deferredsync.process.SystemCommandRunner;
import org.deferredsync.remote.LocalSshd;
import org.slf4j.LoggerFactory;

/** A source, its target, and a host to push to: a real sshd with the real rsync. */
final class PushFixture implements AutoCloseable {
  static final CommandRunner SYSTEM = new SystemCommandRunner(System.getenv());

  final Path scratch;
  final LocalSshd sshd;
  final EngineFixture local;

  /** Above REMOTE_DIR, there. */
  final Path there;

  /** Where the copy is found. */
  Path copy;

  /** What the last push said. */
  List<String> said = List.of();

  final Map<String, String> settings = new TreeMap<>();

  /** What ran before the push in the same job. */
  List<PluginOutcome> earlier = List.of();

  private final List<Map<String, String>> model = new ArrayList<>();
  private int restored;

  PushFixture(Path scratch, LocalSshd sshd) throws IOException {
    this.scratch = scratch;
    this.sshd = sshd;
    local = new EngineFixture(Files.createDirectories(scratch.resolve("local")));
    there = Files.createDirectories(scratch.resolve("remote"));
    copy = there.resolve("host/target");
    KnownSettings.all().forEach(known -> settings.put(known.key(), known.standard()));
    settings.put("BACKUPTO", local.target.toString());
    settings.put("REMOTE_HOSTS", sshd.entry());
    settings.put("REMOTE_DIR", there + "/host");
    settings.put("SSH_IDENTITY", sshd.identity().toString());
    settings.put("SSH_KNOWN_HOSTS", sshd.knownHosts().toString());
    for (int i = 0; i < 20; i++) {
      write("d" + i % 4 + "/f" + i, "content " + i);
    }
    write("d0/large", "x".repeat(3_000_000));
    write("d1/ two\nlines; $(id) [*]", "a name that a shell would read");
    write("d1/-rf", "a name that is no option");
    write("#d/;f", "names that are no comments");
    Files.createLink(path("d1/linked"), path("d0/f0"));
    Files.createSymbolicLink(path("d1/symbolic"), Path.of("f1"));
  }

  @Override
  public void close() throws IOException {
    Path registry = Path.of("/var/lib/deferred-sync/targets");
    if (Files.isDirectory(registry)) {
      try (Stream<Path> entries = Files.list(registry)) {
        for (Path entry : entries.toList()) {
          try {
            if (Files.readString(entry).contains("\n" + scratch)) {
              Files.delete(entry);
            }
          } catch (NoSuchFileException e) {
            // that of another test, which runs at the same time
          }
        }
      }
    }
  }

  Path path(String name) {
    return local.source.resolve(name);
  }

  void write(String name, String text) throws IOException {
    Files.createDirectories(path(name).getParent());
    Files.writeString(path(name), text);
  }

  /** Everything that can happen to a source, differently each time. */
  void change(int step) throws Exception {
    write("new" + step + "/a", "new " + step);
    write("new" + step + "/deep/b", "deep " + step);
    write("d0/f4", "changed in step " + step);
    FileTime time = Files.getLastModifiedTime(path("d1/f5"));
    Files.writeString(path("d1/f5"), String.format(Locale.ROOT, "CONTENT %03d", step));
    Files.setLastModifiedTime(path("d1/f5"), time);
    Files.setPosixFilePermissions(
        path("d3/f3"), PosixFilePermissions.fromString(step % 2 == 0 ? "rw-------" : "rwxr-x---"));
    Files.createLink(path("d3/link" + step), path("d3/f7"));
    Files.move(path("d0/large"), path("d0/moving"));
    Files.move(path("d0/moving"), path(step % 2 == 0 ? "d0/large2" : "d0/large"));
    if (step % 2 == 0) {
      Files.move(path("d0/large2"), path("d0/large"));
    }
    if (step > 1) {
      Files.deleteIfExists(path("new" + (step - 1) + "/deep/b"));
      Files.deleteIfExists(path("new" + (step - 1) + "/deep"));
    }
    if (step % 3 == 0) {
      Files.deleteIfExists(path("kind/inner"));
      Files.deleteIfExists(path("kind"));
      write("kind", "a file");
    } else {
      if (Files.isRegularFile(path("kind"), LinkOption.NOFOLLOW_LINKS)) {
        Files.delete(path("kind"));
      }
      write("kind/inner", "in a directory");
    }
    Files.deleteIfExists(path("d2/f" + (2 + 4 * (step % 5))));
    Files.writeString(path("d2/f" + (2 + 4 * ((step + 1) % 5))), "back " + step);
  }

  void backUp() throws Exception {
    local.run();
    model.add(TreeText.of(local.source));
  }

  /** How many snapshots there are. */
  int snapshots() {
    return model.size();
  }

  ReturnCode push() throws Exception {
    return push(SYSTEM);
  }

  ReturnCode push(CommandRunner commands) throws Exception {
    return run(commands, false);
  }

  ReturnCode preview() throws Exception {
    return run(SYSTEM, true);
  }

  private ReturnCode run(CommandRunner commands, boolean dryRun) throws Exception {
    try (LogCapture log = new LogCapture("backup_to_remote")) {
      PluginContext context =
          PluginContexts.context(
                  scratch, log.logger(), commands, PluginContexts.settings(settings), dryRun)
              .with(log.logger(), earlier);
      PluginOutcome outcome =
          new PluginRunner(Duration.ofMinutes(2)).run(new BackupToRemote(), context);
      said = List.copyOf(log.lines());
      return outcome.code();
    }
  }

  /** The last line that it said. */
  String last() {
    return said.get(said.size() - 1);
  }

  void assertPushes() throws Exception {
    assertThat(push()).as("%s", said).isEqualTo(ReturnCode.SUCCESS);
  }

  /** Lets the copy believe that everything was compared so long ago. */
  void comparedLast(Duration ago) throws IOException {
    Path marker = copy.resolve(".deferred-sync/pushed");
    long then = Instant.now().minus(ago).getEpochSecond();
    Files.writeString(
        marker, Files.readString(marker).replaceFirst("compared .*", "compared " + then));
  }

  /** Each snapshot up to that one, from the copy alone, by a host that never saw the target. */
  void assertRestores(int snapshots) throws Exception {
    for (int id = 1; id <= snapshots; id++) {
      assertRestoresOne(id);
    }
  }

  void assertRestoresOne(int id) throws Exception {
    EngineFixture other = new EngineFixture(scratch.resolve("other"));
    Path to = scratch.resolve("restored" + restored++);
    try (TargetReader reader = TargetReader.open(other.engine(), EngineFixture.filePath(copy))) {
      Restorer.Result result =
          new Restorer(
                  reader
                      .snapshots()
                      .at(
                          PointInTime.parse(Integer.toString(id)),
                          Clock.systemUTC().instant(),
                          ZoneOffset.UTC),
                  Clock.systemUTC(),
                  LoggerFactory.getLogger("restore"))
              .restore(List.of(EngineFixture.filePath(local.source)), EngineFixture.filePath(to));
      assertThat(result.failed()).isZero();
    }
    assertThat(TreeText.of(to.resolve("source"))).as("snapshot " + id).isEqualTo(model.get(id - 1));
  }

  /** Mirror and increments there are the ones here. */
  void assertSame() throws Exception {
    Map<String, String> expected = tree(local.target);
    Map<String, String> found = tree(copy);
    Map<String, String> common = new TreeMap<>(expected);
    common.entrySet().retainAll(found.entrySet());
    expected.entrySet().removeAll(common.entrySet());
    found.entrySet().removeAll(common.entrySet());
    assertThat(found).isEqualTo(expected); // says what differs alone
  }

  static Map<String, String> tree(Path top) throws IOException {
    Map<String, String> tree = TreeText.of(top);
    tree.keySet().removeIf(name -> name.startsWith(".deferred-sync") || name.equals("."));
    return tree;
  }

  /** A host that never saw the target finds nothing wrong with the copy. */
  void assertVerifies() throws Exception {
    EngineFixture other = new EngineFixture(scratch.resolve("other"));
    try (TargetReader reader = TargetReader.open(other.engine(), EngineFixture.filePath(copy));
        LogCapture log = new LogCapture("verify")) {
      Verifier.Result result = new Verifier(reader, Clock.systemUTC(), log.logger()).verify();
      assertThat(log.lines()).noneMatch(line -> !line.startsWith("INFO"));
      assertThat(result.good()).isTrue();
      assertThat(result.unknown()).isZero();
      assertThat(result.contents()).isPositive();
    }
  }

  /** The copy's file of a name in the source. */
  Path copied(String name) {
    return copy.resolve(path(name).toString().substring(1));
  }

  /** Incompressible bytes, the same for the same seed. */
  void writeNoise(String name, int bytes) throws IOException {
    byte[] noise = new byte[bytes];
    new Random(bytes).nextBytes(noise);
    Files.write(path(name), noise);
  }
}
