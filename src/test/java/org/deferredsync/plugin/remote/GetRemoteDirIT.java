package org.deferredsync.plugin.remote;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.deferredsync.backup.TreeText;
import org.deferredsync.config.KnownSettings;
import org.deferredsync.logging.LogCapture;
import org.deferredsync.plugin.PluginContexts;
import org.deferredsync.plugin.PluginOutcome;
import org.deferredsync.plugin.PluginRunner;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.process.CommandResult;
import org.deferredsync.process.CommandRunner;
import org.deferredsync.process.Ending;
import org.deferredsync.process.SystemCommandRunner;
import org.deferredsync.remote.LocalSshd;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Directories fetched from a real sshd by the real rsync. */
@EnabledOnOs(OS.LINUX)
final class GetRemoteDirIT {
  @TempDir private Path scratch;
  private LocalSshd sshd;
  private Path there;
  private Path here;
  private List<String> said = List.of();
  private CommandRunner commands = new SystemCommandRunner(System.getenv());
  private final Map<String, String> settings = new TreeMap<>();

  @BeforeEach
  void start() throws Exception {
    sshd = LocalSshd.start(scratch.resolve("sshd"));
    there = Files.createDirectories(scratch.resolve("there"));
    here = Files.createDirectories(scratch.resolve("here"));
    KnownSettings.all().forEach(known -> settings.put(known.key(), known.standard()));
    settings.put("GET_HOSTS", sshd.entry());
    settings.put("GET_REMOTE_DIRS", there + "/data");
    settings.put("GET_TARGET_DIR", here.toString());
    settings.put("SSH_IDENTITY", sshd.identity().toString());
    settings.put("SSH_KNOWN_HOSTS", sshd.knownHosts().toString());
    tree("data", 10);
  }

  @AfterEach
  void end() throws Exception {
    sshd.close();
  }

  private void tree(String name, int files) throws Exception {
    Path directory = Files.createDirectories(there.resolve(name).resolve("sub"));
    for (int i = 0; i < files; i++) {
      Files.writeString(directory.resolve("f" + i), name + i);
    }
    Files.createLink(directory.resolve("linked"), directory.resolve("f0"));
    Files.createSymbolicLink(directory.resolve("symbolic"), Path.of("f1"));
  }

  private ReturnCode run(boolean dry) throws Exception {
    try (LogCapture log = new LogCapture("get_remote_dir")) {
      PluginOutcome outcome =
          new PluginRunner(Duration.ofMinutes(1))
              .run(
                  new GetRemoteDir(),
                  PluginContexts.context(
                      scratch, log.logger(), commands, PluginContexts.settings(settings), dry));
      said = List.copyOf(log.lines());
      return outcome.code();
    }
  }

  private void assertRuns() throws Exception {
    assertThat(run(false)).as("%s", said).isEqualTo(ReturnCode.SUCCESS);
  }

  private Path landed(String name) {
    return here.resolve("127.0.0.1").resolve(name);
  }

  private void assertSame(String name) throws Exception {
    assertThat(TreeText.of(landed(name))).isEqualTo(TreeText.of(there.resolve(name)));
  }

  @Test
  void fetches_addsChangesAndDeletes() throws Exception {
    assertRuns();
    assertSame("data");
    assertThat(Files.getPosixFilePermissions(here.resolve("127.0.0.1")))
        .isEqualTo(PosixFilePermissions.fromString("rwx------"));

    Files.delete(there.resolve("data/sub/f3"));
    Files.createDirectories(there.resolve("data/deep/er"));
    Files.writeString(there.resolve("data/deep/er/new"), "new");
    assertThat(run(true)).isEqualTo(ReturnCode.SUCCESS);
    assertThat(landed("data/sub/f3")).exists();
    assertThat(landed("data/deep")).doesNotExist();
    assertRuns();
    assertSame("data");
    assertThat(said).anyMatch(line -> line.contains(": 1 of ") && line.contains(" 1 deleted"));

    Files.delete(there.resolve("data/deep/er/new"));
    Files.delete(there.resolve("data/deep/er"));
    Files.delete(there.resolve("data/deep"));
    assertRuns();
    assertSame("data");
  }

