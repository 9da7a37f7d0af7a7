package org.deferredsync.plugin.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deferredsync.backup.EngineFixture;
import org.deferredsync.backup.Guard;
import org.deferredsync.backup.TreeText;
import org.deferredsync.plugin.PluginOutcome;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.process.Command;
import org.deferredsync.process.CommandResult;
import org.deferredsync.process.CommandRunner;
import org.deferredsync.remote.LocalSshd;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A target pushed to a real sshd by the real rsync, and what can be restored from its copy. */
@EnabledOnOs(OS.LINUX)
final class BackupToRemoteIT {
  @TempDir private static Path shared;
  private static LocalSshd sshd;

  @TempDir private Path scratch;
  private PushFixture push;

  @BeforeAll
  static void start() throws Exception {
    sshd = LocalSshd.start(shared.resolve("sshd"));
  }

  @AfterAll
  static void end() throws Exception {
    sshd.close();
  }

  @BeforeEach
  void make() throws Exception {
    push = new PushFixture(scratch, sshd);
  }

  @AfterEach
  void clear() throws Exception {
    push.close();
  }

  private long sent() {
    return Long.parseLong(push.last().replaceAll(".*: ([0-9]+) files? pushed, .*", "$1"));
  }

  @Test
  void push_makesACopyThatRestores_andThenSendsOnlyWhatChanged() throws Exception {
    push.backUp();
    push.assertPushes();
    push.assertSame();
    push.assertRestores(1);
    assertThat(push.last()).contains("everything was compared");
    assertThat(Files.getPosixFilePermissions(push.copy))
        .isEqualTo(PosixFilePermissions.fromString("rwx------"));

    for (int step = 1; step <= 4; step++) {
      push.change(step);
      push.backUp();
      push.assertPushes();
      push.assertSame();
      assertThat(push.last()).doesNotContain("everything was compared");
      assertThat(sent()).as("%s", push.said).isBetween(1L, 40L);
    }
    push.assertRestores(5);

    push.backUp();
    push.assertPushes();
    push.assertSame();
    push.assertRestores(6);
    push.assertVerifies();
    try (Stream<Path> own = Files.list(push.copy.resolve(".deferred-sync"))) {
      assertThat(own.map(path -> path.getFileName().toString()))
          .contains("catalogue.db", "pushed", "lock", "target-id", "generation")
          .doesNotContain("staging", "reserve", "moved");
    }
  }

  private static int logins() throws IOException {
    return sshd.log().split("Accepted publickey", -1).length - 1;
  }

  /** The processes that keep one; ssh writes over their command lines, which Java then lacks. */
  private List<ProcessHandle> connections() {
    return ProcessHandle.allProcesses()
        .filter(
            one -> {
              try {
                String line = Files.readString(Path.of("/proc/" + one.pid() + "/cmdline"));
                return line.startsWith("ssh") && line.contains(scratch + "/push-");
              } catch (IOException e) {
                return false; // has ended
              }
            })
        .toList();
  }

  @Test
  void push_logsInOnce_andLeavesNoConnection() throws Exception {
    push.backUp();
    push.assertPushes();
    push.change(1);
    push.backUp();
    int before = logins();
    List<String> ran = new ArrayList<>();
    List<ProcessHandle> kept = new ArrayList<>();
    assertThat(
            push.push(
                (asked, output, errors) -> {
                  ran.add(asked.program());
                  kept.addAll(asked.program().equals("rsync") ? connections() : List.of());
                  return PushFixture.SYSTEM.run(asked, output, errors);
                }))
        .as("%s", push.said)
        .isEqualTo(ReturnCode.SUCCESS);
    assertThat(Collections.frequency(ran, "rsync")).isGreaterThan(3);
    assertThat(logins() - before).isEqualTo(1);
    assertThat(kept).isNotEmpty();
    kept.forEach(LocalSshd::ended); // which its end is followed by at once
    assertThat(connections()).isEmpty();
  }

