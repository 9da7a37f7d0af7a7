package org.deferredsync.config;

/**
 * One setting.
 *
 * @param standard its default, as it would stand between double quotes in {@code sync.conf}
 * @param description one line: what it is for
 * @param check what its value must satisfy for those who need it
 */
public record KnownSetting(String key, String standard, String description, Check check) {
  /** Whether a variable of the process holds where the file says nothing. */
  boolean fromEnvironment() {
    return key.equals("SERVER_ALIVE_CHECK");
  }

  static KnownSetting setting(String key, String standard, String description, Check check) {
    return new KnownSetting(key, standard, description, check);
  }

  static KnownSetting setting(String key, String standard, String description) {
    return setting(key, standard, description, Check.ANY);
  }

  /** What the value of a setting must satisfy. */
  @FunctionalInterface
  public interface Check {
    /** Any text. */
    Check ANY = (settings, key) -> {};

    /** An absolute path. */
    Check PATH =
        (settings, key) -> {
          settings.required(key);
          settings.path(key);
        };

    /** An absolute path or nothing. */
    Check PATH_OR_EMPTY = Settings::path;

    /**
     * Looks at the value.
     *
     * @throws SettingException if it does not satisfy
     */
    void check(Settings settings, String key) throws SettingException;
  }
}
