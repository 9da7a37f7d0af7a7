package org.deferredsync.plugin.dump;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

final class ComplaintTest {
  private static String of(String... lines) {
    Complaint complaint = new Complaint();
    List.of(lines).forEach(complaint);
    return complaint.text();
  }

  @Test
  void errors_areKept_beforeWhatElseIsSaid() {
    assertThat(of()).isEmpty();
    assertThat(of("reading", "", "done")).isEqualTo("done");
    assertThat(of("* Dumped revision 0.", "svnadmin: E160004: Corrupt", "bye"))
        .isEqualTo("svnadmin: E160004: Corrupt");
    assertThat(of("error: one", "error: two", "error: three")).isEqualTo("error: one; error: two");
    assertThat(of("error " + "x".repeat(1000))).hasSize(501);
  }
}
