package org.deferredsync.backup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.fs.StatBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Looks what of a source its {@link Omissions} leave out. What cannot be looked at is left out by
 * nothing: it stays in the backup, where its trouble is told. Used for one directory after the
 * other, by one thread.
 */
final class OmissionPass {
  private static final byte[] CACHE_TAG = "CACHEDIR.TAG".getBytes(StandardCharsets.US_ASCII);

  /** The Cache Directory Tagging Specification, bford.info/cachedir: how such a tag begins. */
  private static final byte[] CACHE_SIGNATURE =
      "Signature: 8a477f597d28d172789f06886806bc55".getBytes(StandardCharsets.US_ASCII);

  private final Posix posix;
  private final Omissions omissions;
  private final @Nullable Stat source;
  private final List<byte[]> markers = new ArrayList<>();

  // Of the directory that is being listed.
  private @Nullable List<byte[]> kept;

  /**
   * @param source the source's own directory, which is entered whatever is mounted there; null for
   *     what is no source
   */
  OmissionPass(Posix posix, Omissions omissions, @Nullable Stat source) {
    this.posix = posix;
    this.omissions = omissions;
    this.source = source;
    for (String marker : omissions.markers()) {
      markers.add(marker.getBytes(StandardCharsets.UTF_8));
    }
  }

  /** Begins with an open directory; answers whether there is anything to list in it. */
  boolean begin(int directory, Stat self) throws IOException {
    if (isBeyond(self)) {
      return false;
    }
    List<byte[]> tags = new ArrayList<>();
    for (byte[] marker : markers) {
      if (statOrNull(directory, marker) != null) {
        tags.add(marker);
      }
    }
    if (omissions.caches() && isTag(directory)) {
      tags.add(CACHE_TAG);
    }
    kept = tags.isEmpty() ? null : tags;
    return true;
  }

  private boolean isBeyond(Stat self) {
    return omissions.oneFileSystem()
        && source != null
        && !self.sameObject(source)
        && isBeyond(self, source);
  }

  /** Whether the directory, somewhere below the source, begins another file system. */
  static boolean isBeyond(Stat directory, Stat source) {
    return directory.mountRoot() || directory.device() != source.device();
  }

  private @Nullable Stat statOrNull(int directory, byte[] name) throws IOException {
    try {
      return posix.stat(directory, name);
    } catch (PosixException e) {
      return null; // absent; or the listing meets the same trouble, and tells
    }
  }

  private boolean isTag(int directory) throws IOException {
    Stat stat = statOrNull(directory, CACHE_TAG);
    if (stat == null || !stat.isRegular() || stat.size() < CACHE_SIGNATURE.length) {
      return false;
    }
    int file;
    try {
      file = posix.openFile(directory, CACHE_TAG);
    } catch (PosixException e) {
      return false; // it is read as a file of the backup then, and its trouble told
    }
    try {
      return posix.stat(file).isRegular() && Arrays.equals(beginning(file), CACHE_SIGNATURE);
    } catch (PosixException e) {
      return false;
    } finally {
      posix.close(file);
    }
  }

  private byte[] beginning(int file) throws IOException {
    byte[] begin = new byte[CACHE_SIGNATURE.length];
    int length = 0;
    int read;
    do {
      read = posix.read(file, begin, length, begin.length - length);
      length += read;
    } while (read > 0 && length < begin.length);
    return Arrays.copyOf(begin, length);
  }

  /** Whether an entry of the directory is left out. */
  boolean leavesOut(StatBuffer entry) {
    return (kept != null && leavesOut(entry.name()))
        || (entry.size() > omissions.largest() && entry.isRegular());
  }

  /** Whether a name in the directory is left out, whatever it is the name of. */
  boolean leavesOut(byte[] name) {
    return kept != null && kept.stream().noneMatch(tag -> Arrays.equals(tag, name));
  }
}
