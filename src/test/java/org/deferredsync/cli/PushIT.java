package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.deferredsync.backup.TreeText;
import org.deferredsync.cli.Operator.Job;
import org.deferredsync.cli.Operator.Ran;
import org.deferredsync.remote.LocalSshd;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What an operator does with other hosts. */
@EnabledOnOs(OS.LINUX)
final class PushIT {
  @TempDir private Path scratch;
  private Operator operator;
  private LocalSshd sshd;
  private Path source;
  private Path there;

  @BeforeEach
  void make() throws Exception {
    operator = new Operator(scratch);
    sshd = LocalSshd.start(operator.scratch.resolve("sshd"));
    source = Files.createDirectories(operator.scratch.resolve("source"));
    Files.createDirectory(source.resolve("sub"));
    there = Files.createDirectories(operator.scratch.resolve("remote"));
    Files.writeString(source.resolve("sub/file"), "the first version");
    Files.writeString(source.resolve("kept"), "always the same");
    Files.createLink(source.resolve("linked"), source.resolve("kept"));
    configure(sshd.entry(), "20s");
  }

  @AfterEach
  void clear() throws Exception {
    sshd.close();
    operator.close();
  }

  private void configure(String host, String timeout) throws Exception {
    operator.configure(
        "BACKUPDIRS=" + source,
        "PLUGINS=\"incremental_backup backup_to_remote\"",
        "REMOTE_HOSTS=" + host,
        "REMOTE_DIR=" + there,
        "SSH_TIMEOUT=" + timeout,
        "SSH_IDENTITY=" + sshd.identity(),
        "SSH_KNOWN_HOSTS=" + sshd.knownHosts());
  }

  private Job assertRuns() throws Exception {
    Job job = operator.job("run");
    assertThat(job.status()).as("%s", job.records()).isZero();
    return job;
  }

  @Test
  void restore_fromTheCopy_whenTheTargetIsLost() throws Exception {
    assertRuns();
    Map<String, String> first = TreeText.of(source);
    Files.writeString(source.resolve("sub/file"), "the second version");
    Files.move(source.resolve("kept"), source.resolve("renamed"));
    assertRuns();
    Map<String, String> second = TreeText.of(source);
    operator.sh("rm -r \"$1\"", operator.target);

    for (int id = 1; id <= 2; id++) {
      Path to = operator.scratch.resolve("restored" + id);
      Ran ran =
          operator.run(
              "restore",
              "--from",
              sshd.entry(),
              source.toString(),
              "--at",
              Integer.toString(id),
              "--to",
              to.toString());
      assertThat(ran.status()).as(ran.err()).isZero();
      assertThat(TreeText.of(to.resolve("source"))).isEqualTo(id == 1 ? first : second);
    }
    Ran there =
        operator.run("restore", "--from", "-oProxyCommand=id", "/x", "--to", scratch + "/no");
    assertThat(there.status()).isEqualTo(3);
    assertThat(there.err()).contains("is refused").hasLineCount(1);
    Ran none =
        operator.run("restore", "--from", "x@no-such-host.invalid", "/x", "--to", scratch + "/no");
    assertThat(none.status()).isEqualTo(2);
    assertThat(none.err()).contains("has no address").hasLineCount(1);
  }

  @Test
  void restore_thatASignalEnds_leavesNothingItFetched() throws Exception {
    assertRuns();
    operator.configure(
        "BACKUPDIRS=" + source,
        "REMOTE_DIR=" + there,
        "BWLIMIT=1",
        "SSH_IDENTITY=" + sshd.identity(),
        "SSH_KNOWN_HOSTS=" + sshd.knownHosts());
    Process process =
        operator.start(
            Map.of(),
            operator.command(
                "restore", "--from", sshd.entry(), source.toString(), "--to", scratch + "/to"));
    Optional<Path> fetching = Optional.empty();
    while (fetching.isEmpty()) {
      assertThat(process.isAlive()).as("ended too early").isTrue();
      Thread.sleep(20);
      fetching =
          process
              .descendants()
              .flatMap(child -> Stream.of(child.info().arguments().orElse(new String[0])))
              .filter(argument -> argument.startsWith("/var/tmp/deferred-sync-"))
              .map(argument -> Path.of("/").resolve(Path.of(argument).subpath(0, 3)))
              .findFirst();
    }
    List<ProcessHandle> children = process.descendants().toList();
    process.destroy();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();

    assertThat(process.exitValue()).isEqualTo(128 + 15);
    assertThat(fetching.get()).doesNotExist();
    for (ProcessHandle child : children) {
      child.onExit().get(60, TimeUnit.SECONDS);
    }
  }

  @Test
  void dryRun_writesNothingAnywhere() throws Exception {
    assertThat(operator.job("run", "--dry-run").status()).isZero();
    assertThat(there).isEmptyDirectory();
    assertThat(operator.target).isEmptyDirectory();
  }
}
