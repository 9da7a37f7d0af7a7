package org.deferredsync.snapshot;

import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** A SHA-256 value: exactly 32 bytes. */
public final class ContentHash {
  /** How many bytes a hash has. */
  public static final int LENGTH = 32;

  private final byte[] bytes;

  /**
   * The hash of these bytes.
   *
   * @throws IllegalArgumentException if they are not 32
   */
  public ContentHash(byte[] bytes) {
    if (bytes.length != LENGTH) {
      throw new IllegalArgumentException("a hash of " + bytes.length + " bytes");
    }
    this.bytes = bytes.clone();
  }

  /** The bytes; the caller's own copy. */
  public byte[] bytes() {
    return bytes.clone();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof ContentHash hash && Arrays.equals(bytes, hash.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** Lower-case hexadecimal, as sha256sum prints it. */
  @Override
  public String toString() {
    return HexFormat.of().formatHex(bytes);
  }
}
