package org.deferredsync.plugin.dump;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.deferredsync.config.KnownSettings;
import org.deferredsync.config.Secrets;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.Settings;
import org.deferredsync.plugin.PluginContext;

/**
 * How to reach the server: an option file that only we can read, in a directory that only we can
 * enter, which says what the settings say over what the client's own files say. It is gone when
 * this is closed.
 */
final class MysqlAccess implements AutoCloseable {
  private static final List<String> OWN_FILES = List.of("/etc/my.cnf", "/etc/mysql/my.cnf");

  private static final Path NONE = Path.of("/dev/null");

  private final Path file;

  private MysqlAccess(Path file) {
    this.file = file;
  }

  /** Writes the file; in a dry run, which reaches nothing, it is only found that one could be. */
  static MysqlAccess of(PluginContext context) throws SettingException, IOException {
    String text = text(context);
    if (context.dryRun()) {
      return new MysqlAccess(NONE);
    }
    Path file =
        Files.createTempFile(
            context.scratch(),
            "client-",
            ".cnf",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      Files.deleteIfExists(file);
      throw e;
    }
    return new MysqlAccess(file);
  }

  private static String text(PluginContext context) throws SettingException {
    Settings settings = context.settings();
    StringBuilder text = new StringBuilder();
    for (String own : OWN_FILES) {
      include(text, Path.of(own));
    }
    String home = context.environment().getOrDefault("HOME", "");
    if (home.startsWith("/")) {
      include(text, Path.of(home, ".my.cnf"));
    }
    text.append("[client]\n");
    add(text, "user", settings.text("MYSQL_USER").strip());
    add(text, "host", settings.text("MYSQL_HOST").strip());
    int port = KnownSettings.port(settings, "MYSQL_PORT");
    add(text, "port", port == 0 ? "" : Integer.toString(port));
    Optional<Path> socket = settings.path("MYSQL_SOCKET");
    add(text, "socket", socket.map(Path::toString).orElse(""));
    Optional<String> password =
        new Secrets(settings, context.environment(), context.trust()).find("MYSQL_PASS");
    add(text, "password", password.orElse(""));
    return text.toString();
  }

  private static void include(StringBuilder text, Path file) {
    if (Files.isReadable(file)) {
      text.append("!include ").append(file).append('\n');
    }
  }

  /** A value as my_print_defaults(1) reads it back. */
  private static void add(StringBuilder text, String key, String value) throws SettingException {
    if (value.isEmpty()) {
      return;
    }
    if (value.codePoints().anyMatch(c -> c < ' ' || c == 0x7f)) {
      throw new SettingException("The " + key + " for the server has a control character in it.");
    }
    String quoted = value.replace("\\", "\\\\").replace("\"", "\\\"");
    text.append(key).append("=\"").append(quoted).append("\"\n");
  }

  /** The argument by which a client reads it; the first one. */
  String argument() {
    return "--defaults-file=" + file;
  }

  @Override
  public void close() throws IOException {
    if (!file.equals(NONE)) {
      Files.deleteIfExists(file);
    }
  }
}
