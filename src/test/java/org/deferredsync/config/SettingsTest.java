package org.deferredsync.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SettingsTest {
  private static Settings of(String text) {
    return new Settings(Map.of("KEY", new Settings.Value(text, "f:7")));
  }

  @ParameterizedTest
  @CsvSource({"0, PT0S", "0d, PT0S", "90s, PT90S", "30m, PT30M", "' 24h ', PT24H", "7d, PT168H"})
  void duration_readsNumberAndUnit(String text, Duration expected) throws Exception {
    assertThat(of(text).duration("KEY", Duration.ZERO, Duration.ofDays(7))).isEqualTo(expected);
    assertThat(DurationText.parse(DurationText.of(expected))).hasValue(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "5", "-1s", "1.5h", "1h30m", "1w", "h", "1 h", "1H", "9999999999s"})
  void duration_refusesAnythingElse(String text) {
    assertThatThrownBy(() -> of(text).duration("KEY", Duration.ZERO, Duration.ofDays(7)))
        .isInstanceOf(SettingException.class)
        .hasMessage(
            "f:7: KEY=\""
                + text
                + "\" is not a time; write a whole number and s, m, h or d, such as 30m, or 0");
  }

  @Test
  void duration_namesTheRange() {
    for (String text : List.of("59s", "8d", "0")) {
      assertThatThrownBy(
              () -> of(text).duration("KEY", Duration.ofMinutes(1), Duration.ofHours(36)))
          .hasMessage("f:7: KEY=\"" + text + "\" is not from 1m to 36h");
    }
  }

  @Test
  void path_isAbsoluteOrNothing() throws Exception {
    assertThat(of(" /a b/c\n").path("KEY")).hasValue(Path.of("/a b/c"));
    assertThat(of(" ").path("KEY")).isEqualTo(Optional.empty());
    assertThatThrownBy(() -> of("a").path("KEY"))
        .hasMessage("f:7: KEY=\"a\" is not an absolute path; begin it with /");
  }

  @Test
  void invalid_hidesSecrets() {
    Settings settings = new Settings(Map.of("A_PASS", new Settings.Value("hunter2", "f:1")));
    assertThat(settings.invalid("A_PASS", "is too short")).hasMessage("f:1: A_PASS is too short");
  }

  @Test
  void isSecret_goesByTheEndOfTheName() {
    assertThat(List.of("MYSQL_PASS", "A_PASSWORD", "A_TOKEN", "a_token"))
        .allMatch(Settings::isSecret);
    assertThat(List.of("MYSQL_USER", "MYSQL_PASS_FILE", "PASSAGE")).noneMatch(Settings::isSecret);
  }

  @Test
  void text_isEmpty_forAKeyThatIsNotThere() {
    assertThat(of("x").text("OTHER")).isEmpty();
    assertThat(of("x").origin("KEY")).isEqualTo("f:7");
    assertThat(of("x").list("OTHER")).isEmpty();
    assertThat(of("\n a\tb \r\n").list("KEY")).containsExactly("a", "b");
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "1, 1",
    "' 10k ', 10240",
    "500M, 524288000",
    "2G, 2147483648",
    "3t, 3298534883328"
  })
  void excludeLargerThan_readsNumberAndUnit(String text, long expected) throws Exception {
    assertThat(BackupKeys.excludeLargerThan(larger(text))).hasValue(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"-1", "1.5G", "10 M", "1MB", "M", "none", "9999999999999999", "99999999999T"})
  void excludeLargerThan_refusesAnythingElse(String text) {
    assertThatThrownBy(() -> BackupKeys.excludeLargerThan(larger(text)))
        .isInstanceOf(SettingException.class)
        .hasMessageStartingWith("f:7: EXCLUDE_LARGER_THAN=\"" + text + "\" is not a size; write");
  }

  private static Settings larger(String text) {
    return new Settings(Map.of("EXCLUDE_LARGER_THAN", new Settings.Value(text, "f:7")));
  }

  @Test
  void excludeIfPresent_takesNames_andNoPaths() throws Exception {
    assertThat(BackupKeys.excludeIfPresent(present(".nobackup  .no-backup")))
        .containsExactly(".nobackup", ".no-backup");
    for (String path : List.of("a/b", "/a", ".", "..")) {
      assertThatThrownBy(() -> BackupKeys.excludeIfPresent(present("x " + path)))
          .isInstanceOf(SettingException.class)
          .hasMessageContaining("names " + path + ", which is a path");
    }
  }

  private static Settings present(String text) {
    return new Settings(Map.of("EXCLUDE_IF_PRESENT", new Settings.Value(text, "f:7")));
  }
}
