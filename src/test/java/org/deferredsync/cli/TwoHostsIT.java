package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.deferredsync.cli.Operator.Ran;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * What doc/OPERATIONS.md says of two hosts, as written and in its order: the one that is backed up,
 * the vault, and the one that takes the place of the first. Each has mounts of its own, where the
 * document's paths are real; they meet in a network that nobody else is in.
 */
@EnabledOnOs(OS.LINUX)
@Timeout(300)
final class TwoHostsIT {
  private static final Path DOCUMENT = Path.of("doc/OPERATIONS.md");
  private static final Pattern BLOCK =
      Pattern.compile("(?ms)^```(?:sh (myhost|vault|newhost)|(conf))\n(.*?)^```$");
  private static final int NO_MOUNTS = 99;

  /** Begins the three hosts; {@code on HOST COMMAND…} then does something on one of them. */
  private static final String HOSTS =
      """
      set -u
      ip link set lo up || exit 99
      on() { # HOST COMMAND…
          host=$1 && shift
          nsenter --mount --target "$(cat "$SCRATCH/$host.pid")" --wd=/ -- "$@"
      }
      for host in myhost vault newhost; do
          unshare --mount --propagation private sh -c '
              for place in /root /home /srv /var/lib/deferred-sync; do mount -t tmpfs none $place || exit; done
              mount --bind "$SCRATCH/hosts" /etc/hosts && mount --bind "$SCRATCH/ssh" /etc/ssh &&
                  echo $$ > "$SCRATCH/$0.made" && mv "$SCRATCH/$0.made" "$SCRATCH/$0.pid" && exec sleep 600
          ' $host &
          sleeping="${sleeping-} $!"
          while [ ! -s "$SCRATCH/$host.pid" ]; do kill -0 $! || exit 99; sleep 0.1; done
      done
      # What the first one has.
      on myhost sh -ec '
          mkdir -p /home/backup /srv/data/letters; echo dear > /srv/data/letters/report.odt
          for i in 1 2 3 4 5; do echo "picture $i" > /srv/data/picture$i; done'
      on newhost mkdir -p /home/backup /srv
      on vault /usr/sbin/sshd -o UsePAM=no -o StrictModes=no -o PidFile="$SCRATCH/sshd.pid" -f /etc/ssh/sshd_config
      trap 'kill $(cat "$SCRATCH/sshd.pid") $sleeping' EXIT
      # It goes to the background first, then listens, then says who it is.
      for try in $(seq 300); do [ -s "$SCRATCH/sshd.pid" ] || sleep 0.1; done
      """;

  @TempDir private Path scratch;
  private Operator operator;
  private Namespace namespace;

  @BeforeEach
  void install() throws Exception {
    assumeTrue(Operator.isRoot(), "mounting needs root");
    operator = new Operator(scratch);
    operator.copyClassPath();
    namespace = new Namespace(operator, "--net", "--mount");
    Files.writeString(operator.scratch.resolve("hosts"), "127.0.0.1 localhost vault.example.org\n");
    Path ssh = Files.createDirectories(operator.scratch.resolve("ssh"));
    Files.writeString(
        ssh.resolve("sshd_config"),
        "ListenAddress 127.0.0.1\nHostKey /etc/ssh/ssh_host_ed25519_key\n");
    operator.sh("ssh-keygen -q -t ed25519 -N '' -f \"$1\"", ssh.resolve("ssh_host_ed25519_key"));
    Files.createDirectories(Path.of("/run/sshd"));
    Files.createDirectories(Path.of("/var/lib/deferred-sync"));
  }

  @AfterEach
  void clear() throws Exception {
    operator.close();
  }

  private void configure(String target, String more) throws Exception {
    operator.trusted(
        operator.configuration(),
        """
        JOBLOG=$SCRIPT_HOME/log/sync.log
        STARTSCRIPT=
        ENDSCRIPT=
        EXCLUDEFILE=
        VERIFY_PERCENT=0
        BACKUPDIRS=/srv/data
        """
            + "BACKUPTO="
            + target
            + "\n"
            + more);
  }

  /** Each command of a block on its host, and the end where one fails. */
  private static String followed(String host, String commands, int number) {
    StringBuilder script = new StringBuilder();
    for (String line : commands.split("\n", -1)) {
      if (!line.isBlank()) {
        String quoted = "'" + line.replace("'", "'\\''") + "'";
        script.append("echo ").append(quoted).append("; on ").append(host).append(" sh -c ");
        script.append(quoted).append(" || { echo failed; exit ").append(number).append("; }\n");
      }
    }
    return script.toString();
  }

  @Test
  void walkThrough_isFollowedAsWritten() throws Exception {
    StringBuilder script = new StringBuilder("exec 2>&1\n").append(HOSTS);
    String settings = "";
    int blocks = 0;
    for (MatchResult block : BLOCK.matcher(Files.readString(DOCUMENT)).results().toList()) {
      if (block.group(2) != null) {
        settings = block.group(3);
        continue;
      }
      String host = block.group(1);
      boolean firstOfNew = host.equals("newhost") && !script.toString().contains("on newhost cp");
      if (blocks == 1) { // the public half is carried over
        script.append(
            "on myhost cat /root/.ssh/backup.pub | on vault sh -c 'cat > /root/backup.pub'\n");
      } else if (firstOfNew) { // is let in by the old key and believes the vault's
        script.append("on myhost tar -C /root -cf - .ssh > \"$SCRATCH/keys\"\n");
        script.append("on newhost cp \"$SCRATCH/keys\" /root/keys\n");
        script.append("on newhost tar -C /root -xf /root/keys\n");
      } else if (host.equals("vault") && blocks > 1) {
        script.append("cp \"$SCRATCH/vault.conf\" \"$CONFIGURATION\"\n");
      }
      script.append(followed(host, block.group(3), 10 + blocks++));
    }
    script.append(
        """
        on myhost tar -C /srv -cf "$SCRATCH/before.tar" data
        on newhost sh -ec 'mkdir /srv/before; tar -C /srv/before -xf "$SCRATCH/before.tar"
            diff -r /srv/before/data /srv/data; diff -r /srv/before/data /home/backup/srv/data
            diff -r /srv/before/data/letters /srv/first/letters' || exit 8
        on vault diff -r /home/remote/myhost/backup/srv/data /proc/$(cat "$SCRATCH/newhost.pid")/root/srv/data || exit 9
        """);
    configure("/home/remote/myhost/backup", "");
    Files.copy(operator.configuration(), operator.scratch.resolve("vault.conf"));
    configure("/home/backup", settings);

    Ran ran = namespace.run(Map.of("HOME", "/root", "XDG_STATE_HOME", ""), script.toString());

    assumeTrue(ran.status() != NO_MOUNTS, "no mounts here");
    String log = Files.exists(operator.log) ? Files.readString(operator.log) : "";
    assertThat(ran.status()).as("%s\n%s", ran.out(), log).isZero();
    assertThat(blocks).isGreaterThan(6);
    assertThat(settings).contains("REMOTE_HOSTS=");
    assertThat(log.lines()).filteredOn(line -> line.contains(" pushed, ")).hasSize(2);
    assertThat(log).doesNotContain("[WARN]", "[ERROR]");
  }
}
