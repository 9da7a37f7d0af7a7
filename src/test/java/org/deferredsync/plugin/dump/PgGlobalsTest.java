package org.deferredsync.plugin.dump;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import org.junit.jupiter.api.Test;

final class PgGlobalsTest {
  private static PgGlobals read(String script) throws IOException {
    return PgGlobals.read(new ByteArrayInputStream(script.getBytes(UTF_8)), n -> "/scratch/" + n);
  }

  @Test
  void tablespaces_areMoved_butNotTheirTextInQuotes() throws Exception {
    String before =
        """
        \\restrict it's
        COMMENT ON ROLE a IS 'text
        CREATE TABLESPACE x OWNER y LOCATION ''/etc'';
        ';
        CREATE TABLESPACE "f ü" OWNER y LOCATION '/srv/it''s';
        CREATE TABLESPACE b OWNER y LOCATION E'/srv/\\\\x';
        """;
    String after = "\\connect template1\nCREATE TABLESPACE c OWNER y LOCATION '/etc';\n";
    PgGlobals globals = read(before + after);
    assertThat(globals.length()).isEqualTo(before.getBytes(UTF_8).length);
    assertThat(globals.tablespaces()).isEqualTo(2);
    assertThat(new String(globals.script(), UTF_8))
        .isEqualTo(
            before
                .replace("'/srv/it''s'", "'/scratch/0'")
                .replace("E'/srv/\\\\x'", "'/scratch/1'"));
  }

  @Test
  void tablespace_thatIsNotOnOneLine_isFixed() {
    assertThat(PgGlobals.isFixed("CREATE TABLESPACE \"two")).isTrue();
    assertThat(PgGlobals.isFixed("CREATE TABLESPACE a OWNER b LOCATION '/srv/a';")).isFalse();
    assertThat(PgGlobals.isFixed("CREATE TABLE a ();")).isFalse();
  }

  @Test
  void script_withoutADatabase_isNone() {
    assertThatThrownBy(() -> read("CREATE ROLE a;\n")).isInstanceOf(EOFException.class);
  }
}
