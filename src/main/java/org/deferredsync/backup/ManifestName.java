package org.deferredsync.backup;

import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of a manifest: of one batch, {@code 000000000345-run-12.gz}, or of all that there was
 * after one, {@code 000000000345-all.gz}.
 *
 * @param batch the number of the batch
 * @param run whose batch it is, 0 if no run's
 * @param all whether it has all rows
 */
record ManifestName(long batch, long run, boolean all) implements Comparable<ManifestName> {
  private static final Pattern FORM =
      Pattern.compile("([0-9]{12,18})-(all|run-([0-9]{1,18}))\\.gz");

  /** The manifest with this name, or empty if it is exactly none. */
  static Optional<ManifestName> parse(String name) {
    Matcher matcher = FORM.matcher(name);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    String run = matcher.group(3);
    ManifestName parsed =
        new ManifestName(
            Long.parseLong(matcher.group(1)), run == null ? 0 : Long.parseLong(run), run == null);
    return parsed.toString().equals(name) ? Optional.of(parsed) : Optional.empty();
  }

  byte[] bytes() {
    return toString().getBytes(StandardCharsets.US_ASCII);
  }

  /** By batch; all rows after the batch follow those of the batch. */
  @Override
  public int compareTo(ManifestName other) {
    return Comparator.comparingLong(ManifestName::batch)
        .thenComparing(ManifestName::all)
        .compare(this, other);
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%012d-%s.gz", batch, all ? "all" : "run-" + run);
  }
}
