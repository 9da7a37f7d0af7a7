package org.deferredsync.plugin.dump;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * A database file of SQLite. The format has no trailer: it is whole if it has as many pages as its
 * header says (sqlite.org/fileformat2.html).
 */
final class SqliteImage implements Contents {
  private static final byte[] MAGIC = "SQLite format 3\0".getBytes(StandardCharsets.US_ASCII);
  private static final int HEADER = 100;
  private static final int PAGE_SIZE = 16;
  private static final int PAGE_COUNT = 28;

  private final MessageDigest digest = Digests.sha256();
  private final byte[] header = new byte[HEADER];
  private final Map<String, Long> tables;
  private long size;

  /**
   * @param tables what is in it, from whoever has asked SQLite
   */
  SqliteImage(Map<String, Long> tables) {
    this.tables = new TreeMap<>(tables);
  }

  @Override
  public void take(byte[] bytes, int count) {
    digest.update(bytes, 0, count);
    if (size < HEADER) {
      System.arraycopy(bytes, 0, header, (int) size, (int) Math.min(count, HEADER - size));
    }
    size += count;
  }

  @Override
  public String fault() {
    if (size < HEADER || !Arrays.equals(MAGIC, 0, 16, header, 0, 16)) {
      return "it is no database of SQLite";
    }
    int stored = Short.toUnsignedInt(ByteBuffer.wrap(header).getShort(PAGE_SIZE));
    long pageSize = stored == 1 ? 65_536 : stored;
    long pages = Integer.toUnsignedLong(ByteBuffer.wrap(header).getInt(PAGE_COUNT));
    return size == pages * pageSize
        ? ""
        : "it has " + size + " bytes, and " + pages + " pages of " + pageSize + " are expected";
  }

  @Override
  public Map<String, Long> tables() {
    return Map.copyOf(tables);
  }

  @Override
  public String hash() {
    return Digests.text(digest);
  }
}
