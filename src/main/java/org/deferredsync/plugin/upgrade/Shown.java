package org.deferredsync.plugin.upgrade;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.deferredsync.plugin.PluginContext;

/** Configuration files of package managers as records, without the passwords in them. */
final class Shown {
  private static final Pattern USER = Pattern.compile("(?<=://)[^/\\s]*@");
  private static final Pattern PASSWORD =
      Pattern.compile("(?i)(\\b\\w*(?:password|username)\\s*=\\s*)\\S.*");

  private final PluginContext context;

  Shown(PluginContext context) {
    this.context = context;
  }

  /** Shows the file if it is there. */
  void show(Path file) throws IOException {
    if (Files.isRegularFile(file)) {
      context.log().info("{}:", file);
      context.show(file, Shown::masked);
    }
  }

  static String masked(String line) {
    return PASSWORD
        .matcher(USER.matcher(line).replaceAll("(not shown)@"))
        .replaceAll("$1(not shown)");
  }
}
