package org.deferredsync.config;

/** A setting that is absent or malformed: the one line names file, line, key, cause and remedy. */
public final class SettingException extends Exception {
  private static final long serialVersionUID = 1L;

  public SettingException(String message) {
    super(message);
  }
}