  @Test
  void severalAtOnce_keepTheirLinesApart() throws Exception {
    tree("mail", 5);
    settings.put("GET_REMOTE_DIRS", there + "/data " + there + "/none " + there + "/mail");
    assertThat(run(false)).isEqualTo(ReturnCode.FAILURE);
    assertThat(said)
        .filteredOn(line -> line.startsWith("WARN"))
        .singleElement()
        .asString()
        .contains("there is no directory " + there + "/none");
    assertSame("data");
    assertSame("mail");
    new ProcessBuilder("rm", "-r", here + "/127.0.0.1").start().waitFor();

    settings.put("GET_REMOTE_DIRS", there + "/data " + there + "/mail");
    settings.put("GET_HOSTS", "root@no-such-host.invalid " + sshd.entry());
    assertThat(run(false)).as("one failing never stops the others").isEqualTo(ReturnCode.NETWORK);
    assertSame("data");
    assertSame("mail");
    assertThat(here.resolve("no-such-host.invalid")).doesNotExist();
    assertThat(said)
        .filteredOn(line -> line.startsWith("INFO"))
        .allMatch(line -> line.contains(sshd.entry() + " " + there))
        .hasSize(2);
  }

  @Test
  void history_keepsWhatARunDisplaces_untilItExpires() throws Exception {
    settings.put("GET_HISTORY", "true");
    assertRuns();
    Files.writeString(there.resolve("data/sub/f1"), "another text");
    Files.delete(there.resolve("data/sub/f2"));
    Path old = Files.createDirectories(here.resolve("127.0.0.1/_backup_20200101T000000Z/data"));
    Path notOurs = Files.createDirectories(here.resolve("127.0.0.1/_backup_20200101"));
    assertRuns();
    assertSame("data");
    assertThat(old).doesNotExist();
    assertThat(notOurs).exists();
    try (var names = Files.list(here.resolve("127.0.0.1"))) {
      List<Path> kept =
          names.filter(name -> name.getFileName().toString().matches("_backup_.*Z")).toList();
      assertThat(kept).as("the first run displaced nothing").hasSize(1);
      Path history = kept.get(0);
      assertThat(history.resolve("data/sub/f1")).hasContent("data1");
      assertThat(history.resolve("data/sub/f2")).hasContent("data2");
    }
  }

  @Test
  void history_thatCannotBeDeleted_isAFailure() throws Exception {
    settings.put("GET_HISTORY", "true");
    assertRuns();
    Path old = Files.createDirectories(here.resolve("127.0.0.1/_backup_20200101T000000Z"));
    CommandRunner system = commands;
    commands =
        (command, output, errors) -> {
          if (!command.program().equals("rm")) {
            return system.run(command, output, errors);
          }
          errors.accept("rm: cannot remove '" + old + "': Operation not permitted");
          return new CommandResult(new Ending.Exited(1), List.of(), Duration.ZERO);
        };
    assertThat(run(false)).isEqualTo(ReturnCode.FAILURE);
    assertThat(said)
        .anyMatch(line -> line.startsWith("WARN") && line.contains(old + " is older than 15 days"))
        .noneMatch(line -> line.contains("has been deleted"));
  }

  @Test
  void guard_keepsWhatIsHere_whenMostIsGoneThere() throws Exception {
    settings.put("GUARD_MIN", "5");
    assertRuns();
    for (int i = 0; i < 9; i++) {
      Files.delete(there.resolve("data/sub/f" + i));
    }
    Files.writeString(there.resolve("data/new"), "new");
    assertThat(run(false)).isEqualTo(ReturnCode.FAILURE);
    assertThat(said)
        .filteredOn(line -> line.startsWith("WARN"))
        .singleElement()
        .asString()
        .contains("9 of 15 entries are gone there (GUARD_PERCENT is 30)");
    assertThat(landed("data/sub/f1")).exists();
    assertThat(landed("data/new")).as("what is new comes").exists();
    settings.put("GUARD_PERCENT", "100");
    assertRuns();
    assertSame("data");
  }

