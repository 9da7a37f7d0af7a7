package org.deferredsync.process;

import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One program to run: a list of arguments that no shell ever sees. The first is a plain name,
 * looked up in {@link ChildEnvironment#PATH}, or an absolute path.
 *
 * @param additions variables set over the inherited environment
 * @param removals variables that the child does not get
 * @param directory where it runs; null for the directory of this process
 * @param input what it reads on its standard input
 * @param output what takes its standard output as bytes; null where it is read as lines
 * @param timeout how long it may run
 */
public record Command(
    List<String> arguments,
    Map<String, String> additions,
    Set<String> removals,
    @Nullable Path directory,
    Feed input,
    @Nullable ByteSink output,
    Duration timeout) {
  /** Longer than PLUGIN_TIMEOUT can be, which bounds the commands of a plugin. */
  private static final Duration LONGEST = Duration.ofDays(366);

  /** The variable that tells a command's processes that services which they start may stay. */
  private static final String SERVICES = "DEFERRED_SYNC_SERVICES";

  public Command {
    arguments = List.copyOf(arguments);
    additions = Map.copyOf(additions);
    removals = Set.copyOf(removals);
    if (arguments.isEmpty() || arguments.get(0).isEmpty()) {
      throw new IllegalArgumentException("a command without a program");
    }
    String program = arguments.get(0);
    if (program.indexOf('/') > 0) {
      throw new IllegalArgumentException("a program with a relative path: " + program);
    }
    for (String argument : arguments) {
      if (argument.indexOf('\0') >= 0) {
        throw new IllegalArgumentException("an argument with a NUL for " + program);
      }
    }
    if (timeout.isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException("a timeout that is not positive: " + timeout);
    }
  }

  /** The program with these arguments, no input and the time that its caller has. */
  public static Command of(String... arguments) {
    return of(List.of(arguments));
  }

  /** The same for a list. */
  public static Command of(List<String> arguments) {
    return new Command(arguments, Map.of(), Set.of(), null, Feed.NOTHING, null, LONGEST);
  }

  /** The program: the first argument. */
  public String program() {
    return arguments.get(0);
  }

  public Command with(String variable, String value) {
    Map<String, String> more = new LinkedHashMap<>(additions);
    more.put(variable, value);
    return with(more);
  }

  /** With these additions instead of any before. */
  public Command with(Map<String, String> variables) {
    return new Command(arguments, variables, removals, directory, input, output, timeout);
  }

  public Command without(Set<String> variables) {
    return new Command(arguments, additions, variables, directory, input, output, timeout);
  }

  public Command in(Path newDirectory) {
    return new Command(arguments, additions, removals, newDirectory, input, output, timeout);
  }

  /** Reading those bytes, which are not to be changed. */
  public Command reading(byte[] newInput) {
    return reading(input -> input.write(newInput));
  }

  public Command reading(Feed newInput) {
    return new Command(arguments, additions, removals, directory, newInput, output, timeout);
  }

  /** With its standard output as bytes for {@code newOutput}. */
  public Command writingTo(ByteSink newOutput) {
    return new Command(arguments, additions, removals, directory, input, newOutput, timeout);
  }

  public Command within(Duration newTimeout) {
    return new Command(arguments, additions, removals, directory, input, output, newTimeout);
  }

  /**
   * The same for a program that starts services of the system: what it leaves running when it ends
   * by itself goes on.
   */
  public Command leavingServices() {
    return with(SERVICES, "stay");
  }

  boolean leavesServices() {
    return additions.containsKey(SERVICES);
  }

  /** The program and its arguments for people; never for a shell. */
  @Override
  public String toString() {
    return String.join(" ", arguments);
  }
}
