package org.deferredsync.plugin.upgrade;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.deferredsync.process.Command;

/**
 * Commands of apt-get(8) that ask nothing, whatever a package would ask: changed configuration
 * files stay, services are not restarted but listed, and locks of dpkg are waited for.
 */
final class AptGet {
  private static final Map<String, String> ENVIRONMENT =
      Map.of(
          "DEBIAN_FRONTEND", "noninteractive",
          "APT_LISTCHANGES_FRONTEND", "none",
          "APT_LISTBUGS_FRONTEND", "none",
          "NEEDRESTART_MODE", "l",
          "UCF_FORCE_CONFFOLD", "1");

  private static final List<String> OPTIONS =
      List.of(
          "Dpkg::Use-Pty=0",
          "DPkg::Lock::Timeout=" + Steps.PATIENCE.toSeconds(),
          "Dpkg::Options::=--force-confdef",
          "Dpkg::Options::=--force-confold",
          // An index that could not be fetched is a failure, not one that did not change.
          "APT::Update::Error-Mode=any");

  /** A simulation would write a log of its planner, and caches of what it has read. */
  private static final List<String> WRITING_NOTHING =
      List.of("Dir::Log::Planner=/dev/null", "Dir::Cache::pkgcache=", "Dir::Cache::srcpkgcache=");

  private AptGet() {}

  /** A command that changes the system. */
  static Command act(String... words) {
    return command("-y", OPTIONS, words).leavingServices();
  }

  /** The same as a simulation, which needs no lock and changes nothing. */
  static Command simulate(String... words) {
    List<String> options = new ArrayList<>(OPTIONS);
    options.addAll(WRITING_NOTHING);
    return command("-s", options, words);
  }

  static Command act(String verb, List<String> packages) {
    return act(words(verb, packages));
  }

  static Command simulate(String verb, List<String> packages) {
    return simulate(words(verb, packages));
  }

  private static String[] words(String verb, List<String> packages) {
    List<String> words = new ArrayList<>(List.of(verb, "--"));
    words.addAll(packages);
    return words.toArray(String[]::new);
  }

  private static Command command(String mode, List<String> options, String... words) {
    List<String> arguments = new ArrayList<>(List.of("apt-get", "-q", mode));
    for (String option : options) {
      arguments.add("-o");
      arguments.add(option);
    }
    arguments.addAll(List.of(words));
    return Command.of(arguments).with(ENVIRONMENT).without(Set.of("APT_CONFIG"));
  }
}
