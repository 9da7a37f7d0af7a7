package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.deferredsync.cli.Operator.Ran;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Pushes over a cable between two networks, which is pulled out. */
@EnabledOnOs(OS.LINUX)
@Timeout(300)
final class PushNetworkIT {
  private static final int NO_NETWORKS = 99;

  /** Two networks, an sshd in the other one, and a push that is told where to. */
  private static final String NETWORKS =
      """
      exec 2>&1
      set -u
      ip link set lo up && ip link add here type veth peer name there || exit 99
      unshare --net sh -c 'echo $$ > "$SCRATCH/made" && mv "$SCRATCH/made" "$SCRATCH/other" && exec sleep 600' &
      sleeping=$!
      while [ ! -s "$SCRATCH/other" ]; do kill -0 $sleeping || exit 99; sleep 0.1; done
      there() { nsenter --net --target "$(cat "$SCRATCH/other")" -- "$@"; }
      ip link set there netns "$(cat "$SCRATCH/other")" || exit 99
      ip addr add 192.0.2.1/24 dev here && ip link set here up || exit 99
      there ip addr add 192.0.2.2/24 dev there && there ip link set there up || exit 99
      ip route add unreachable 192.0.2.99 || exit 99
      there /usr/sbin/sshd -f "$SCRATCH/sshd_config" || exit 98
      trap 'kill $(cat "$SCRATCH/sshd.pid") $sleeping' EXIT
      # It goes to the background first, then listens, then says who it is.
      for try in $(seq 300); do [ -s "$SCRATCH/sshd.pid" ] || sleep 0.1; done
      push() { # HOST STATUS [PLUGIN]
          timeout=20s
          [ $2 -eq 0 ] || timeout=4s
          sed -i "s/^REMOTE_HOSTS=.*/REMOTE_HOSTS=$1/; s/^SSH_TIMEOUT=.*/SSH_TIMEOUT=$timeout/" "$CONFIGURATION"
          status=0
          deferred-sync run --only "${3-backup_to_remote}" || status=$?
          [ $status -eq $2 ] || { echo "$1: status $status, not $2"; exit 97; }
      }
      copy="$SCRATCH/remote/target"
      """;

  @TempDir private Path scratch;
  private Operator operator;
  private Namespace namespace;

  @BeforeEach
  void install() throws Exception {
    assumeTrue(Operator.isRoot(), "a network of one's own needs root");
    operator = new Operator(scratch);
    Path top = operator.scratch;
    for (String directory : List.of("source", "remote")) {
      Files.createDirectories(top.resolve(directory));
    }
    Files.writeString(top.resolve("source/file"), "first");
    namespace = new Namespace(operator, "--net");
    operator.sh(
        "for key in host id; do ssh-keygen -q -t ed25519 -N '' -f \"$1/$key\"; done; mkdir -p /run/sshd",
        top);
    Files.writeString(
        top.resolve("known_hosts"), "192.0.2.2 " + Files.readString(top.resolve("host.pub")));
    Files.writeString(
        top.resolve("sshd_config"),
        "ListenAddress 192.0.2.2\nHostKey %1$s/host\nPidFile %1$s/sshd.pid\nAuthorizedKeysFile %1$s/id.pub\n"
                .formatted(top)
            + "StrictModes no\nUsePAM no\nPermitRootLogin prohibit-password\n");
    operator.configure(
        "BACKUPDIRS=" + top.resolve("source"),
        "REMOTE_HOSTS=none",
        "REMOTE_DIR=" + top.resolve("remote"),
        "VERIFY_PERCENT=0",
        "SSH_TIMEOUT=20s",
        "BWLIMIT=",
        "SSH_IDENTITY=" + top.resolve("id"),
        "SSH_KNOWN_HOSTS=" + top.resolve("known_hosts"));
  }

  @AfterEach
  void clear() throws Exception {
    operator.close();
  }

  private void follow(String script) throws Exception {
    Ran ran = namespace.run(Map.of(), NETWORKS + script);
    assumeTrue(ran.status() != NO_NETWORKS, "no networks here");
    assertThat(ran.status())
        .as("%s\n%s", ran.out(), Files.exists(operator.log) ? Files.readString(operator.log) : "")
        .isZero();
  }

  @Test
  void cable_isPulledOut_andPutBack() throws Exception {
    follow(
        """
        push x 0 incremental_backup
        push 192.0.2.2 0
        head -c 6000000 /dev/urandom > "$SCRATCH/source/noise"
        push x 0 incremental_backup
        sed -i 's/^BWLIMIT=.*/BWLIMIT=50/' "$CONFIGURATION"
        (
            while ! ls "$copy/$SCRATCH/source/".noise.* >/dev/null 2>&1; do sleep 0.1; done
            ip link set here down
        ) &
        push 192.0.2.2 2
        push 192.0.2.2 2   # still out
        ip link set here up
        sed -i 's/^BWLIMIT=.*/BWLIMIT=/' "$CONFIGURATION"
        push 192.0.2.2 0
        cmp "$SCRATCH/source/noise" "$copy/$SCRATCH/source/noise" || exit 96
        """);
    assertThat(Files.readAllLines(operator.log))
        .filteredOn(line -> line.startsWith("[WARN]") && line.contains(" backup_to_remote: "))
        .hasSize(2)
        .anyMatch(line -> line.contains("the connection was lost"))
        .anyMatch(line -> line.contains("there is no route") || line.contains("nothing answers"));
  }

  @Test
  void host_isOutOfReach() throws Exception {
    follow(
        """
        push x 0 incremental_backup
        push 192.0.2.99 2
        push 192.0.2.77 2
        push 192.0.2.2:2222 2
        """);
    assertThat(Files.readAllLines(operator.log))
        .filteredOn(line -> line.startsWith("[WARN]") && line.contains(" backup_to_remote: "))
        .satisfiesExactly(
            line -> assertThat(line).contains("192.0.2.99: there is no route to it"),
            line ->
                assertThat(line).containsPattern("192.0.2.77: (there is no route|nothing answers)"),
            line -> assertThat(line).contains("192.0.2.2:2222: nothing listens at port 2222"));
  }
}
