package org.deferredsync.backup;

import java.io.IOException;
import java.security.MessageDigest;
import org.deferredsync.snapshot.ContentHash;
import org.jspecify.annotations.Nullable;

/**
 * The SHA-256 of bytes as they pass through, and the buffers that they pass through. What is long
 * may be hashed by a thread of its own while the next bytes are read and these are written, since
 * hashing takes as long as both.
 */
final class ContentDigest implements AutoCloseable {
  /** The size of a buffer. */
  static final int BUFFER = 256 << 10;

  /** What is shorter is hashed at once: to wake a thread takes longer. */
  static final long LONG = 4L << 20;

  private static final int WAITING = 4;

  private final byte[] zeros = new byte[BUFFER];
  private final MessageDigest digest = Hashing.sha256();
  private final byte[][] buffers;
  private final @Nullable Worker worker;
  private boolean beside;
  private int current;

  private ContentDigest(@Nullable Worker worker, int buffers) {
    this.worker = worker;
    this.buffers = new byte[buffers][BUFFER];
  }

  /** One that hashes in the thread that uses it. */
  static ContentDigest inline() {
    return new ContentDigest(null, 1);
  }

  /**
   * One that hashes what is long in a thread of its own. The thread is busy with one buffer, as
   * many wait as the queue takes, and one is being filled.
   */
  static ContentDigest beside() {
    return new ContentDigest(new Worker("hashing", 1, WAITING), WAITING + 2);
  }

  /** Begins anew with what will be about {@code length} bytes. */
  void begin(long length) throws IOException {
    settle();
    digest.reset();
    beside = worker != null && length >= LONG;
  }

  /** The buffer to fill for the next {@link #update}; its bytes stay until the one after that. */
  byte[] buffer() {
    return buffers[current];
  }

  /** Takes the first {@code length} bytes of the buffer. */
  void update(int length) throws IOException {
    take(buffers[current], length);
    current = (current + 1) % buffers.length;
  }

  /** Takes so many zeros. */
  void updateZeros(long length) throws IOException {
    for (long left = length; left > 0; left -= BUFFER) {
      take(zeros, (int) Math.min(BUFFER, left));
    }
  }

  private void take(byte[] bytes, int length) throws IOException {
    if (beside && worker != null) {
      worker.give(() -> digest.update(bytes, 0, length));
    } else {
      digest.update(bytes, 0, length);
    }
  }

  /** The hash of all that came since {@link #begin}. */
  ContentHash end() throws IOException {
    settle();
    return new ContentHash(digest.digest());
  }

  private void settle() throws IOException {
    if (beside && worker != null) {
      worker.drain();
    }
  }

  @Override
  public void close() {
    if (worker != null) {
      worker.close();
    }
  }
}
