package org.deferredsync.backup;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import org.deferredsync.fs.StatBuffer;

/** Names one behind the other in a few arrays: filled first, then taken from the first on. */
final class NameList {
  private static final int ARRAY = 64 * 1024;

  private final Deque<byte[]> full = new ArrayDeque<>(0);
  private byte[] last = new byte[0];
  private int end;
  private int at;

  void add(StatBuffer entry) {
    int length = entry.nameLength();
    if (end + 2 + length > last.length) {
      grow(2 + length);
    }
    last[end] = (byte) (length >> 8);
    last[end + 1] = (byte) length;
    entry.copyName(last, end + 2);
    end += 2 + length;
  }

  private void grow(int more) {
    if (end + more <= ARRAY) {
      last = Arrays.copyOf(last, Math.min(ARRAY, Math.max(256, 2 * (end + more))));
    } else {
      full.add(Arrays.copyOf(last, end));
      last = new byte[Math.max(ARRAY, more)];
      end = 0;
    }
  }

  void clear() {
    full.clear();
    end = 0;
    at = 0;
  }

  boolean isEmpty() {
    return full.isEmpty() && at == end;
  }

  /** Takes the first name out. */
  byte[] next() {
    byte[] first = full.isEmpty() ? last : full.getFirst();
    int length = ((first[at] & 0xff) << 8) | (first[at + 1] & 0xff);
    byte[] name = Arrays.copyOfRange(first, at + 2, at + 2 + length);
    at += 2 + length;
    if (!full.isEmpty() && at == first.length) {
      full.removeFirst();
      at = 0;
    }
    return name;
  }
}
