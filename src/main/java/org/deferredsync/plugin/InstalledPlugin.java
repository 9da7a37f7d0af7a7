package org.deferredsync.plugin;

/**
 * A plugin that can be selected.
 *
 * @param origin where it comes from: {@code built-in}, or the path of the file
 */
public record InstalledPlugin(Plugin plugin, String origin) {
  static final String BUILT_IN = "built-in";

  public boolean isBuiltIn() {
    return origin.equals(BUILT_IN);
  }
}
