package org.deferredsync.backup;

import java.util.Arrays;
import org.deferredsync.catalogue.DirectoryDigests;
import org.deferredsync.fs.StatBuffer;
import org.deferredsync.snapshot.FilePath;

/**
 * The path of the directory that one thread is in, written over again and again in one array, so
 * that asking about a name in it makes no object.
 */
final class PathBuffer {
  private byte[] bytes = new byte[512];

  /** 0 for the root, whose names follow its own slash. */
  private int length;

  PathBuffer set(FilePath path) {
    length = 0;
    if (!path.isRoot()) {
      byte[] all = path.bytes();
      reserve(all.length);
      System.arraycopy(all, 0, bytes, 0, all.length);
      length = all.length;
    }
    return this;
  }

  /** Begins a path of this length, whose bytes the caller then puts into {@link #array}. */
  void setLength(int newLength) {
    reserve(newLength);
    length = newLength;
  }

  private void reserve(int needed) {
    if (bytes.length < needed + 1 + 256) {
      bytes = Arrays.copyOf(bytes, 2 * needed + 512);
    }
  }

  byte[] array() {
    return bytes;
  }

  int length() {
    return length;
  }

  /** Puts a name behind the path for as long as nothing else is put there; gives the length. */
  int withName(StatBuffer entry) {
    int end = length + 1 + entry.nameLength();
    if (bytes.length < end) {
      bytes = Arrays.copyOf(bytes, 2 * end);
    }
    bytes[length] = '/';
    entry.copyName(bytes, length + 1);
    return end;
  }

  boolean isRoot() {
    return length == 0;
  }

  long key(DirectoryDigests.Keys keys) {
    return isRoot() ? keys.of(new byte[] {'/'}, 1) : keys.of(bytes, length);
  }

  /** The path itself, as a value. */
  FilePath path() {
    return length == 0 ? FilePath.ROOT : FilePath.of(Arrays.copyOf(bytes, length));
  }
}
