package org.deferredsync.remote;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.deferredsync.process.Command;
import org.deferredsync.process.CommandResult;
import org.deferredsync.process.CommandRunner;

/**
 * The system's rsync to and from one host: arguments as lists, all metadata, numeric owners. Names
 * of files never stand on a command line; they go through {@code --files-from}.
 */
final class Rsync {
  /** What rsync says of a directory that it did not delete since something in it stayed. */
  static final String NOT_EMPTY = "cannot delete non-empty directory";

  private static final int MOST_ERRORS = 20;
  private static final int MOST_LINES = 10_000;
  private static final Pattern FIGURE = Pattern.compile("([A-Z][A-Za-z ]+): ([0-9]+).*");

  private final CommandRunner commands;
  private final RemoteHost host;
  private final SshSettings ssh;
  private final String bandwidth;
  private final boolean dryRun;
  private final boolean restricted;
  private final Consumer<String> errors;

  /**
   * @param bandwidth as rsync's {@code --bwlimit} takes it; empty for no limit
   * @param errors takes each line of standard error
   */
  Rsync(
      CommandRunner commands,
      RemoteHost host,
      SshSettings ssh,
      String bandwidth,
      boolean dryRun,
      Consumer<String> errors) {
    this(commands, host, ssh, bandwidth, dryRun, false, errors);
  }

  private Rsync(
      CommandRunner commands,
      RemoteHost host,
      SshSettings ssh,
      String bandwidth,
      boolean dryRun,
      boolean restricted,
      Consumer<String> errors) {
    this.commands = commands;
    this.host = host;
    this.ssh = ssh;
    this.bandwidth = bandwidth;
    this.dryRun = dryRun;
    this.restricted = restricted;
    this.errors = errors;
  }

  /**
   * The same for a host where rrsync(1) runs instead, which refuses to be told that parts of a
   * second count.
   */
  Rsync restricted() {
    return new Rsync(commands, host, ssh, bandwidth, dryRun, true, errors);
  }

  /** The same, which complains to nobody: for questions whose answer may be no. */
  Rsync asking() {
    return new Rsync(commands, host, ssh, bandwidth, dryRun, restricted, line -> {});
  }

  /** The same, which changes nothing. */
  Rsync trying() {
    return new Rsync(commands, host, ssh, bandwidth, true, restricted, errors);
  }

  RemoteHost host() {
    return host;
  }

  /** Sends {@code source}, a path here, with these further options. */
  RsyncResult send(List<String> options, String source, RemotePath target, boolean contents)
      throws InterruptedException {
    return run(options, new byte[0], List.of(source), directory(target, contents));
  }

  /** Sends what lies in several directories here, which become one. */
  RsyncResult send(List<String> options, List<String> sources, RemotePath target)
      throws InterruptedException {
    return run(options, new byte[0], sources, directory(target, true));
  }

  /** Sends the files whose names below {@code source} are listed, each ended by a NUL. */
  RsyncResult sendListed(List<String> options, byte[] names, String source, RemotePath target)
      throws InterruptedException {
    List<String> all = new ArrayList<>(List.of("--files-from=-", "--from0"));
    all.addAll(options);
    return run(all, names, List.of(source + "/"), directory(target, true));
  }

  /** Fetches what lies in {@code source} there into {@code target}, a directory here. */
  RsyncResult fetch(List<String> options, RemotePath source, boolean contents, String target)
      throws InterruptedException {
    return run(options, new byte[0], List.of(directory(source, contents)), target);
  }

  /** Fetches the files whose names below {@code source} are listed, each ended by a NUL. */
  RsyncResult fetchListed(List<String> options, byte[] names, RemotePath source, String target)
      throws InterruptedException {
    List<String> all = new ArrayList<>(List.of("--files-from=-", "--from0"));
    all.addAll(options);
    return run(all, names, List.of(directory(source, true)), target);
  }

  private String directory(RemotePath path, boolean contents) {
    String location = host.location(path);
    return contents && !location.endsWith("/") ? location + "/" : location;
  }

  private RsyncResult run(List<String> options, byte[] input, List<String> from, String to)
      throws InterruptedException {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "rsync",
                "-aHAXS",
                "--numeric-ids",
                "--no-human-readable",
                "--stats",
                "--timeout=" + 3 * ssh.seconds(),
                "--rsh=" + new SshCommand(ssh).asOneWord(host)));
    if (!restricted) {
      arguments.add("--modify-window=-1"); // else times that differ within a second are equal
    }
    if (!bandwidth.isEmpty()) {
      arguments.add("--bwlimit=" + bandwidth);
    }
    if (dryRun) {
      arguments.add("--dry-run");
    }
    arguments.addAll(options);
    arguments.add("--");
    arguments.addAll(from);
    arguments.add(to);
    Map<String, Long> figures = new HashMap<>();
    List<String> output = new ArrayList<>();
    List<String> said = new ArrayList<>();
    CommandResult result =
        commands.run(
            Command.of(arguments).reading(input),
            line -> {
              read(line, figures);
              if (output.size() < MOST_LINES) {
                output.add(line);
              }
            },
            line -> {
              errors.accept(line);
              int most = RsyncResult.tellsOfLimit(line) ? MOST_ERRORS + 1 : MOST_ERRORS;
              if (said.size() < most && !line.isBlank()) {
                said.add(line);
              }
            });
    return new RsyncResult(result, figures, output, said);
  }

  private static void read(String line, Map<String, Long> figures) {
    if (line.startsWith(NOT_EMPTY)) {
      figures.merge(NOT_EMPTY, 1L, Long::sum);
    }
    Matcher matcher = FIGURE.matcher(line);
    if (matcher.matches() && matcher.group(2).length() < 19) {
      figures.put(matcher.group(1), Long.parseLong(matcher.group(2)));
    }
  }
}
