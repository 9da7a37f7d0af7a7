package org.deferredsync.backup;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.deferredsync.snapshot.Counts;
import org.deferredsync.snapshot.Evidence;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Hold;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.RunSource;
import org.deferredsync.snapshot.SourceState;
import org.deferredsync.snapshot.Turnover;
import org.deferredsync.snapshot.Version;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lines of a manifest, which may have been changed by anybody: each field is what it has to be. */
final class ManifestRowTest {
  private static final byte[] NAME = "name".getBytes(US_ASCII);
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
    assertThat(parse("+ /d 1 40755 0 0 0 0.000000000 0 - - - - - - 0.000000000 2 1 racy mount"))
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
        "end / 1",
        "forget /",
        "seen / 0.000000000 5 1 - -",
        "+ / 1 40755 0 0 0 0.000000000 0 - - - - - - 0.000000000 2 1 - -",
        "past / 1 2 40755 0 0 0 0.000000000 0 - - - - - -",
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
        "run 1 0.000000000",
        "run 1 0.000000000 -",
        "run 1 0.000000000 - _backup_20260101",
        "source 1 /a complete - 0 0 0 0 0 0 0 0 0 0 0 x -",
        "source 1 /a complete - 0 0 0 0 0 0 0 0 0 0 0 lost=1 -",
        "source 1 /a complete - 0 0 0 0 0 0 0 0 0 0 0 lost=1=x -",
        "source 1 /a whole - 0 0 0 0 0 0 0 0 0 0 0 - -",
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
          FILE.replace(" 0 - - - 7", " 0 - - a 7"),
          LINK.replace(" to ", " - "),
          "past /a 2 2 100644 0 0 3 0.000000000 0 - - - 7 " + HASH + " -"
        }) {
      assertThatThrownBy(() -> parse(line)).as(line).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void parse_takesAQuoteAsItIs_whereItStandsForNothing() {
    ManifestRow.Stored read = (ManifestRow.Stored) parse(LINK.replace(" to ", " \"x "));

    assertThat(read.version().linkTarget()).isEqualTo("\"x".getBytes(US_ASCII));
  }

  /** Fields of one byte, and of none, are not taken for what is not there. */
  @Test
  void parse_givesBack_whateverWasWritten() {
    for (String text : List.of("", "-", "t", "%", "a b", "\"\"", "\u007f,=\n")) {
      byte[] any = text.getBytes(StandardCharsets.UTF_8);
      Version version =
          new Version(0120777, -1, 0, any.length, Long.MIN_VALUE, -7, any, null, null, null, false);
      ManifestText line = new ManifestText().row("+").path(FilePath.ROOT.child(NAME)).number(1);
      line.version(version, ExtendedAttributes.NONE, null)
          .evidence(new Evidence(-1, Long.MIN_VALUE, 1, true, false));

      ManifestRow.Stored read = (ManifestRow.Stored) parse(text(line));

      assertThat(read.version().linkTarget()).isEqualTo(any);
      assertThat(read.version().mtimeNs()).isEqualTo(Long.MIN_VALUE);
      assertThat(read.version().uid()).isEqualTo(-1);
      assertThat(read.version().rdev()).isEqualTo(-7);
      assertThat(read.evidence()).isEqualTo(new Evidence(-1, Long.MIN_VALUE, 1, true, false));
    }
  }

  @Test
  void parse_givesBack_whatTheGuardFound() {
    List<Hold> holds =
        List.of(
            new Hold(Hold.Kind.LOST, 3, 7, List.of()),
            new Hold(Hold.Kind.UNMOUNTED, 1, 1, List.of(FilePath.of("/a,b".getBytes(US_ASCII)))));
    for (String reason : List.of("-", "x", "", "gone: 3 of 7")) {
      RunSource source =
          new RunSource(
              FilePath.ROOT.child(NAME),
              SourceState.HELD,
              reason,
              Counts.NONE,
              true,
              new Turnover(2, 1),
              holds);
      ManifestText rows = new ManifestText();
      ManifestRows.run(rows, new Run(4, Instant.ofEpochSecond(-1, 5), null, null, List.of(source)));
      List<String> lines = text(rows).lines().toList();

      assertThat(parse(lines.get(0)))
          .isEqualTo(new ManifestRow.Began(4, Instant.ofEpochSecond(-1, 5), null, null));
      assertThat(parse(lines.get(1))).isEqualTo(new ManifestRow.Of(4, source));
    }
  }

  private static String text(ManifestText text) {
    return new String(text.bytes(), 0, text.length(), StandardCharsets.UTF_8);
  }
}
