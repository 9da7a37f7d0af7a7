package org.deferredsync.plugin.dump;

import java.io.IOException;
import java.io.OutputStream;
import java.security.MessageDigest;
import org.deferredsync.fs.Posix;

/** Writes to an open file and hashes what it wrote; gives it to the disk as it goes. */
final class FileStream extends OutputStream {
  private static final long GIVEN = 8L << 20;

  private final Posix posix;
  private final int descriptor;
  private final MessageDigest digest = Digests.sha256();
  private long size;
  private long given;

  FileStream(Posix posix, int descriptor) {
    this.posix = posix;
    this.descriptor = descriptor;
  }

  @Override
  public void write(int b) throws IOException {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    posix.write(descriptor, bytes, offset, length);
    digest.update(bytes, offset, length);
    size += length;
    if (size - given >= GIVEN) {
      posix.beginWriteBack(descriptor, given, size - given);
      given = size;
    }
  }

  /** How many bytes were written. */
  long size() {
    return size;
  }

  /** Their SHA-256. */
  String hash() {
    return Digests.text(digest);
  }
}