  @Test
  void push_goesOn_whereAConnectionCannotBeShared_orIsLost() throws Exception {
    push.backUp();
    push.assertPushes();
    CommandRunner refused =
        (asked, output, errors) -> {
          List<String> arguments = new ArrayList<>(asked.arguments());
          arguments.replaceAll(one -> one.replace("ControlMaster=auto", "ControlMaster=no"));
          return PushFixture.SYSTEM.run(
              Command.of(arguments).reading(asked.input()).within(asked.timeout()), output, errors);
        };
    push.change(1);
    push.backUp();
    int before = logins();
    assertThat(push.push(refused)).as("%s", push.said).isEqualTo(ReturnCode.SUCCESS);
    assertThat(logins() - before).isGreaterThan(3);
    push.assertSame();

    List<ProcessHandle> killed = new ArrayList<>();
    CommandRunner losing =
        (asked, output, errors) -> {
          CommandResult result = PushFixture.SYSTEM.run(asked, output, errors);
          List<ProcessHandle> lost = connections();
          lost.forEach(ProcessHandle::destroyForcibly);
          lost.forEach(LocalSshd::ended); // or the next one still asks it
          killed.addAll(lost);
          return result;
        };
    push.change(2);
    push.backUp();
    before = logins();
    assertThat(push.push(losing)).as("%s", push.said).isEqualTo(ReturnCode.SUCCESS);
    assertThat(killed).isNotEmpty();
    assertThat(logins() - before).isGreaterThan(3);
    push.assertSame();
    push.assertRestores(3);
  }

  @Test
  void push_deletesNothing_afterABackupThatWasNotComplete() throws Exception {
    Path other = Files.createDirectories(scratch.resolve("local/other"));
    for (int i = 0; i < 10; i++) {
      Files.writeString(other.resolve("g" + i), "other " + i);
    }
    push.local.run(push.local.source, other);
    push.assertPushes();
    push.local.with(new Guard(30, 5));
    for (int i = 0; i < 9; i++) {
      Files.delete(other.resolve("g" + i));
    }
    Files.delete(push.path("d0/f4"));
    push.write("d0/late", "late");
    push.local.run(push.local.source, other);
    Path mirror = push.copy.resolve(push.local.source.toString().substring(1));
    push.assertPushes();
    assertThat(push.said).anyMatch(line -> line.contains("The last backup is not complete"));
    assertThat(mirror.resolve("d0/late")).exists();
    assertThat(mirror.resolve("d0/f4")).as("not deleted yet").exists();
    push.local.with(new Guard(100, 5));
    push.local.run(push.local.source, other);
    push.assertPushes();
    assertThat(mirror.resolve("d0/f4")).doesNotExist();
    push.assertSame();
  }

  @Test
  void copy_isRefused_ifItIsNotOurs() throws Exception {
    push.backUp();
    Files.createDirectories(push.copy);
    Files.writeString(push.copy.resolve("precious"), "precious");
    assertThat(push.push()).isEqualTo(ReturnCode.PREREQUISITE);
    assertThat(push.said).singleElement().asString().contains("holds precious", "move it away");
    Files.delete(push.copy.resolve("precious"));
    push.assertPushes();
    Path marker = push.copy.resolve(".deferred-sync/pushed");
    String text = Files.readString(marker);
    EngineFixture second = new EngineFixture(Files.createDirectories(scratch.resolve("second")));
    second.run();
    push.settings.put("BACKUPTO", second.target.toString());
    assertThat(push.push()).isEqualTo(ReturnCode.PREREQUISITE);
    assertThat(push.said).singleElement().asString().contains("copy of another target");
    assertThat(marker).hasContent(text);
    push.settings.put("BACKUPTO", push.local.target.toString());
    Files.writeString(marker, text.replaceFirst("generation .*", "generation 999"));
    assertThat(push.push()).isEqualTo(ReturnCode.PREREQUISITE);
    assertThat(push.said).singleElement().asString().contains("is newer than the target here");
    Files.writeString(marker, "nonsense");
    assertThat(push.push()).isEqualTo(ReturnCode.FAILURE);
  }

  @Test
  void copy_isComparedByContents_ifTheJournalDoesNotReachBack() throws Exception {
    push.backUp();
    push.assertPushes();
    Path file = push.copy.resolve(push.path("d0/f8").toString().substring(1));
    FileTime time = Files.getLastModifiedTime(file);
    Files.writeString(file, "CONTENT 8");
    Files.setLastModifiedTime(file, time);
    Files.writeString(push.copy.resolve("stray"), "stray");
    Path marker = push.copy.resolve(".deferred-sync/pushed");
    Files.writeString(marker, Files.readString(marker).replaceFirst("journal .*", "journal 00"));
    push.assertPushes();
    push.assertSame();
    push.assertRestores(1);
  }

