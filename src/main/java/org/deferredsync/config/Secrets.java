package org.deferredsync.config;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Map;
import java.util.Optional;
import org.deferredsync.logging.Printable;

/**
 * Where passwords come from, the first that there is: the file that KEY_FILE names, a credential
 * KEY of the service manager (systemd.exec(5)), the setting KEY, the variable KEY of the process.
 */
public final class Secrets {
  private static final long LONGEST = 64 << 10;

  private final Settings settings;
  private final Map<String, String> environment;
  private final TrustedPath trust;

  /**
   * @param environment what the process was started with
   * @param trust tells whether others could change a file
   */
  public Secrets(Settings settings, Map<String, String> environment, TrustedPath trust) {
    this.settings = settings;
    this.environment = Map.copyOf(environment);
    this.trust = trust;
  }

  /**
   * The secret, nothing where none is given or it is empty. The end of a file's line does not
   * belong to it.
   *
   * @throws SettingException if the file or credential cannot be read, or others could change it,
   *     or everybody could read the file
   */
  public Optional<String> find(String key) throws SettingException {
    Optional<Path> file = settings.path(key + "_FILE");
    if (file.isPresent()) {
      Optional<String> complaint = trust.complaint(file.get());
      if (complaint.isPresent()) {
        throw settings.invalid(key + "_FILE", "is not trusted: " + complaint.get());
      }
      try {
        if (isReadableByAll(file.get())) {
          throw settings.invalid(
              key + "_FILE", "can be read by everybody: chmod 600 " + shown(file.get()));
        }
      } catch (IOException e) {
        throw unreadable(key + "_FILE", file.get(), e);
      }
      return read(key + "_FILE", file.get());
    }
    String credentials = environment.getOrDefault("CREDENTIALS_DIRECTORY", "");
    if (credentials.startsWith("/") && Files.exists(Path.of(credentials, key))) {
      return read(key, Path.of(credentials, key));
    }
    boolean unset = settings.origin(key).equals("default");
    String variable = environment.getOrDefault(key, "");
    return nonEmpty(unset && !variable.isEmpty() ? variable : settings.text(key));
  }

  /** A group that is to read it is the operator's affair. */
  static boolean isReadableByAll(Path file) throws IOException {
    return Files.getPosixFilePermissions(file).contains(PosixFilePermission.OTHERS_READ);
  }

  private static Optional<String> read(String key, Path file) throws SettingException {
    try {
      if (!Files.isRegularFile(file) || Files.size(file) > LONGEST) {
        throw new SettingException(
            key + ": " + shown(file) + " is not a file of at most 64 KiB; correct it");
      }
      String text = Files.readString(file, StandardCharsets.UTF_8);
      return nonEmpty(text.replaceFirst("\\r?\\n\\z", ""));
    } catch (IOException e) {
      throw unreadable(key, file, e);
    }
  }

  private static SettingException unreadable(String key, Path file, IOException e) {
    return new SettingException(
        key + ": " + shown(file) + " cannot be read as text (" + Printable.of(e.toString()) + ")");
  }

  private static Optional<String> nonEmpty(String text) {
    return text.isEmpty() ? Optional.empty() : Optional.of(text);
  }

  private static String shown(Path file) {
    return Printable.of(file.toString());
  }
}
