package org.deferredsync.plugin.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.deferredsync.backup.EngineFixture;
import org.deferredsync.backup.Guard;
import org.deferredsync.backup.PointInTime;
import org.deferredsync.backup.Restorer;
import org.deferredsync.backup.TargetReader;
import org.deferredsync.backup.TreeText;
import org.deferredsync.config.KnownSettings;
import org.deferredsync.logging.LogCapture;
import org.deferredsync.plugin.PluginContexts;
import org.deferredsync.plugin.PluginOutcome;
import org.deferredsync.plugin.PluginRunner;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.process.Command;
import org.deferredsync.process.CommandRunner;
import org.deferredsync.process.SystemCommandRunner;
import org.deferredsync.remote.LocalSshd;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/** A target pushed to a real sshd by the real rsync, and what can be restored from its copy. */
@EnabledOnOs(OS.LINUX)
final class BackupToRemoteIT {
  private static final CommandRunner SYSTEM = new SystemCommandRunner(System.getenv());

  @TempDir private Path scratch;
  private LocalSshd sshd;
  private EngineFixture local;
  private Path there;
  private Path copy;
  private List<String> said = List.of();
  private int restored;
  private final List<Map<String, String>> model = new ArrayList<>();
  private final Map<String, String> settings = new TreeMap<>();

  @BeforeEach
  void start() throws Exception {
    sshd = LocalSshd.start(scratch.resolve("sshd"));
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
    Files.createLink(path("d1/linked"), path("d0/f0"));
    Files.createSymbolicLink(path("d1/symbolic"), Path.of("f1"));
  }

  @AfterEach
  void end() throws Exception {
    sshd.close();
    Path registry = Path.of("/var/lib/deferred-sync/targets");
    if (Files.isDirectory(registry)) {
      try (Stream<Path> entries = Files.list(registry)) {
        for (Path entry : entries.toList()) {
          if (Files.readString(entry).contains("\n" + scratch)) {
            Files.delete(entry);
          }
        }
      }
    }
  }

  private Path path(String name) {
    return local.source.resolve(name);
  }

  private void write(String name, String text) throws IOException {
    Files.createDirectories(path(name).getParent());
    Files.writeString(path(name), text);
  }

  private void backUp() throws Exception {
    local.run();
    model.add(TreeText.of(local.source));
  }

  private ReturnCode push() throws Exception {
    return push(SYSTEM);
  }

  private ReturnCode push(CommandRunner commands) throws Exception {
    try (LogCapture log = new LogCapture("backup_to_remote")) {
      PluginOutcome outcome =
          new PluginRunner(Duration.ofMinutes(2))
              .run(
                  new BackupToRemote(),
                  PluginContexts.context(
                      scratch, log.logger(), commands, PluginContexts.settings(settings), false));
      said = List.copyOf(log.lines());
      return outcome.code();
    }
  }

  private void assertPushes() throws Exception {
    assertThat(push()).as("%s", said).isEqualTo(ReturnCode.SUCCESS);
  }

  /** Each snapshot up to that one, from the copy alone, by a host that never saw the target. */
  private void assertRestores(int snapshots) throws Exception {
    for (int id = 1; id <= snapshots; id++) {
      assertRestoresOne(id);
    }
  }

