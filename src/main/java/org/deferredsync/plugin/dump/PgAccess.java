package org.deferredsync.plugin.dump;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
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
 * nobody else can list or change, gone when this is closed, or when the next one begins.
 */
final class PgAccess implements AutoCloseable {
  private static final Path RUN = Path.of("/run");
  private static final String FILE = "pgpass";
  private static final String PASSFILE = "PGPASSFILE";

  private final List<String> arguments;
  private final @Nullable SystemUser user;
  private final @Nullable Workplace place;

  private PgAccess(List<String> arguments, @Nullable SystemUser user, @Nullable Workplace place) {
    this.arguments = List.copyOf(arguments);
    this.user = user;
    this.place = place;
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
    Workplace place =
        password.isPresent() && !context.dryRun()
            ? passwordFile(password.get(), user.orElse(null), context.scratch())
            : null;
    return new PgAccess(arguments, user.orElse(null), place);
  }

  private static Workplace passwordFile(String password, @Nullable SystemUser user, Path scratch)
      throws SettingException, IOException {
    if (password.indexOf('\n') >= 0 || password.indexOf('\r') >= 0) {
      throw new SettingException("PG_PASS has the end of a line in it; correct it.");
    }
    Posix posix = Posix.ofSystem();
    // Where the user of the database has to read it, the directory must let it through.
    Path parent = user != null && Files.isWritable(RUN) ? RUN : scratch;
    Workplace place = Workplace.in(posix, parent, "deferred-sync-pgpass-", left -> {});
    try {
      write(posix, place.descriptor(), password, user);
      return place;
    } catch (IOException e) {
      place.close();
      throw e;
    }
  }

  private static void write(Posix posix, int place, String password, @Nullable SystemUser user)
      throws IOException {
    String escaped = password.replace("\\", "\\\\").replace(":", "\\:");
    byte[] line = ("*:*:*:*:" + escaped + "\n").getBytes(StandardCharsets.UTF_8);
    int file = posix.createFile(place, DumpDirectory.bytes(FILE), 0600);
    try {
      posix.write(file, line, 0, line.length);
      if (user != null) {
        posix.setOwner(file, user.uid(), user.gid());
      }
      posix.setMode(place, 0711);
    } finally {
      posix.close(file);
    }
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
    Command told =
        place == null ? command : command.with(PASSFILE, place.path().resolve(FILE).toString());
    return user == null ? told : user.run(told, List.of(PASSFILE, "LC_ALL", "HOME"));
  }

  @Override
  public void close() throws IOException {
    if (place != null) {
      place.close();
    }
  }
}
