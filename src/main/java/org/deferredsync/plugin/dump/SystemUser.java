package org.deferredsync.plugin.dump;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.deferredsync.process.Command;
import org.deferredsync.process.CommandRunner;
import org.deferredsync.process.Programs;

/** A user of this system, by whom root can let commands be run. */
record SystemUser(String name, int uid, int gid, String home) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_.-]*\\$?");
  private static final int FIELDS = 7;

  /** Whether text can be a user's name, so that it is no option either. */
  static boolean isName(String text) {
    return NAME.matcher(text).matches();
  }

  /** The user of that name, wherever the system keeps its users. */
  static Optional<SystemUser> find(CommandRunner commands, String name)
      throws InterruptedException {
    List<String> lines = new ArrayList<>();
    if (!isName(name)
        || !commands
            .run(Command.of("getent", "passwd", name), lines::add, line -> {})
            .succeeded()) {
      return Optional.empty();
    }
    String[] fields = String.join("", lines).split(":", -1);
    if (fields.length != FIELDS
        || !fields[2].matches("\\d{1,10}")
        || !fields[3].matches("\\d{1,10}")) {
      return Optional.empty();
    }
    return Optional.of(
        new SystemUser(
            name,
            Integer.parseUnsignedInt(fields[2]),
            Integer.parseUnsignedInt(fields[3]),
            fields[5]));
  }

  /**
   * The command as this user's, with its home and no others' directory. Only root can run it.
   *
   * @param kept variables of the command that the user has to get
   */
  Command run(Command command, List<String> kept) {
    List<String> arguments = new ArrayList<>();
    if (Programs.find("runuser").isPresent()) {
      arguments.addAll(List.of("runuser", "-u", name, "--"));
    } else {
      arguments.addAll(List.of("sudo", "-n", "-H", "-u", name));
      arguments.add("--preserve-env=" + String.join(",", kept));
      arguments.add("--");
    }
    arguments.addAll(command.arguments());
    return new Command(
            arguments,
            command.additions(),
            command.removals(),
            Path.of("/"),
            command.input(),
            command.output(),
            command.timeout())
        .with("HOME", home);
  }
}
