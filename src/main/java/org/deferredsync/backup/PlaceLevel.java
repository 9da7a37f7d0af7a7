package org.deferredsync.backup;

import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Set;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;

/**
 * A directory on the way down of a restore in place, with the names that the snapshot has in it as
 * long as they are not too many to be remembered.
 */
final class PlaceLevel {
  private static final int NAMES = 20_000;

  final FilePath path;

  /** Whether it was not there before, and nothing in it. */
  final boolean fresh;

  /** Where it keeps what gives way. */
  final Aside aside;

  private @Nullable Set<ByteBuffer> names = new HashSet<>();

  PlaceLevel(FilePath path, boolean fresh, Aside aside) {
    this.path = path;
    this.fresh = fresh;
    this.aside = aside;
  }

  /** The snapshot has this name in it. */
  void note(byte[] name) {
    Set<ByteBuffer> known = names;
    if (known != null && !fresh) {
      known.add(ByteBuffer.wrap(name));
      names = known.size() > NAMES ? null : known;
    }
  }

  /** Those names, which are of use where it was there before; null if they are too many. */
  @Nullable Set<ByteBuffer> names() {
    return names;
  }
}
