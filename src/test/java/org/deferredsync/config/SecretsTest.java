package org.deferredsync.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SecretsTest {
  @TempDir Path directory;

  private static Optional<String> find(Map<String, String> settings, Map<String, String> variables)
      throws SettingException {
    Map<String, Settings.Value> values = new TreeMap<>();
    settings.forEach((key, text) -> values.put(key, new Settings.Value(text, "sync.conf:1")));
    return new Secrets(new Settings(values), variables, TrustedPath.ofProcess()).find("DB_PASS");
  }

  private Path file(String text) throws Exception {
    return Files.writeString(directory.resolve("DB_PASS"), text);
  }

  @Test
  void secret_isTheFirstThatThereIs() throws Exception {
    Map<String, String> credentials =
        Map.of("CREDENTIALS_DIRECTORY", directory.toString(), "DB_PASS", "variable");
    assertThat(find(Map.of(), Map.of())).isEmpty();
    assertThat(find(Map.of(), credentials)).contains("variable");
    assertThat(find(Map.of("DB_PASS", "setting"), credentials)).contains("setting");
    assertThat(find(Map.of("DB_PASS", ""), credentials)).isEmpty();
    Path credential = file("credential\n");
    assertThat(find(Map.of("DB_PASS", "setting"), credentials)).contains("credential");
    Path own = Files.writeString(directory.resolve("own"), " own\\\n\n");
    Files.setPosixFilePermissions(own, PosixFilePermissions.fromString("rw-r-----"));
    assertThat(find(Map.of("DB_PASS", "x", "DB_PASS_FILE", own.toString()), credentials))
        .contains(" own\\\n");
    assertThat(credential).exists();
  }

  @Test
  void file_thatCannotBeReadOrTrusted_isAnError_withoutTheSecret() throws Exception {
    Path file = file("topsecret");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));
    assertThatThrownBy(() -> find(Map.of("DB_PASS_FILE", file.toString()), Map.of()))
        .isInstanceOf(SettingException.class)
        .hasMessageContaining("sync.conf:1: DB_PASS_FILE=")
        .hasMessageContaining("writable by everybody")
        .hasMessageNotContaining("topsecret");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    assertThatThrownBy(() -> find(Map.of("DB_PASS_FILE", file.toString()), Map.of()))
        .isInstanceOf(SettingException.class)
        .hasMessage(
            "sync.conf:1: DB_PASS_FILE=\""
                + file
                + "\" can be read by everybody: chmod 600 "
                + file);
    assertThatThrownBy(() -> find(Map.of("DB_PASS_FILE", directory + "/none"), Map.of()))
        .hasMessageContaining("does not exist");
    Files.delete(file);
    Files.write(file, new byte[] {(byte) 0xff});
    assertThatThrownBy(() -> find(Map.of(), Map.of("CREDENTIALS_DIRECTORY", directory.toString())))
        .hasMessageContaining("cannot be read as text");
  }
}
