package org.deferredsync.plugin.dump;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

final class SvnStreamTest {
  private static final String DUMP =
      """
      SVN-fs-dump-format-version: 2

      UUID: b1a2

      Revision-number: 0
      Prop-content-length: 10
      Content-length: 10

      PROPS-END

      Revision-number: 1
      Prop-content-length: 10
      Content-length: 10

      PROPS-END

      Node-path: a
      Node-kind: file
      Text-content-length: 21
      Content-length: 21

      Revision-number: 99

      """;

  private static SvnStream of(String text, long youngest) {
    return Taking.of(() -> new SvnStream(youngest), text.getBytes(UTF_8));
  }

  @Test
  void records_areCounted_andNotWhatLooksLikeThem() {
    SvnStream dump = of(DUMP, 1);
    assertThat(dump.fault()).isEmpty();
    assertThat(dump.tables()).isEqualTo(Map.of("revisions", 2L, "nodes", 1L));
    assertThat(dump.last()).isEqualTo(1);
  }

  @Test
  void dump_thatDoesNotReachTheLastRevision_orEndsInARecord_isNotWhole() {
    assertThat(of(DUMP, 2).fault()).isEqualTo("it ends with revision 1, and the repository has 2");
    assertThat(of(DUMP.substring(0, DUMP.length() - 8), 1).fault())
        .isEqualTo("it ends within a record");
    assertThat(of("", 0).fault()).isEqualTo("it is no dump of Subversion");
    assertThat(of("something else\n\n", 0).fault()).isEqualTo("it is no dump of Subversion");
  }
}
