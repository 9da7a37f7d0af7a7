package org.deferredsync.plugin.upgrade;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.deferredsync.process.Command;

/**
 * Commands of dnf(8), and of yum(8) with its older options, that ask nothing. Both wait for the
 * lock of another one by themselves; rpm keeps changed configuration files.
 */
record Dnf(String program, List<String> options) {
  /** A package with its version: what a list of them has beside messages. */
  private static final Pattern PACKAGE =
      Pattern.compile("[A-Za-z0-9][A-Za-z0-9._+-]*-(?:[0-9]+:)?[^-\\s]+-[^-\\s]+");

  private static final Duration LIMIT = Duration.ofMinutes(2);

  static Dnf of(String program) {
    // What another program looked up two days ago would do for dnf; yum has no option, and less of
    // it.
    return new Dnf(program, program.equals("yum") ? List.of("-y") : List.of("-y", "--refresh"));
  }

  Command version() {
    return Command.of(program, "--version").within(LIMIT);
  }

  Command act(String... words) {
    return command(options, words).leavingServices();
  }

  /** The same with all that it would write in {@code scratch}. */
  Command simulate(Path scratch, String... words) {
    String log = isYum() ? "logfile=" + scratch.resolve("yum.log") : "logdir=" + scratch;
    return command(
        List.of(
            "--assumeno",
            "--setopt=cachedir=" + scratch.resolve("cache"),
            "--setopt=persistdir=" + scratch.resolve("persist"),
            "--setopt=" + log),
        words);
  }

  /** Whether the line is the end of a simulation that had something to do. */
  static boolean hasRefused(String line) {
    return line.startsWith("Operation aborted") || line.startsWith("Exiting on user command");
  }

  /** Whether it can list old kernels by itself. */
  boolean listsOldKernels() {
    return !isYum();
  }

  /** Prints the kernels, and what else is installed in several versions, but for the newest. */
  Command oldKernels(int count) {
    return command(
        List.of("-q"),
        "repoquery",
        "--installed",
        "--installonly",
        "--latest-limit=-" + count,
        "--qf",
        "%{name}-%{evr}.%{arch}\\n");
  }

  /**
   * Of those listed what may go: nothing of the running kernel.
   *
   * @param running what {@code uname -r} prints; behind a plus sign may stand which kind it is,
   *     such as 64k, which its packages have in their names before the version
   */
  static List<String> removable(List<String> listed, String running) {
    String version = running.replaceFirst("\\+.*", "");
    return listed.stream()
        .filter(line -> PACKAGE.matcher(line).matches())
        .filter(
            name ->
                version.isEmpty()
                    || !(name.endsWith("-" + version) || name.endsWith(":" + version)))
        .distinct()
        .toList();
  }

  Command remove(List<String> packages) {
    List<String> words = new ArrayList<>(List.of("remove", "--"));
    words.addAll(packages);
    return act(words.toArray(String[]::new));
  }

  private boolean isYum() {
    return program.equals("yum");
  }

  private Command command(List<String> before, String... words) {
    List<String> arguments = new ArrayList<>(List.of(program));
    arguments.addAll(before);
    arguments.addAll(List.of(words));
    return Command.of(arguments);
  }
}
