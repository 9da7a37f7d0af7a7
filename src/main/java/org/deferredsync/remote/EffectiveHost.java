package org.deferredsync.remote;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What ssh would do for a host, as {@code ssh -G} prints it: ssh_config read by ssh itself.
 *
 * @param alias the name under which the host's key is known
 * @param jumps whether ssh reaches it by another host or program
 * @param identities files of private keys, in ssh's order
 * @param knownHosts files of host keys
 * @param agent the socket of the agent, {@code SSH_AUTH_SOCK} for the usual one, or {@code none}
 */
record EffectiveHost(
    String user,
    String host,
    int port,
    String alias,
    boolean jumps,
    List<String> identities,
    List<String> knownHosts,
    String agent) {
  EffectiveHost {
    identities = List.copyOf(identities);
    knownHosts = List.copyOf(knownHosts);
  }

  /** Reads the lines of {@code ssh -G}. */
  static EffectiveHost of(List<String> lines, RemoteHost asked, Map<String, String> environment) {
    Map<String, List<String>> values = new HashMap<>();
    for (String line : lines) {
      String[] words = line.split(" ", 2);
      if (words.length == 2) {
        values
            .computeIfAbsent(words[0].toLowerCase(Locale.ROOT), key -> new ArrayList<>())
            .add(words[1]);
      }
    }
    String home = environment.getOrDefault("HOME", System.getProperty("user.home", "/"));
    List<String> knownHosts = new ArrayList<>();
    for (String key : List.of("userknownhostsfile", "globalknownhostsfile")) {
      values
          .getOrDefault(key, List.of())
          .forEach(files -> knownHosts.addAll(List.of(files.split(" "))));
    }
    String port = one(values, "port", "22");
    return new EffectiveHost(
        one(values, "user", asked.user()),
        one(values, "hostname", asked.host()),
        port.matches("[0-9]{1,5}") ? Integer.parseInt(port) : 22,
        one(values, "hostkeyalias", ""),
        isSet(values, "proxyjump") || isSet(values, "proxycommand"),
        values.getOrDefault("identityfile", List.of()).stream()
            .map(file -> expand(file, home))
            .toList(),
        knownHosts.stream().map(file -> expand(file, home)).toList(),
        expand(one(values, "identityagent", "SSH_AUTH_SOCK"), home));
  }

  private static String expand(String file, String home) {
    return file.startsWith("~/") ? home + file.substring(1) : file;
  }

  private static String one(Map<String, List<String>> values, String key, String otherwise) {
    List<String> found = values.getOrDefault(key, List.of());
    return found.isEmpty() ? otherwise : found.get(0);
  }

  private static boolean isSet(Map<String, List<String>> values, String key) {
    return !one(values, key, "none").equals("none");
  }
}
