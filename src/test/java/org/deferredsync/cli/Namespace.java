package org.deferredsync.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deferredsync.cli.Operator.Ran;

/**
 * Where an operator's shell has mounts or a network of its own, and finds the program by its name;
 * what it changes of them ends with it.
 */
final class Namespace {
  private final Operator operator;
  private final List<String> options;
  private final Path programs;

  /**
   * @param options of unshare(1): what is its own
   */
  Namespace(Operator operator, String... options) throws IOException {
    this.operator = operator;
    this.options = List.of(options);
    this.programs = Files.createDirectories(operator.scratch.resolve("bin"));
    program("deferred-sync", operator.command());
  }

  /** Gives a command line a name. */
  void program(String name, List<String> command) throws IOException {
    String words = command.stream().map(word -> "'" + word + "'").collect(Collectors.joining(" "));
    operator.trusted(programs.resolve(name), "#!/bin/sh\nexec " + words + " \"$@\"\n");
  }

  /**
   * Runs lines of shell, which know the scratch directory and the configuration by SCRATCH and
   * CONFIGURATION.
   *
   * @param more variables, by name
   */
  Ran run(Map<String, String> more, String script) throws Exception {
    Map<String, String> environment = new TreeMap<>();
    environment.put("LC_ALL", "C.UTF-8");
    environment.put("PATH", programs + ":/usr/sbin:/usr/bin:/sbin:/bin");
    environment.put("SCRATCH", operator.scratch.toString());
    environment.put("CONFIGURATION", operator.configuration().toString());
    environment.putAll(more);
    return operator.process(
        environment,
        Stream.of(List.of("unshare"), options, List.of("/bin/sh", "-c", script))
            .flatMap(List::stream)
            .toList());
  }
}
