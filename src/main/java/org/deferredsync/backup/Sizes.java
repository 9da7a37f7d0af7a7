package org.deferredsync.backup;

import java.util.Locale;

/** Sizes in words: bytes below a KiB, else one decimal and the unit. */
public final class Sizes {
  /** From here on one decimal would make it 1024.0. */
  private static final double ROUNDS_UP = 1023.95;

  private static final String[] UNITS = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

  private Sizes() {}

  /** The size of {@code bytes}, at least 0. */
  public static String text(long bytes) {
    if (bytes < 1024) {
      return bytes == 1 ? "1 byte" : bytes + " bytes";
    }
    double value = bytes / 1024.0;
    int unit = 0;
    while (value >= ROUNDS_UP) { // a long ends at 8 EiB
      value /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, "%.1f %s", value, UNITS[unit]);
  }
}