  private void assertRestoresOne(int id) throws Exception {
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
  private void assertSame() throws Exception {
    Map<String, String> expected = tree(local.target);
    Map<String, String> found = tree(copy);
    Map<String, String> common = new TreeMap<>(expected);
    common.entrySet().retainAll(found.entrySet());
    expected.entrySet().removeAll(common.entrySet());
    found.entrySet().removeAll(common.entrySet());
    assertThat(found).isEqualTo(expected); // says what differs alone
  }

  private static Map<String, String> tree(Path top) throws IOException {
    Map<String, String> tree = TreeText.of(top);
    tree.keySet().removeIf(name -> name.startsWith(".deferred-sync") || name.equals("."));
    return tree;
  }

  private long sent() {
    String line = said.get(said.size() - 1);
    return Long.parseLong(line.replaceAll(".*: ([0-9]+) files pushed, .*", "$1"));
  }

  /** Everything that can happen to a source, differently each time. */
  private void change(int step) throws Exception {
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

  @Test
  void push_makesACopyThatRestores_andThenSendsOnlyWhatChanged() throws Exception {
    backUp();
    assertPushes();
    assertSame();
    assertRestores(1);
    assertThat(said.get(said.size() - 1)).contains("everything was compared");
    assertThat(Files.getPosixFilePermissions(copy))
        .isEqualTo(PosixFilePermissions.fromString("rwx------"));

    for (int step = 1; step <= 4; step++) {
      change(step);
      backUp();
      assertPushes();
      assertSame();
      assertThat(said.get(said.size() - 1)).doesNotContain("everything was compared");
      assertThat(sent()).as("%s", said).isBetween(1L, 40L);
    }
    assertRestores(5);

    backUp();
    assertPushes();
    assertSame();
    assertRestores(6);
    try (Stream<Path> own = Files.list(copy.resolve(".deferred-sync"))) {
      assertThat(own.map(path -> path.getFileName().toString()))
          .contains("catalogue.db", "pushed", "lock", "target-id", "generation")
          .doesNotContain("staging", "reserve");
    }
  }

  /** Runs commands until one of them is to die: at once, or after some milliseconds. */
  private static CommandRunner dying(int command, int milliseconds) {
    AtomicInteger number = new AtomicInteger();
    return (asked, output, errors) -> {
      boolean rsync = asked.program().equals("rsync");
      if (!rsync || number.incrementAndGet() < command) {
        return SYSTEM.run(asked, output, errors);
      }
      if (milliseconds == 0 || number.get() > command) {
        throw new InterruptedException();
      }
      Command cut = asked.within(Duration.ofMillis(milliseconds));
      SYSTEM.run(cut, output, errors);
      throw new InterruptedException();
    };
  }

  @Test
  void push_cutShortAnywhere_leavesWhatWasPushed_andGoesOn() throws Exception {
    long seed = Long.getLong("push.seed", System.nanoTime());
    System.out.println("push.seed=" + seed);
    Random random = new Random(seed);
    backUp();
    assertThat(push(dying(3, 30))).isEqualTo(ReturnCode.FAILURE);
    assertPushes();
    assertSame();
    int pushed = 1;
    int cuts = Integer.getInteger("push.cuts", 8);
    for (int step = 1; step <= cuts; step++) {
      change(step);
      backUp();
      int command = 1 + random.nextInt(7);
      ReturnCode code = push(dying(command, random.nextInt(4) * 40));
      if (code == ReturnCode.SUCCESS) {
        pushed = model.size();
      }
      assertRestoresOne(pushed);
      assertRestoresOne(1 + random.nextInt(pushed));
    }
    assertPushes();
    assertSame();
    assertRestores(model.size());
  }

  /** Incompressible bytes, the same for the same seed. */
  private void writeNoise(String name, int bytes) throws IOException {
    byte[] noise = new byte[bytes];
    new Random(bytes).nextBytes(noise);
    Files.write(path(name), noise);
  }

  /** A push in another thread, while it is under way. */
  private Future<ReturnCode> pushing(ExecutorService threads) {
    settings.put("SSH_TIMEOUT", "2s");
    settings.put("BWLIMIT", "300");
    return threads.submit(() -> push());
  }

  private void afterwards() throws Exception {
    settings.put("SSH_TIMEOUT", "20s");
    settings.put("BWLIMIT", "");
    assertRestores(1);
    assertPushes();
    assertSame();
    assertRestores(2);
  }

  @Test
  void push_toAHostThatFallsSilent_orCutsTheConnection() throws Exception {
    backUp();
    assertPushes();
    writeNoise("d0/noise", 4_000_000);
    backUp();
    ExecutorService threads = Executors.newSingleThreadExecutor();
    try {
      Future<ReturnCode> silent = pushing(threads);
      List<ProcessHandle> sessions = sshd.receiving();
      for (ProcessHandle one : sessions) {
        new ProcessBuilder("kill", "-STOP", Long.toString(one.pid())).start().waitFor();
      }
      assertThat(silent.get()).as("%s", said).isEqualTo(ReturnCode.NETWORK);
      assertThat(said).anyMatch(line -> line.startsWith("WARN") && line.contains("connection"));
      sessions.forEach(ProcessHandle::destroyForcibly);

      Future<ReturnCode> cut = pushing(threads);
      sshd.receiving().forEach(ProcessHandle::destroyForcibly);
      assertThat(cut.get()).as("%s", said).isEqualTo(ReturnCode.NETWORK);
    } finally {
      threads.shutdownNow();
    }
    afterwards();
  }

  @Test
  void push_toAFullDisk() throws Exception {
    assumeTrue(System.getProperty("user.name").equals("root"), "mounting needs root");
    backUp();
    Path small = Files.createDirectories(scratch.resolve("small"));
    sshd.restart(
        List.of(
            "unshare",
            "--mount",
            "sh",
            "-c",
            "mount -t tmpfs -o size=9m none \"$1\" && shift && exec \"$@\"",
            "sh",
            small.toString()));
    settings.put("REMOTE_DIR", small.toString());
    copy = Path.of("/proc/" + sshd.pid() + "/root" + small + "/target");
    assertPushes();
    writeNoise("d0/noise", 16_000_000);
    backUp();
    assertThat(push()).isEqualTo(ReturnCode.FAILURE);
    assertThat(said)
        .filteredOn(line -> line.startsWith("WARN"))
        .singleElement()
        .asString()
        .contains("the disk is full", "make room");
    Path fetched = scratch.resolve("fetched");
    new ProcessBuilder("cp", "-a", copy.toString(), fetched.toString()).start().waitFor();
    copy = fetched;
    assertRestores(1);

    settings.put("REMOTE_DIR", small + "/another");
    assertThat(push()).isEqualTo(ReturnCode.FAILURE);
    assertThat(said.get(said.size() - 1)).contains("free, and the target is", "make room there");
  }

  @Test
  void push_deletesNothing_afterABackupThatWasNotComplete() throws Exception {
    Path other = Files.createDirectories(scratch.resolve("local/other"));
    for (int i = 0; i < 10; i++) {
      Files.writeString(other.resolve("g" + i), "other " + i);
    }
    local.run(local.source, other);
    assertPushes();
    local.with(new Guard(30, 5));
    for (int i = 0; i < 9; i++) {
      Files.delete(other.resolve("g" + i));
    }
    Files.delete(path("d0/f4"));
    write("d0/late", "late");
    local.run(local.source, other);
    Path mirror = copy.resolve(local.source.toString().substring(1));
    assertPushes();
    assertThat(said).anyMatch(line -> line.contains("The last backup is not complete"));
    assertThat(mirror.resolve("d0/late")).exists();
    assertThat(mirror.resolve("d0/f4")).as("not deleted yet").exists();
    local.with(new Guard(100, 5));
    local.run(local.source, other);
    assertPushes();
    assertThat(mirror.resolve("d0/f4")).doesNotExist();
    assertSame();
  }

  @Test
  void copy_isRefused_ifItIsNotOurs() throws Exception {
    backUp();
    Files.createDirectories(copy);
    Files.writeString(copy.resolve("precious"), "precious");
    assertThat(push()).isEqualTo(ReturnCode.PREREQUISITE);
    assertThat(said).singleElement().asString().contains("holds precious", "move it away");
    Files.delete(copy.resolve("precious"));
    assertPushes();
    Path marker = copy.resolve(".deferred-sync/pushed");
    String text = Files.readString(marker);
    Files.writeString(marker, text.replaceFirst("target [0-9a-f]", "target x"));
    assertThat(push()).isEqualTo(ReturnCode.PREREQUISITE);
    assertThat(said).singleElement().asString().contains("copy of another target");
    Files.writeString(marker, text.replaceFirst("generation .*", "generation 999"));
    assertThat(push()).isEqualTo(ReturnCode.PREREQUISITE);
    assertThat(said).singleElement().asString().contains("is newer than the target here");
    Files.writeString(marker, "nonsense");
    assertThat(push()).isEqualTo(ReturnCode.FAILURE);
  }

  @Test
  void copy_isComparedByContents_ifTheJournalDoesNotReachBack() throws Exception {
    backUp();
    assertPushes();
    Path file = copy.resolve(path("d0/f8").toString().substring(1));
    FileTime time = Files.getLastModifiedTime(file);
    Files.writeString(file, "CONTENT 8");
    Files.setLastModifiedTime(file, time);
    Files.writeString(copy.resolve("stray"), "stray");
    Path marker = copy.resolve(".deferred-sync/pushed");
    Files.writeString(marker, Files.readString(marker).replaceFirst("journal .*", "journal 00"));
    assertPushes();
    assertSame();
    assertRestores(1);
  }

  @Test
  void directory_isMade_butNotTheOneAbove() throws Exception {
    backUp();
    settings.put("REMOTE_DIR", there + "/no/host");
    assertThat(push()).isEqualTo(ReturnCode.PREREQUISITE);
    assertThat(said.get(said.size() - 1))
        .contains("cannot be made, since " + there + "/no is not there; make that.");
    assertThat(there).isEmptyDirectory();
  }

  @Test
  void target_isRefused_ifThereIsNone() throws Exception {
    assertThat(push()).isEqualTo(ReturnCode.PREREQUISITE);
    assertThat(said).singleElement().asString().contains("no target yet");
    assertThat(local.target).isEmptyDirectory();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "REMOTE_HOSTS | remote_server_name_or_IP | is the example's",
        "REMOTE_HOSTS | -oProxyCommand=id | is refused",
        "REMOTE_HOSTS | $(id) | is refused",
        "REMOTE_HOSTS | a b a | names a host twice",
        "BACKUPUSER | root;id | is refused",
        "REMOTE_DIR | relative | is refused",
        "REMOTE_DIR | '/a b' | is refused",
        "REMOTE_DIR | '' | is empty",
        "PUSH_PARALLEL | 0 | is not a whole number",
        "PUSH_FULL_DAYS | never | is not a whole number"
      })
  void settings_areRefusedBeforeAnyConnection(String key, String value, String reason)
      throws Exception {
    backUp();
    settings.put(key, value);
    assertThat(push()).isEqualTo(ReturnCode.PREREQUISITE);
    assertThat(said).singleElement().asString().startsWith("WARN").contains(key, reason);
    assertThat(sshd.log()).doesNotContain("Accepted");
  }
}
