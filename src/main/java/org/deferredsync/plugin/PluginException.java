package org.deferredsync.plugin;

/**
 * A plugin cannot go on: the code to return and the one line that says what, where and what to do.
 */
public final class PluginException extends Exception {
  private static final long serialVersionUID = 1L;

  private final ReturnCode code;

  public PluginException(ReturnCode code, String message) {
    super(message);
    this.code = code;
  }

  public PluginException(ReturnCode code, String message, Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  public ReturnCode code() {
    return code;
  }
}
