package org.deferredsync.process;

import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The environment of child processes: what we were started with, less everything by which it could
 * make a trusted program run foreign code, and less the secrets.
 */
public final class ChildEnvironment {
  /** Where programs are looked for, here and by every child. */
  public static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private static final Set<String> DROPPED =
      Set.of(
          "JAVA_TOOL_OPTIONS",
          "_JAVA_OPTIONS",
          "JDK_JAVA_OPTIONS",
          "CLASSPATH",
          "BASH_ENV",
          "ENV",
          "SHELLOPTS",
          "BASHOPTS",
          "PS4",
          "IFS",
          "CDPATH",
          "GLOBIGNORE",
          "PROMPT_COMMAND",
          "GCONV_PATH",
          "LOCPATH",
          "NLSPATH",
          "HOSTALIASES",
          "LOCALDOMAIN",
          "RES_OPTIONS",
          "PERLLIB",
          "LANG",
          "LANGUAGE");

  private static final Set<String> DROPPED_PREFIXES =
      Set.of(
          "LD_",
          "DYLD_",
          "RSYNC_",
          "LOGBACK_",
          "LC_",
          "BASH_FUNC_",
          "PERL5",
          "PYTHON",
          "RUBY",
          "GEM_");

  /** Where clients of databases look for passwords, which no other program has to see. */
  private static final Set<String> SECRETS = Set.of("MYSQL_PWD", "PGPASSWORD");

  private static final Set<String> SECRET_SUFFIXES = Set.of("_PASS", "_PASSWORD", "_TOKEN");

  private ChildEnvironment() {}

  /** What a child inherits of {@code environment}, with PATH and locale set to known values. */
  public static Map<String, String> of(Map<String, String> environment) {
    Map<String, String> kept = new TreeMap<>();
    environment.forEach(
        (name, value) -> {
          boolean dropped =
              DROPPED.contains(name)
                  || DROPPED_PREFIXES.stream().anyMatch(name::startsWith)
                  || isSecret(name);
          if (!dropped) {
            kept.put(name, value);
          }
        });
    kept.put("PATH", PATH);
    kept.put("LANG", "C.UTF-8");
    kept.put("LC_ALL", "C.UTF-8");
    return kept;
  }

  private static boolean isSecret(String name) {
    String upper = name.toUpperCase(Locale.ROOT);
    return SECRETS.contains(upper) || SECRET_SUFFIXES.stream().anyMatch(upper::endsWith);
  }
}
