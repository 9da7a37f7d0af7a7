package org.deferredsync.plugin.dump;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

final class PgTextTest {
  private static final String END = "\n--\n-- PostgreSQL database cluster dump complete\n--\n\n";

  private static PgText of(String text) {
    return Taking.of(() -> new PgText(PgText.OF_CLUSTER), text.getBytes(UTF_8));
  }

  private static String hash(String text) {
    PgText taken = of(text);
    return taken.fault() + taken.hash();
  }

  @Test
  void rows_areCounted_byDatabase_whateverStandsInBodies() {
    PgText text =
        of(
            """
            --
            -- PostgreSQL database cluster dump
            --
            \\restrict KEY1
            \\connect app
            CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $_$select $$'$$;
            COPY x FROM stdin;
            \\connect nowhere
            $_$;
            COMMENT ON TABLE t IS 'it''s
            COPY y FROM stdin;
            ';
            COMMENT ON TABLE t IS E'it\\'s
            COPY z FROM stdin;
            ';
            SELECT a$b, '$c$' /* 'no string
            /* COPY nested */ COPY n FROM stdin;
            */;
            -- a comment's quote
            COPY public."Odd "" (t" (id, "a FROM stdin;") FROM stdin;
            1\tCOPY u FROM stdin;
            \\restrict x

            \\.
            COPY public.empty (i) FROM stdin;
            \\.
            \\encoding SQL_ASCII
            \\connect -reuse-previous=on "dbname='it\\\\'s = ""odd""'"
            COPY public.t (i) FROM stdin;
            7
            \\.
            \\unrestrict KEY1
            """
                + END);

    assertThat(text.fault()).isEmpty();
    assertThat(text.tables())
        .isEqualTo(
            Map.of(
                "app.public.Odd \" (t",
                3L,
                "app.public.empty",
                0L,
                "it\\'s = \"odd\".public.t",
                1L));
  }

  @Test
  void hash_isThatOfTheContents_withoutTheKeys() {
    String one =
        "\\restrict abc\nCOPY t (a) FROM stdin;\n\\restrict x\n\\.\n\\unrestrict abc\n" + END;
    assertThat(hash(one.replace("abc", "xyz"))).isEqualTo(hash(one));
    assertThat(hash(one.replace("restrict x", "restrict y"))).isNotEqualTo(hash(one));
    String body = "COMMENT ON TABLE t IS '\n\\restrict a\n';\n" + END;
    assertThat(hash(body.replace("restrict a", "restrict b"))).isNotEqualTo(hash(body));
  }

  @Test
  void script_withoutItsLastLine_isNotWhole() {
    assertThat(of("SELECT 1;\n").fault()).contains("is missing");
    assertThat(of("COPY t (a) FROM stdin;\n-- PostgreSQL database cluster dump complete\n").fault())
        .contains("is missing");
    assertThat(of("COMMENT ON TABLE t IS '" + END).fault()).contains("is missing");
    assertThat(of(END + "SELECT 1;\n").fault()).contains("is missing");
    assertThat(of("").fault()).contains("is missing");
  }

  @Test
  void lineThatIsVeryLong_isReadInParts() {
    String filler = "x".repeat(5 << 20);
    PgText text = new PgText(PgText.OF_CLUSTER);
    byte[] bytes =
        ("COMMENT ON TABLE t IS 'a"
                + filler
                + "\nCOPY x FROM stdin;\n';\nCOPY t (a) FROM stdin;\n1\n\\.\n"
                + END)
            .getBytes(UTF_8);
    text.take(bytes, bytes.length);
    assertThat(text.fault()).isEmpty();
    assertThat(text.tables()).isEqualTo(Map.of("t", 1L));
  }
}