  @Test
  void directory_isMade_butNotTheOneAbove() throws Exception {
    push.backUp();
    push.settings.put("REMOTE_DIR", push.there + "/no/host");
    assertThat(push.push()).isEqualTo(ReturnCode.PREREQUISITE);
    assertThat(push.last())
        .contains("cannot be made, since " + push.there + "/no is not there; make that.");
    assertThat(push.there).isEmptyDirectory();
  }

  private static Object inode(Path file) throws Exception {
    return Files.getAttribute(file, "unix:ino");
  }

  @Test
  void push_linksWhatMovedOrWasDisplaced() throws Exception {
    push.writeNoise("d0/noise", 2_000_000);
    push.writeNoise("d0/displaced", 1_000_000);
    push.backUp();
    push.assertPushes();
    Object noise = inode(push.copied("d0/noise"));
    Object displaced = inode(push.copied("d0/displaced"));
    Object below = inode(push.copied("d2/f2"));

    Files.move(push.path("d0/noise"), push.path("d1/between"));
    push.write("d0/displaced", "smaller");
    push.backUp();
    Files.createDirectory(push.path("d9"));
    Files.move(push.path("d1/between"), push.path("d9/again"));
    Files.move(push.path("d2"), push.path("d9/deeper"));
    push.backUp();
    // The host has the catalogue's word for what lies under the old name, and is not believed.
    Path old = push.copied("d2/f6");
    FileTime time = Files.getLastModifiedTime(old);
    Files.writeString(old, "CONTENT 6");
    Files.setLastModifiedTime(old, time);
    push.assertPushes();
    push.assertSame();
    assertThat(inode(push.copied("d9/again"))).isEqualTo(noise);
    assertThat(inode(push.copied("d9/deeper/f2"))).isEqualTo(below);
    try (Stream<Path> files = Files.walk(push.copy)) {
      assertThat(files.filter(file -> file.endsWith("d0/displaced")))
          .hasSize(2)
          .anySatisfy(file -> assertThat(inode(file)).isEqualTo(displaced));
    }
    push.assertRestores(3);
    assertThat(push.local.target.resolve(".deferred-sync/moved")).doesNotExist();
  }

  @Test
  void run_dropsTheNamesOfMovedFiles_thatAKilledPushLeft() throws Exception {
    push.backUp();
    push.assertPushes();
    Files.move(push.path("d2"), push.path("d9"));
    push.backUp();
    assertThat(push.push(dying("--no-implied-dirs"))).isEqualTo(ReturnCode.FAILURE);
    Path left = push.local.target.resolve(".deferred-sync/moved");
    Files.createDirectories(left.resolve("0/deep"));
    String inMirror = push.path("d0/f0").toString().substring(1);
    Files.createLink(left.resolve("0/deep/f0"), push.local.target.resolve(inMirror));
    push.backUp();
    assertThat(left).doesNotExist();
    push.assertPushes();
    push.assertSame();
  }

  /** Ends when a command is to be run that has this argument. */
  private static CommandRunner dying(String argument) {
    return (asked, output, errors) -> {
      if (asked.arguments().contains(argument)) {
        throw new InterruptedException();
      }
      return PushFixture.SYSTEM.run(asked, output, errors);
    };
  }

  @Test
  void copy_isCompared_afterSoManyDays() throws Exception {
    push.backUp();
    push.assertPushes();
    Path stray = Files.writeString(push.copy.resolve("stray"), "stray");
    push.settings.put("PUSH_FULL_DAYS", "3");
    push.comparedLast(Duration.ofHours(71));
    push.assertPushes();
    assertThat(push.last()).doesNotContain("compared");
    assertThat(stray).exists();
    push.comparedLast(Duration.ofHours(73));
    push.assertPushes();
    assertThat(push.last()).contains("1 deleted; everything was compared");
    push.assertSame();
  }

  @Test
  void target_thatWasFetchedFromACopy_isPushedAgain() throws Exception {
    push.backUp();
    push.assertPushes();
    Files.writeString(
        push.local.target.resolve(".deferred-sync/pushed"),
        "target other\njournal 00\ngeneration 1\nseq 0\ncompared 0\n");
    push.assertPushes();
    assertThat(push.copy.resolve(".deferred-sync/pushed"))
        .content()
        .as("ours, and not the one that was fetched")
        .doesNotContain("other");
  }

