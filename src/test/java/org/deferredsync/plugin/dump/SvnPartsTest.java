package org.deferredsync.plugin.dump;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.deferredsync.plugin.dump.DumpRecord.Dumped;
import org.junit.jupiter.api.Test;

final class SvnPartsTest {
  private static DumpRecord record(Kind kind, String contents) {
    return DumpRecord.of(kind, "/dumps", contents)
        .with(
            new Dumped(
                contents,
                Instant.EPOCH,
                Instant.EPOCH,
                "",
                "",
                1,
                1,
                "",
                new Tables(kind, Map.of())));
  }

  @Test
  void parts_areThoseOfTheRepository_inTheirOrder() {
    List<DumpRecord> records =
        List.of(
            record(Kind.POSTGRESQL, "app.dump"),
            record(Kind.SVN, "app.000000011-000000012.dump"),
            record(Kind.SVN, "app.000000003-000000010.dump"),
            record(Kind.SVN, "app2.dump"),
            record(Kind.SVN, "app.dump"));
    assertThat(SvnParts.of(records, "app.dump").all())
        .extracting(record -> record.kind() + " " + record.contents())
        .containsExactly(
            "SVN app.dump", "SVN app.000000003-000000010.dump", "SVN app.000000011-000000012.dump");
  }

  @Test
  void name_isThatOfAPart_onlyToItsEnd() {
    assertThat(SvnParts.isPart("app.000000003-000000010.dump")).isTrue();
    assertThat(SvnParts.isPart("app.000000003-000000010.dump.dump")).isFalse();
    assertThat(SvnParts.isPart("app.3-10.dump")).isFalse();
    assertThat(SvnParts.wholeOf(record(Kind.SVN, "a.000000003-000000010.dump")))
        .isEqualTo("a.dump");
  }
}
