package org.deferredsync.remote;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A version of rsync, as {@code rsync --version} tells it. */
record RsyncVersion(int major, int minor, int patch) implements Comparable<RsyncVersion> {
  /** The oldest that has every option that we use. */
  static final RsyncVersion OLDEST = new RsyncVersion(3, 2, 0);

  private static final Pattern LINE =
      Pattern.compile("rsync +version v?([0-9]{1,4})\\.([0-9]{1,4})(?:\\.([0-9]{1,4}))?.*");

  /** The version that a line of the program's tells, if it is that line. */
  static Optional<RsyncVersion> ofLine(String line) {
    Matcher matcher = LINE.matcher(line);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    String patch = matcher.group(3);
    return Optional.of(
        new RsyncVersion(
            Integer.parseInt(matcher.group(1)),
            Integer.parseInt(matcher.group(2)),
            patch == null ? 0 : Integer.parseInt(patch)));
  }

  @Override
  public int compareTo(RsyncVersion other) {
    int byMajor = Integer.compare(major, other.major);
    int byMinor = Integer.compare(minor, other.minor);
    return byMajor != 0 ? byMajor : byMinor != 0 ? byMinor : Integer.compare(patch, other.patch);
  }

  @Override
  public String toString() {
    return major + "." + minor + "." + patch;
  }
}
