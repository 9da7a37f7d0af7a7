package org.deferredsync.plugin.upgrade;

import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What {@code uname -r} prints of a kernel of Ubuntu.
 *
 * @param version such as {@code 5.15.0-91}
 * @param flavour such as {@code generic}; empty of what all flavours share
 */
record KernelRelease(String version, String flavour) {
  /** By the numbers of the version. */
  static final Comparator<KernelRelease> BY_VERSION =
      Comparator.comparing(KernelRelease::numbers, KernelRelease::compare);

  private static final Pattern RELEASE =
      Pattern.compile("([0-9]+\\.[0-9]+\\.[0-9]+-[0-9]+)-([a-z0-9][a-z0-9.+-]*)");

  /** The running kernel's, if it is one of Ubuntu's. */
  static Optional<KernelRelease> parse(String release) {
    Matcher matcher = RELEASE.matcher(release);
    return matcher.matches()
        ? Optional.of(new KernelRelease(matcher.group(1), matcher.group(2)))
        : Optional.empty();
  }

  /** Whether a package of that release belongs to this kernel too. */
  boolean covers(KernelRelease other) {
    return version.equals(other.version)
        && (other.flavour.isEmpty() || other.flavour.equals(flavour));
  }

  private long[] numbers() {
    return Stream.of(version.split("[.-]", -1)).mapToLong(Long::parseLong).toArray();
  }

  private static int compare(long[] one, long[] other) {
    return java.util.Arrays.compare(one, other);
  }

  @Override
  public String toString() {
    return flavour.isEmpty() ? version : version + "-" + flavour;
  }
}
