package org.deferredsync.plugin.dump;

import java.util.Arrays;
import java.util.function.Supplier;

/** Hands bytes to contents in pieces of every size, which has to make no difference. */
final class Taking {
  private Taking() {}

  /** Contents that took the bytes; the same whatever the pieces are. */
  static <T extends Contents> T of(Supplier<T> contents, byte[] bytes) {
    T whole = contents.get();
    whole.take(bytes, bytes.length);
    String fault = whole.fault();
    String found = fault + whole.tables() + whole.hash();
    for (int size : new int[] {1, 2, 3, 7, 64}) {
      T pieces = contents.get();
      for (int at = 0; at < bytes.length; at += size) {
        byte[] piece = Arrays.copyOfRange(bytes, at, Math.min(at + size, bytes.length));
        pieces.take(piece, piece.length);
      }
      String again = pieces.fault() + pieces.tables() + pieces.hash();
      if (!again.equals(found)) {
        throw new AssertionError("in pieces of " + size + ": " + again + ", not " + found);
      }
    }
    T result = contents.get();
    result.take(bytes, bytes.length);
    return result;
  }
}
