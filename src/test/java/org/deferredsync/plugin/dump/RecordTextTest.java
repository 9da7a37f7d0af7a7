package org.deferredsync.plugin.dump;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.Map;
import org.deferredsync.plugin.dump.DumpRecord.Dumped;
import org.deferredsync.plugin.dump.DumpRecord.Failure;
import org.deferredsync.plugin.dump.DumpRecord.Proof;
import org.deferredsync.plugin.dump.DumpRecord.Result;
import org.junit.jupiter.api.Test;

final class RecordTextTest {
  private static final Instant TIME = Instant.parse("2026-11-23T03:01:04.123456789Z");

  private static final DumpRecord RECORD =
      DumpRecord.of(Kind.MYSQL, "/home/my dumps", "it's.sql")
          .with(
              new Dumped(
                  "it's.sql.gz",
                  TIME.plusSeconds(1),
                  TIME,
                  "ab",
                  "cd",
                  1L << 40,
                  7,
                  "",
                  new Tables(Kind.MYSQL, Map.of("a b\n%+", 3L, "\u00fc", 0L))))
          .with(new Failure(TIME, "line\nof two; 100 %"))
          .with(new Proof(TIME, TIME, Result.PROVEN, "loaded into X 1.0"));

  @Test
  void record_readsBackAsItWas() {
    assertThat(RecordText.read(RecordText.of(RECORD))).isEqualTo(RECORD);
    DumpRecord none = DumpRecord.of(Kind.SVN, "/", "x.dump");
    assertThat(RecordText.read(RecordText.of(none))).isEqualTo(none);
  }

  @Test
  void text_thatIsNone_isRefused() {
    String text = RecordText.of(RECORD);
    for (String bad :
        new String[] {
          "",
          "x\n",
          "deferred-sync-dump 2" + text.substring(20),
          text.stripTrailing(),
          text.replace("MYSQL", "OTHER"),
          text.replace("T03", "X03"),
          text.replace("dump MYSQL", "dump")
        }) {
      assertThatThrownBy(() -> RecordText.read(bad)).isInstanceOf(IllegalArgumentException.class);
    }
  }
}
