package org.deferredsync.backup;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.deferredsync.snapshot.Evidence;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.ExtendedAttributes.Attribute;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Hold;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * Rows of a manifest as text: one line a row, its fields set off by single spaces. Blanks, control
 * bytes and {@code %} in names are written as {@code %XX}, what is not there as {@code -}; times
 * are seconds since 1970 with nine decimals.
 *
 * <p>Numbers are written by hand: this is done for each file of a backup.
 */
final class ManifestText {
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
  private static final long NANOS = 1_000_000_000L;

  private byte[] bytes = new byte[1 << 14];
  private int length;
  private boolean begun;

  int length() {
    return length;
  }

  byte[] bytes() {
    return bytes;
  }

  void clear() {
    length = 0;
  }

  /** Begins a row of this kind. */
  ManifestText row(String kind) {
    begun = false;
    return word(kind);
  }

  /** Ends the row. */
  void end() {
    put('\n');
  }

  /** A field of letters, digits and the like. */
  ManifestText word(String word) {
    next();
    for (int i = 0; i < word.length(); i++) {
      put((byte) word.charAt(i));
    }
    return this;
  }

  ManifestText number(long number) {
    next();
    digits(number);
    return this;
  }

  ManifestText numberOrNone(@Nullable Long number) {
    return number == null ? word("-") : number(number);
  }

  /** Nanoseconds since 1970. */
  ManifestText time(long ns) {
    next();
    if (ns < 0) {
      put('-');
    }
    // the least of all numbers is its own opposite, and unsigned it is right
    long whole = Math.abs(ns);
    digits(Long.divideUnsigned(whole, NANOS));
    put('.');
    long rest = Long.remainderUnsigned(whole, NANOS);
    for (long unit = NANOS / 10; unit > 0; unit /= 10) {
      put((byte) ('0' + rest / unit % 10));
    }
    return this;
  }

  ManifestText path(FilePath path) {
    return escaped(path.bytes());
  }

  /** Any bytes; none at all as {@code ""}. */
  ManifestText escaped(byte[] any) {
    next();
    if (any.length == 0) {
      put('"');
      put('"');
    } else if (any.length == 1 && any[0] == '-') {
      put('%');
      put('2');
      put('d'); // alone it would mean that there is none
    } else {
      escape(any, false);
    }
    return this;
  }

  ManifestText escapedOrNone(byte @Nullable [] any) {
    return any == null ? word("-") : escaped(any);
  }

  ManifestText hex(byte @Nullable [] hash) {
    if (hash == null) {
      return word("-");
    }
    next();
    for (byte b : hash) {
      put(HEX[b >> 4 & 15]);
      put(HEX[b & 15]);
    }
    return this;
  }

  ManifestText attributes(ExtendedAttributes attributes) {
    if (attributes.isEmpty()) {
      return word("-");
    }
    next();
    boolean first = true;
    for (Attribute attribute : attributes.list()) {
      if (!first) {
        put(',');
      }
      first = false;
      escape(attribute.name(), true);
      put('=');
      escape(attribute.value(), true);
    }
    return this;
  }

  /** What the guard found: {@code kind=count=of=mount…}, with commas between. */
  ManifestText holds(List<Hold> holds) {
    if (holds.isEmpty()) {
      return word("-");
    }
    next();
    boolean first = true;
    for (Hold hold : holds) {
      if (!first) {
        put(',');
      }
      first = false;
      escape(hold.kind().word().getBytes(StandardCharsets.US_ASCII), true);
      put('=');
      digits(hold.count());
      put('=');
      digits(hold.of());
      for (FilePath mount : hold.mounts()) {
        put('=');
        escape(mount.bytes(), true);
      }
    }
    return this;
  }

  /** The fields of a version, in the order in which {@link ManifestRow} reads them. */
  ManifestText version(Version v, ExtendedAttributes attributes, byte @Nullable [] hash) {
    return octal(v.mode())
        .number(Integer.toUnsignedLong(v.uid()))
        .number(Integer.toUnsignedLong(v.gid()))
        .number(v.size())
        .time(v.mtimeNs())
        .number(v.rdev())
        .escapedOrNone(v.linkTarget())
        .numberOrNone(v.linkGroup())
        .attributes(attributes)
        .numberOrNone(v.content())
        .hex(hash)
        .word(v.inconsistent() ? "inconsistent" : "-");
  }

  ManifestText evidence(Evidence e) {
    return time(e.ctimeNs())
        .number(e.inode())
        .number(e.nlink())
        .word(e.racy() ? "racy" : "-")
        .word(e.mountRoot() ? "mount" : "-");
  }

  private ManifestText octal(int mode) {
    next();
    boolean leading = true;
    for (int shift = 30; shift >= 0; shift -= 3) {
      int digit = mode >>> shift & 7;
      leading &= digit == 0 && shift > 0;
      if (!leading) {
        put((byte) ('0' + digit));
      }
    }
    return this;
  }

  private void escape(byte[] any, boolean inList) {
    for (byte b : any) {
      boolean plain = b < 0 || (b > ' ' && b != 0x7f && b != '%' && b != '"');
      if (plain && !(inList && (b == ',' || b == '='))) {
        put(b);
      } else {
        put('%');
        put(HEX[b >> 4 & 15]);
        put(HEX[b & 15]);
      }
    }
  }

  private void digits(long number) {
    if (number == Long.MIN_VALUE) {
      for (char c : Long.toString(number).toCharArray()) {
        put((byte) c);
      }
      return;
    }
    long rest = number;
    if (rest < 0) {
      put('-');
      rest = -rest;
    }
    long unit = 1;
    while (rest / unit >= 10) {
      unit *= 10;
    }
    for (; unit > 0; unit /= 10) {
      put((byte) ('0' + rest / unit % 10));
    }
  }

  private void next() {
    if (begun) {
      put(' ');
    }
    begun = true;
  }

  private void put(char c) {
    put((byte) c);
  }

  private void put(byte b) {
    if (length == bytes.length) {
      bytes = Arrays.copyOf(bytes, 2 * length);
    }
    bytes[length++] = b;
  }
}
