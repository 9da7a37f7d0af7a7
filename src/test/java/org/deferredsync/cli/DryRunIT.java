package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.deferredsync.backup.SharedMemory;
import org.deferredsync.plugin.Plugins;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * A dry run with every plugin that there is, on the whole machine: an overlay lies over its root,
 * and keeps whatever anybody writes. Directories, dumps and hosts are those of a job that would do
 * real work.
 */
@EnabledOnOs(OS.LINUX)
@Timeout(180)
final class DryRunIT {
  private static final int NO_OVERLAY = 99;

  /** What a dry run may change: its log, its lock, and the times of where short-lived files are. */
  private static final String MAY_CHANGE =
      "opt/deferred-sync/log/sync\\.log|run/lock(/deferred-sync(/.*)?)?|tmp|var/tmp";

  private static final String GROUND =
      """
      umask 022
      mount -t tmpfs none "$SCRATCH/disk" && cd "$SCRATCH/disk" || exit 99
      mkdir upper work machine
      mount -t overlay none -o lowerdir=/,upperdir=upper,workdir=work machine || exit 99
      for name in proc sys dev; do mount --rbind /$name machine/$name || exit 99; done
      everything() {
          cd upper
          find . -printf '%P\\t%y %m %U:%G %s %T@ %C@ %l\\n'
          find . -type f -exec sha256sum {} + | sed 's,^\\([0-9a-f]*\\)  ./\\(.*\\),\\2\\t\\1,'
          cd ..
      }
      """;

  private static final String INSTALLATION =
      """
      mkdir -p /opt/deferred-sync/config /opt/deferred-sync/lib /opt/deferred-sync/log
      mkdir -p /run/lock /srv/data/sub /home/backup/mongodump /home/mysqldump /home/svndump
      mkdir -p /home/remote /var/lib/postgresql/pg_dump /var/lib/svn
      echo one > /srv/data/sub/file
      printf '#!/bin/sh\\ntouch /checked\\n' > /opt/alive; chmod 755 /opt/alive
      cat > /opt/deferred-sync/config/sync.conf <<'END'
      JOBLOG=$SCRIPT_HOME/log/sync.log
      STARTSCRIPT=
      ENDSCRIPT=
      EXCLUDEFILE=
      LOAD_PLUGINS_ALL=true
      SERVER_ALIVE_CHECK=/opt/alive
      BACKUPDIRS=/srv/data
      BACKUPTO=/home/backup/host
      REMOTE_HOSTS=127.0.0.1
      GET_HOSTS=127.0.0.1
      END
      mkdir /home/backup/host
      deferred_sync run --only incremental_backup || exit 98
      echo two, longer > /srv/data/sub/file
      : > /opt/deferred-sync/log/sync.log
      """;

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  @Test
  void everyPlugin_leavesTheWholeMachineAsItWas_butForLogAndLock() throws Exception {
    assumeTrue(Operator.isRoot(), "mounting needs root");
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData",
            "-Ddeferredsync.home=/opt/deferred-sync",
            "-Djna.tmpdir=/dev/shm",
            "-Djava.io.tmpdir=/dev/shm",
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName());
    String program =
        "deferred_sync() { "
            + command.stream().map(word -> "'" + word + "'").collect(Collectors.joining(" "))
            + " \"$@\"; }\n";
    Path install = Files.writeString(scratch.resolve("install"), program + INSTALLATION);
    Path run =
        Files.writeString(
            scratch.resolve("run"), program + "deferred_sync run --dry-run; echo $? > /dev/fd/3\n");
    Files.createDirectory(scratch.resolve("disk"));

    int status =
        shell(
            GROUND
                + String.format(
                    """
                    chroot machine /bin/sh < %s || exit $?
                    everything > "$SCRATCH/before"
                    chroot machine /bin/sh < %s 3> "$SCRATCH/status" || exit $?
                    everything > "$SCRATCH/after"
                    cp upper/opt/deferred-sync/log/sync.log "$SCRATCH/log"
                    """,
                    install, run));

    assumeTrue(status != NO_OVERLAY, "no overlay over / here");
    assertThat(status).as(Files.readString(scratch.resolve("out"))).isZero();
    assertThat(Files.readString(scratch.resolve("status")).strip()).isIn("0", "1", "2", "3");
    String log = Files.readString(scratch.resolve("log"));
    assertThat(Plugins.builtIn().all())
        .allSatisfy(one -> assertThat(log).contains(" " + one.plugin().name() + ": "));
    assertThat(log).contains("/srv/data: would be: ").contains("Job ended on");
    assertThat(changed()).allMatch(path -> path.matches(MAY_CHANGE));
  }

  /** Paths of which the overlay has other lines than before. */
  private Set<String> changed() throws Exception {
    List<String> before = lines("before");
    List<String> after = lines("after");
    assertThat(before).as("what the installation wrote").hasSizeGreaterThan(20);
    List<String> differing = new ArrayList<>(before);
    differing.removeAll(Set.copyOf(after));
    after.removeAll(Set.copyOf(before));
    differing.addAll(after);
    Set<String> paths = new TreeSet<>();
    for (String line : differing) {
      paths.add(line.substring(0, line.indexOf('\t')));
    }
    return paths;
  }

  private List<String> lines(String name) throws Exception {
    return new ArrayList<>(Files.readAllLines(scratch.resolve(name), StandardCharsets.ISO_8859_1));
  }

  private int shell(String script) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder("unshare", "--mount", "/bin/sh", "-c", script)
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectOutput(scratch.resolve("out").toFile())
            .redirectErrorStream(true);
    builder.environment().clear();
    builder.environment().put("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    builder.environment().put("LC_ALL", "C.UTF-8");
    builder.environment().put("SCRATCH", scratch.toString());
    Process process = builder.start();
    if (!process.waitFor(150, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError(Files.readString(scratch.resolve("out")));
    }
    return process.exitValue();
  }
}