  private static PluginOutcome outcome(ReturnCode code) {
    return new PluginOutcome("incremental_backup", code, Duration.ZERO, "");
  }

  @Test
  void push_deletesNothing_afterABackupThatFailed() throws Exception {
    push.backUp();
    push.assertPushes();
    Files.delete(push.path("d0/f4"));
    push.backUp();
    push.earlier = List.of(outcome(ReturnCode.FAILURE));
    push.assertPushes();
    assertThat(push.copied("d0/f4")).exists();
    push.earlier = List.of(outcome(ReturnCode.SUCCESS));
    push.assertPushes();
    assertThat(push.copied("d0/f4")).doesNotExist();
    push.assertSame();
  }

  @Test
  void dryRun_saysWhatWouldBePushed() throws Exception {
    push.backUp();
    assertThat(push.preview()).isEqualTo(ReturnCode.SUCCESS);
    assertThat(push.last()).containsPattern("would be pushed: 2\\d files of .* 0 deleted");
    assertThat(push.there).isEmptyDirectory();
    push.assertPushes();
    Files.writeString(push.copy.resolve("stray"), "stray");
    var before = TreeText.of(push.copy);
    assertThat(push.preview()).isEqualTo(ReturnCode.SUCCESS);
    assertThat(push.last()).contains("would be pushed: 0 files of 0 bytes, at most 1 deleted");
    assertThat(TreeText.of(push.copy)).isEqualTo(before);
    push.settings.put("REMOTE_DIR", push.there + "/no/host");
    assertThat(push.preview()).isEqualTo(ReturnCode.PREREQUISITE);
  }

