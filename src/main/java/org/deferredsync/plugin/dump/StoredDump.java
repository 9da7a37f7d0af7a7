package org.deferredsync.plugin.dump;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.deferredsync.plugin.dump.DumpRecord.Dumped;
import org.deferredsync.process.Feed;

/** A dump as it lies there, to be read; each reading checks that it is the one of the record. */
final class StoredDump {
  private static final int BUFFER = 64 * 1024;

  private final DumpDirectory directory;
  private final DumpRecord record;

  StoredDump(DumpDirectory directory, DumpRecord record) {
    this.directory = directory;
    this.record = record;
  }

  DumpRecord record() {
    return record;
  }

  Dumped dump() {
    return requireNonNull(record.dump());
  }

  /** Whether the file is the one that was written: ours alone, byte for byte. */
  boolean isAsWritten() throws IOException {
    return directory.holds(dump().file(), dump().fileHash(), dump().fileBytes());
  }

  /** Its contents, from the beginning. */
  InputStream read() throws IOException {
    InputStream file =
        directory
            .open(dump().file())
            .orElseThrow(() -> new IOException(record.path() + " is not there any more"));
    try {
      return Compression.contents(file);
    } catch (IOException e) {
      file.close();
      throw e;
    }
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
}
