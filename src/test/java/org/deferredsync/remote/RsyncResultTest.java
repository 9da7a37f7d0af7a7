package org.deferredsync.remote;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.deferredsync.process.CommandResult;
import org.deferredsync.process.Ending;
import org.deferredsync.remote.RemoteException.Kind;
import org.junit.jupiter.api.Test;

final class RsyncResultTest {
  private static RsyncResult ended(Ending ending, String... errors) {
    return new RsyncResult(
        new CommandResult(ending, List.of(), Duration.ZERO), Map.of(), List.of(), List.of(errors));
  }

  private static RsyncResult exited(int status, String... errors) {
    return ended(new Ending.Exited(status), errors);
  }

  @Test
  void kind_isNetwork_forWhatLiesBetweenHereAndThere() {
    List<Integer> network = new ArrayList<>();
    for (int status :
        IntStream.concat(IntStream.rangeClosed(1, 36), IntStream.of(137, 255)).toArray()) {
      Kind kind = exited(status, "rsync: trouble").trouble("host").kind();
      if (kind == Kind.NETWORK) {
        network.add(status);
      } else {
        assertThat(kind).as("%d", status).isEqualTo(Kind.FAILURE);
      }
    }
    assertThat(network).containsExactly(5, 10, 12, 30, 35, 255);
  }

  @Test
  void good_isWhereFilesVanished_andNothingElse() {
    assertThat(exited(0).good()).isTrue();
    assertThat(exited(24).good()).isTrue();
    assertThat(exited(24).succeeded()).as("all that a push has to send").isFalse();
    assertThat(IntStream.rangeClosed(1, 35).filter(status -> exited(status).good()).toArray())
        .containsExactly(24);
  }

  @Test
  void absent_isWhatIsNotThere_andNothingWorse() {
    String absent = "rsync: [sender] link_stat \"/a/b\" failed: No such file or directory (2)";
    String end = "rsync error: some files/attrs were not transferred (code 23) at main.c(1)";
    assertThat(exited(23, absent, end).absent()).isTrue();
    assertThat(
            exited(
                    12,
                    "/usr/bin/rrsync error: post-realpath open failed: /a/b No such file or directory",
                    "rsync: connection unexpectedly closed (0 bytes received so far) [Receiver]")
                .absent())
        .isTrue();
    assertThat(
            exited(
                    12,
                    "rsync: [sender] change_dir \"/a/\" failed: No such file or directory (2)",
                    "rsync: connection unexpectedly closed (0 bytes received so far) [Receiver]")
                .absent())
        .isTrue();
    String denied = "rsync: [sender] opendir \"/a\" failed: Permission denied (13)";
    assertThat(exited(23, absent, denied, end).absent()).as("not all is known").isFalse();
    assertThat(exited(23, denied, end).absent()).isFalse();
    assertThat(exited(12, "/usr/bin/rrsync error: unsafe arg").absent()).isFalse();
    assertThat(exited(255, absent).absent()).isFalse();
  }

  @Test
  void trouble_saysWhatToDo() {
    assertThat(
            exited(11, "rsync: write failed on \"/x\": No space left on device (28)").trouble("h"))
        .hasMessageContaining("the disk is full")
        .hasMessageContaining("make room")
        .hasFieldOrPropertyWithValue("kind", Kind.FAILURE);
    assertThat(ended(new Ending.Absent("rsync")).trouble("h"))
        .hasMessageEndingWith("install it.")
        .hasFieldOrPropertyWithValue("kind", Kind.PREREQUISITE);
    assertThat(ended(new Ending.TimedOut(Duration.ofSeconds(3))).trouble("h"))
        .hasMessageContaining("the next run goes on")
        .hasFieldOrPropertyWithValue("kind", Kind.NETWORK);
  }
}