  /** Reading a pipe would never end, nor would /dev/zero. */
  @Test
  @Timeout(value = 90, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void copy_isRefused_ifItsMarkerIsNoFile() throws Exception {
    push.backUp();
    push.assertPushes();
    Path marker = push.copy.resolve(".deferred-sync/pushed");
    Files.delete(marker);
    assertThat(new ProcessBuilder("mkfifo", marker.toString()).start().waitFor()).isZero();
    assertThat(push.push()).isEqualTo(ReturnCode.FAILURE);
    assertThat(push.last()).contains("/.deferred-sync/pushed: not ours; move it away.");
    Files.delete(marker);
    Files.createSymbolicLink(marker, Path.of("/etc/hostname"));
    assertThat(push.push()).isEqualTo(ReturnCode.FAILURE);
    assertThat(push.last()).contains("/.deferred-sync/pushed: not ours; move it away.");
    Files.delete(marker);
    Files.write(marker, new byte[] {(byte) 0xff});
    assertThat(push.push()).isEqualTo(ReturnCode.FAILURE);
    assertThat(push.last()).contains("/.deferred-sync/pushed: not ours; move it away.");
  }

  @Test
  void copy_isLeftToWhoBeganItMeanwhile() throws Exception {
    push.backUp();
    Path own = push.copy.resolve(".deferred-sync");
    String others = "target other\njournal 00\ngeneration 1\nseq 0\ncompared 0\n";
    CommandRunner overtaken =
        (asked, output, errors) -> {
          if (asked.arguments().contains("--ignore-existing")) {
            try {
              Files.createDirectories(own);
              Files.writeString(own.resolve("pushed"), others);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }
          return PushFixture.SYSTEM.run(asked, output, errors);
        };
    assertThat(push.push(overtaken)).isEqualTo(ReturnCode.PREREQUISITE);
    assertThat(push.last()).contains("is the copy of another target (other)");
    assertThat(own.resolve("pushed")).hasContent(others);
    assertThat(own.resolve("catalogue.db")).doesNotExist();
  }

  @Test
  void hosts_arePushedToAtOnce_andOneThatFailsStopsNoOther() throws Exception {
    assumeTrue(System.getProperty("user.name").equals("root"), "mounting needs root");
    LocalSshd other = LocalSshd.start(scratch.resolve("sshd"));
    try {
      other.restart(
          List.of(
              "unshare",
              "--mount",
              "sh",
              "-c",
              "mount -t tmpfs none \"$1\" && shift && exec \"$@\"",
              "sh",
              push.there.toString()));
      Files.writeString(
          push.scratch.resolve("known"),
          Files.readString(sshd.knownHosts()) + Files.readString(other.knownHosts()));
      Files.writeString(
          push.scratch.resolve("ssh_config"),
          "Host *\n  IdentityFile %s\n  IdentityFile %s\n  UserKnownHostsFile %s\n"
              .formatted(sshd.identity(), other.identity(), push.scratch.resolve("known")));
      push.settings.put("SSH_IDENTITY", "");
      push.settings.put("SSH_KNOWN_HOSTS", "");
      push.settings.put("SSH_CONFIG", push.scratch.resolve("ssh_config").toString());
      push.settings.put(
          "REMOTE_HOSTS", "root@no-such-host.invalid " + sshd.entry() + " " + other.entry());
      push.settings.put("PUSH_PARALLEL", "3");
      push.backUp();
      assertThat(push.push()).as("%s", push.said).isEqualTo(ReturnCode.NETWORK);
      Files.move(push.path("d2"), push.path("d9"));
      push.backUp();
      assertThat(push.push()).as("%s", push.said).isEqualTo(ReturnCode.NETWORK);
      assertThat(push.said).filteredOn(line -> line.contains(" pushed, ")).hasSize(2);
      assertThat(push.said).filteredOn(line -> line.contains("has no address")).hasSize(1);
      push.assertSame();
      push.copy = Path.of("/proc/" + other.pid() + "/root" + push.copy);
      push.assertSame();
    } finally {
      other.close();
    }
  }

  /** Those of rsync 3.2.0. */
  private static final Set<String> OPTIONS =
      Set.of(
          "--bwlimit",
          "--checksum",
          "--delete",
          "--delete-after",
          "--delete-missing-args",
          "--dirs",
          "--exclude",
          "--existing",
          "--files-from",
          "--filter",
          "--force",
          "--from0",
          "--ignore-existing",
          "--ignore-times",
          "--link-dest",
          "--list-only",
          "--modify-window",
          "--max-size",
          "--no-devices",
          "--no-human-readable",
          "--no-implied-dirs",
          "--no-links",
          "--no-recursive",
          "--no-relative",
          "--no-specials",
          "--numeric-ids",
          "--rsh",
          "--stats",
          "--timeout");

  @Test
  void rsync_isGivenWhatItHasHadForLong_andKeepsEverything() throws Exception {
    List<Command> asked = Collections.synchronizedList(new ArrayList<>());
    CommandRunner recording =
        (command, output, errors) -> {
          asked.add(command);
          return PushFixture.SYSTEM.run(command, output, errors);
        };
    push.settings.put("BWLIMIT", "99m");
    push.backUp();
    assertThat(push.push(recording)).isEqualTo(ReturnCode.SUCCESS);
    push.change(1);
    Files.move(push.path("d2"), push.path("d9"));
    push.backUp();
    assertThat(push.push(recording)).isEqualTo(ReturnCode.SUCCESS);
    List<Command> rsyncs = asked.stream().filter(one -> one.program().equals("rsync")).toList();
    assertThat(rsyncs).hasSizeGreaterThan(8);
    for (Command rsync : rsyncs) {
      assertThat(rsync.arguments()).contains("-aHAXS", "--numeric-ids", "--bwlimit=99m", "--");
      assertThat(
              rsync.arguments().stream()
                  .filter(argument -> argument.startsWith("--") && argument.length() > 2)
                  .map(argument -> argument.replaceFirst("=.*", ""))
                  .collect(Collectors.toSet()))
          .isSubsetOf(OPTIONS);
      assertThat(String.join(" ", rsync.arguments()))
          .contains("BatchMode=yes", "StrictHostKeyChecking=yes")
          .doesNotContain("sh -c", "two");
    }
    assertThat(rsyncs)
        .filteredOn(rsync -> rsync.arguments().stream().anyMatch(a -> a.startsWith("--files-from")))
        .filteredOn(rsync -> !rsync.arguments().contains("--delete-missing-args"))
        .filteredOn(rsync -> !rsync.arguments().contains("--no-relative"))
        .isNotEmpty()
        .allMatch(rsync -> rsync.arguments().contains("-z"));
  }
}
