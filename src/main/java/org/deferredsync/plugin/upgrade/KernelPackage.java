package org.deferredsync.plugin.upgrade;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A package of Ubuntu as dpkg knows it.
 *
 * @param state what is wanted and what is there, as in {@code ii}, and an error if there is one
 * @param dependencies the names in its dependencies
 */
record KernelPackage(String state, String name, List<String> dependencies) {
  /** How {@code dpkg-query} prints it for {@link #parse}. */
  static final String FORMAT = "${db:Status-Abbrev}\\t${Package}\\t${Depends}, ${Pre-Depends}\\n";

  /** linux-image-5.15.0-91-generic, linux-hwe-6.5-headers-6.5.0-14: version, then the flavour. */
  private static final Pattern VERSIONED =
      Pattern.compile("linux-.+?-([0-9]+\\.[0-9]+\\.[0-9]+-[0-9]+)(?:-([a-z0-9][a-z0-9.+-]*))?");

  private static final Pattern IMAGE = Pattern.compile("linux-image-(?:unsigned-)?[0-9].*");

  /** What a package with the symbols of another, for debuggers, is called by. */
  private static final String SYMBOLS = "-dbgsym";

  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9.+-]+");

  KernelPackage {
    dependencies = List.copyOf(dependencies);
  }

  /** The package that a line tells of, if it does of one. */
  static Optional<KernelPackage> parse(String line) {
    String[] fields = line.replace("\\x09", "\t").split("\t", -1);
    if (fields.length != 3 || !NAME.matcher(fields[1]).matches()) {
      return Optional.empty();
    }
    List<String> names = new ArrayList<>();
    for (String dependency : fields[2].split("[,|]", -1)) {
      Matcher matcher = NAME.matcher(dependency.strip());
      if (matcher.lookingAt()) {
        names.add(matcher.group());
      }
    }
    return Optional.of(new KernelPackage(fields[0].strip(), fields[1], names));
  }

  /** The release that it belongs to; none of a meta package and of what is no kernel's. */
  Optional<KernelRelease> release() {
    boolean symbols = name.endsWith(SYMBOLS);
    Matcher matcher =
        VERSIONED.matcher(symbols ? name.substring(0, name.length() - SYMBOLS.length()) : name);
    return matcher.matches()
        ? Optional.of(
            new KernelRelease(matcher.group(1), matcher.group(2) == null ? "" : matcher.group(2)))
        : Optional.empty();
  }

  boolean isImage() {
    return IMAGE.matcher(name).matches() && !name.endsWith(SYMBOLS);
  }

  /** Whether all of it is there and works. */
  boolean isInstalled() {
    return state.length() == 2 && state.charAt(1) == 'i';
  }

  /** Whether dpkg is neither told to hold it nor in the middle of something with it. */
  boolean isSettled() {
    return state.equals("ii") || state.equals("ri") || state.equals("rc") || state.equals("pi");
  }

  /** Whether none of it is there. */
  boolean isGone() {
    return state.length() >= 2 && "nc".indexOf(state.charAt(1)) >= 0;
  }
}
