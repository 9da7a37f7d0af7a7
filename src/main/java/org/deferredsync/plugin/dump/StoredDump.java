package org.deferredsync.plugin.dump;

import static java.util.Objects.requireNonNull;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.OptionalInt;
import org.deferredsync.fs.Posix;
import org.deferredsync.plugin.dump.DumpRecord.Dumped;
import org.deferredsync.process.Feed;

/**
 * A dump as it was found, byte for byte what was written, and held open: what is put in its place
 * meanwhile, by the next run or by somebody else, is not read.
 */
final class StoredDump implements Closeable {
  private static final int BUFFER = 64 * 1024;

  private final Posix posix;
  private final int descriptor;
  private final DumpRecord record;

  private StoredDump(Posix posix, int descriptor, DumpRecord record) {
    this.posix = posix;
    this.descriptor = descriptor;
    this.record = record;
  }

  /**
   * Opens it.
   *
   * @throws ProofException if it is not the one of the record: ours alone, byte for byte
   */
  static StoredDump open(DumpDirectory directory, DumpRecord record)
      throws ProofException, IOException {
    Dumped dump = requireNonNull(record.dump());
    OptionalInt file = directory.open(dump.file(), dump.fileHash(), dump.fileBytes());
    if (file.isEmpty()) {
      throw new ProofException(
          record.path() + " is not what was written, or not there; dump it again");
    }
    return new StoredDump(directory.posix(), file.getAsInt(), record);
  }

  DumpRecord record() {
    return record;
  }

  Dumped dump() {
    return requireNonNull(record.dump());
  }

  /** Its contents, from the beginning; one reading at a time. */
  InputStream read() throws IOException {
    posix.seek(descriptor, 0);
    return Compression.contents(new DescriptorStream(posix, descriptor, false));
  }

  /** Its contents for a command to read. */
  Feed feed() {
    return input -> {
      try (InputStream in = read()) {
        in.transferTo(input);
      }
    };
  }

  /** Reads all of it by the rules of its format. */
  void parse(Contents contents) throws IOException {
    try (InputStream in = read()) {
      byte[] buffer = new byte[BUFFER];
      int count;
      while ((count = in.read(buffer)) >= 0) {
        contents.take(buffer, count);
      }
    }
  }

  /** Whether the contents begin so. */
  boolean beginsWith(byte[] magic) throws IOException {
    try (InputStream in = read()) {
      return Arrays.equals(in.readNBytes(magic.length), magic);
    }
  }

  @Override
  public void close() throws IOException {
    posix.close(descriptor);
  }
}
