package org.deferredsync.fs;

import static org.deferredsync.fs.NativeCall.failure;
import static org.deferredsync.fs.NativeCall.retried;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The records of a directory as getdents64(2) gives them, but for those of itself and its parent.
 */
final class JnaRecords {
  private static final int LENGTH = 64 * 1024;

  private JnaRecords() {}

  /** Takes one record, whose name lies from {@code at} to before {@code end}. */
  @FunctionalInterface
  interface Sink {
    void take(byte[] records, int at, int end) throws IOException;
  }

  /**
   * Reads a directory from its beginning. While a record is handed over, the transfer holds it at
   * the same place as the array, unless the sink has used it.
   */
  static void each(int directory, Sink sink) throws IOException {
    NativeBuffers buffers = NativeBuffers.ofThread();
    if (Libc.lseek(directory, 0, Libc.SEEK_SET) == -1) {
      throw failure("lseek", directory);
    }
    while (true) {
      long to = buffers.transferAddress();
      long length = retried(() -> Libc.syscall(Libc.SYS_GETDENTS64, directory, to, LENGTH, 0, 0));
      if (length == -1) {
        throw failure("getdents64", directory);
      }
      if (length == 0) {
        return;
      }
      // A copy, since the sink may list another directory.
      byte[] records = new byte[(int) length];
      buffers.getTransfer(records, 0, records.length);
      handEach(records, sink);
    }
  }

  /** Takes {@code struct linux_dirent64} apart, one after the other. */
  private static void handEach(byte[] records, Sink sink) throws IOException {
    ByteBuffer fields = ByteBuffer.wrap(records).order(ByteOrder.nativeOrder());
    for (int at = 0; at < records.length; at += fields.getShort(at + 16) & 0xffff) {
      int start = at + 19;
      int end = start;
      while (records[end] != 0) {
        end++;
      }
      boolean dots =
          records[start] == '.'
              && (end == start + 1 || (end == start + 2 && records[start + 1] == '.'));
      if (!dots) {
        sink.take(records, start, end);
      }
    }
  }
}
