package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lines of a manifest, which may have been changed by anybody: each field is what it has to be. */
final class ManifestRowTest {
  private static final String HASH =
      "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed";
  private static final String FILE =
      "+ /a 1 100644 0 0 3 0.000000000 0 - - - 7 " + HASH + " - 0.000000000 5 1 - -";
  private static final String LINK =
      "+ /l 1 120777 0 0 3 0.000000000 0 to - - - - - 0.000000000 5 1 - -";

  private static ManifestRow parse(String line) {
    return ManifestRow.parse(line.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void parse_takesWhatARunWrites() {
    assertThat(parse(FILE)).isInstanceOf(ManifestRow.Stored.class);
    assertThat(parse(LINK)).isInstanceOf(ManifestRow.Stored.class);
    assertThat(parse("+ / 1 40755 0 0 0 0.000000000 0 - - - - - - 0.000000000 2 1 racy mount"))
        .isInstanceOf(ManifestRow.Stored.class);
    assertThat(parse("past /a 1 2 100644 0 0 3 0.000000000 0 - - - 7 " + HASH + " inconsistent"))
        .isInstanceOf(ManifestRow.Stored.class);
    assertThat(parse("run 1 0.000000000 - -")).isInstanceOf(ManifestRow.Began.class);
    assertThat(parse("run 1 0.000000000 -1.000000000 -")).isInstanceOf(ManifestRow.Began.class);
    assertThat(parse("removing /a")).isInstanceOf(ManifestRow.Removing.class);
    assertThat(parse("forget /a")).isInstanceOf(ManifestRow.Forgotten.class);
    assertThat(parse("after 3")).isInstanceOf(ManifestRow.After.class);
    assertThat(parse("rows 3")).isInstanceOf(ManifestRow.End.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "after",
        "after ",
        "after -1",
        "after x",
        "after 1 2",
        "end /a 0",
        "end /a%2",
        "forget a%00",
        "seen /a 0 5 1 - -",
        "seen /a 0.0 5 1 - -",
        "seen /a 0.000000000 5 -1 - -",
        "seen /a 0.000000000 5 1 wet -",
        "seen /a 0.000000000 5 1 racy mountain",
        "place 1 /a 0 - 0 -",
        "place 1 /a 1 abc 0 -",
        "place 1 /a 1 - 0 maybe",
        "run 1 0.000000000 -x -",
        "do 1 1 put . /a 0",
        "do 1 1 fly 1-1 /a 0",
        "do 0 1 put 1-1 /a 0"
      })
  void parse_refusesFields_thatAreNotWhatTheyHaveToBe(String line) {
    assertThatThrownBy(() -> parse(line)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void parse_refusesVersions_withWhatTheirTypeCannotHave() {
    for (String line :
        new String[] {
          FILE.replace(" 7 " + HASH, " - -"),
          FILE.replace(" 7 ", " - "),
          FILE.replace(HASH, "-"),
          FILE.replace(" 0 - - - 7", " 0 to - - 7"),
          FILE.replace("100644", "40755"),
          FILE.replace("100644", "999999"),
          FILE.replace("/a", "/" + "n".repeat(256)),
          FILE.replace(" 0 - - - 7", " 0 - - user.a 7"),
          LINK.replace(" to ", " - "),
          "past /a 2 2 100644 0 0 3 0.000000000 0 - - - 7 " + HASH + " -"
        }) {
      assertThatThrownBy(() -> parse(line)).as(line).isInstanceOf(IllegalArgumentException.class);
    }
  }
}