  @Test
  void guard_holdsWhatIsSuddenlyEmpty_howeverSmall() throws Exception {
    assertRuns();
    new ProcessBuilder("rm", "-r", there + "/data/sub").start().waitFor();
    assertThat(run(false)).isEqualTo(ReturnCode.FAILURE);
    assertThat(landed("data/sub/f1")).exists();
  }

  @Test
  void hostileHost_getsNothingOutside() throws Exception {
    assertRuns();
    Path outside = Files.createDirectories(scratch.resolve("outside"));
    Files.writeString(outside.resolve("f1"), "precious");
    // Where a directory was there is now a link that leads out, with the same names behind it.
    new ProcessBuilder("rm", "-r", there + "/data/sub").start().waitFor();
    Files.createSymbolicLink(there.resolve("data/sub"), outside);
    new ProcessBuilder("mkfifo", there + "/data/pipe").start().waitFor();
    settings.put("GUARD_PERCENT", "100");
    assertRuns();
    assertThat(Files.isSymbolicLink(landed("data/sub"))).isTrue();
    assertThat(landed("data/pipe").toFile()).doesNotExist();
    Files.delete(there.resolve("data/sub"));
    tree("data", 10);
    assertRuns();
    assertThat(Files.isDirectory(landed("data/sub"), LinkOption.NOFOLLOW_LINKS)).isTrue();
    assertThat(outside.resolve("f1")).hasContent("precious");
    assertThat(outside.resolve("f2")).doesNotExist();
  }

  /** A rsync there that sends something else than it was asked for. */
  @ParameterizedTest
  @ValueSource(strings = {"mail", "../../outside", "/"})
  void hostileHost_sendsWhatNobodyAskedFor(String instead) throws Exception {
    tree("mail", 3);
    Path outside = Files.createDirectories(scratch.resolve("outside"));
    Files.writeString(outside.resolve("precious"), "precious");
    settings.put("GET_REMOTE_DIRS", there + "/mail " + there + "/data");
    assertRuns();
    Files.writeString(there.resolve("mail/sub/f1"), "planted");
    settings.put("GET_REMOTE_DIRS", there + "/data");
    Path bin = Files.createDirectories(scratch.resolve("bin"));
    Path program =
        Files.writeString(
            bin.resolve("rsync"),
            """
            #!/bin/sh
            case $1 in --server) ;; *) exec /usr/bin/rsync "$@" ;; esac
            for last; do :; done
            cd %s && options="${*%% "$last"}"
            exec /usr/bin/rsync $options %s
            """
                .formatted(
                    there + "/data/sub", instead.equals("mail") ? there + "/mail" : instead));
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    Map<String, String> before = TreeText.of(landed("mail"));
    sshd.restart(List.of(), "SetEnv PATH=" + bin + ":/usr/bin:/bin");
    assertThat(run(false)).isNotEqualTo(ReturnCode.SUCCESS);
    assertThat(TreeText.of(landed("mail"))).isEqualTo(before);
    assertThat(outside.resolve("precious")).hasContent("precious");
    try (var names = Files.list(here.resolve("127.0.0.1"))) {
      assertThat(names.map(name -> name.getFileName().toString()))
          .containsExactlyInAnyOrder("data", "mail");
    }
  }

  @Test
  void whereItLands_isRefused_ifItIsNoDirectory_andOtherHostsGoOn() throws Exception {
    Path outside = Files.createDirectories(scratch.resolve("outside"));
    Files.createSymbolicLink(here.resolve("127.0.0.1"), outside);
    Path config =
        Files.writeString(
            scratch.resolve("config"),
            "Host other\nHostName 127.0.0.1\nHostKeyAlias [127.0.0.1]:%d\nPort %d\n"
                .formatted(sshd.port(), sshd.port()));
    settings.put("SSH_CONFIG", config.toString());
    settings.put("GET_HOSTS", sshd.entry() + " other");
    assertThat(run(false)).isEqualTo(ReturnCode.PREREQUISITE);
    assertThat(outside).isEmptyDirectory();
    assertThat(TreeText.of(here.resolve("other/data")))
        .isEqualTo(TreeText.of(there.resolve("data")));
  }
}
