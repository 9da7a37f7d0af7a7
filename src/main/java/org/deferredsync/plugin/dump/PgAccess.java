package org.deferredsync.plugin.dump;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.deferredsync.config.KnownSettings;
import org.deferredsync.config.Secrets;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.Settings;
import org.deferredsync.fs.Posix;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.process.Command;
import org.jspecify.annotations.Nullable;

/**
 * How to reach the server, and as whom: PG_USER by runuser where we are root and there is such a
 * user, else as we are. A password is in a file that only that user can read, in a directory that
 * nobody else can list or change, gone when this is closed.
 */
final class PgAccess implements AutoCloseable {
  private static final Path RUN = Path.of("/run");
  private static final String FILE = "pgpass";
  private static final String PASSFILE = "PGPASSFILE";

  private final List<String> arguments;
  private final @Nullable SystemUser user;
  private final @Nullable Path directory;

  private PgAccess(List<String> arguments, @Nullable SystemUser user, @Nullable Path directory) {
    this.arguments = List.copyOf(arguments);
    this.user = user;
    this.directory = directory;
  }

  static PgAccess of(PluginContext context)
      throws SettingException, IOException, InterruptedException {
    Settings settings = context.settings();
    String name = settings.required("PG_USER");
    if (!SystemUser.isName(name)) {
      throw settings.invalid("PG_USER", "cannot be a user's name; correct it");
    }
    String host = settings.text("PG_HOST").strip();
    if (host.startsWith("-")) {
      throw settings.invalid("PG_HOST", "begins with - and would be an option; correct it");
    }
    boolean root = Posix.ofSystem().effectiveUser() == 0;
    Optional<SystemUser> user = root ? SystemUser.find(context.commands(), name) : Optional.empty();
    if (root && user.isEmpty() && host.isEmpty()) {
      throw settings.invalid("PG_USER", "is no user of this system; correct it");
    }
    List<String> arguments = new ArrayList<>(List.of("--no-password"));
    if (!host.isEmpty()) {
      arguments.add("--host=" + host);
    }
    int port = KnownSettings.port(settings, "PG_PORT");
    if (port != 0) {
      arguments.add("--port=" + port);
    }
    if (root || !host.isEmpty() || !settings.origin("PG_USER").equals("default")) {
      arguments.add("--username=" + name);
    }
    Optional<String> password =
        new Secrets(settings, context.environment(), context.trust()).find("PG_PASS");
    Path directory =
        password.isPresent() && !context.dryRun()
            ? passwordFile(password.get(), user.orElse(null), context.scratch())
            : null;
    return new PgAccess(arguments, user.orElse(null), directory);
  }

  private static Path passwordFile(String password, @Nullable SystemUser user, Path scratch)
      throws SettingException, IOException {
    if (password.indexOf('\n') >= 0 || password.indexOf('\r') >= 0) {
      throw new SettingException("PG_PASS has the end of a line in it; correct it.");
    }
    // Where the user of the database has to read it, the directory must let it through.
    Path directory =
        Files.createTempDirectory(
            user != null && Files.isWritable(RUN) ? RUN : scratch,
            "deferred-sync-",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx--x--x")));
    try {
      write(directory, password, user);
      return directory;
    } catch (IOException e) {
      remove(directory);
      throw e;
    }
  }

  private static void write(Path directory, String password, @Nullable SystemUser user)
      throws IOException {
    String escaped = password.replace("\\", "\\\\").replace(":", "\\:");
    byte[] line = ("*:*:*:*:" + escaped + "\n").getBytes(StandardCharsets.UTF_8);
    Posix posix = Posix.ofSystem();
    int open = posix.openPath(DumpDirectory.bytes(directory.toString()));
    try {
      int file = posix.createFile(open, DumpDirectory.bytes(FILE), 0600);
      try {
        posix.write(file, line, 0, line.length);
        if (user != null) {
          posix.setOwner(file, user.uid(), user.gid());
        }
        posix.setMode(open, 0711);
      } finally {
        posix.close(file);
      }
    } finally {
      posix.close(open);
    }
  }

  private static void remove(Path directory) throws IOException {
    Files.deleteIfExists(directory.resolve(FILE));
    Files.deleteIfExists(directory);
  }

  /** A client's command: the program, how to reach the server, and what is left to say. */
  Command command(String program, String... rest) {
    List<String> all = new ArrayList<>(List.of(program));
    all.addAll(arguments);
    all.addAll(List.of(rest));
    return asUser(Command.of(all));
  }

  /** A command by the same user that does not need the server. */
  Command asUser(Command command) {
    Path known = directory;
    Command told = known == null ? command : command.with(PASSFILE, known.resolve(FILE).toString());
    return user == null ? told : user.run(told, List.of(PASSFILE, "LC_ALL", "HOME"));
  }

  @Override
  public void close() throws IOException {
    if (directory != null) {
      remove(directory);
    }
  }
}
