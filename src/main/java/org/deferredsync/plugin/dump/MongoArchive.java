package org.deferredsync.plugin.dump;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What mongodump --archive prints: a magic number, then blocks, each of BSON documents with a
 * terminator behind them. The first block is the prelude; every other begins with a document that
 * names the collection whose documents follow, or says that it has ended (archive/archive.go of the
 * MongoDB tools). It is whole if it ends behind a terminator and every collection has ended.
 */
final class MongoArchive implements Contents {
  private static final int MAGIC = 0x8199e26d;
  private static final int TERMINATOR = -1;
  private static final int LARGEST = 64 << 20;
  private static final int LARGEST_HEADER = 64 << 10;

  private enum Expected {
    MAGIC,
    PRELUDE,
    HEADER,
    DOCUMENTS
  }

  private final MessageDigest digest = Digests.sha256();
  private final SortedMap<String, Long> collections = new TreeMap<>();
  private final SortedMap<String, Boolean> ended = new TreeMap<>();
  private final byte[] number = new byte[4];
  private int numberLength;
  private byte[] header = {};
  private int headerLength;
  private int skip;
  private Expected expected = Expected.MAGIC;
  private boolean malformed;
  private String collection = "";

  @Override
  public void take(byte[] bytes, int count) {
    digest.update(bytes, 0, count);
    int i = 0;
    while (i < count && !malformed) {
      if (skip > 0) {
        int passed = Math.min(skip, count - i);
        if (header.length > 0) {
          System.arraycopy(bytes, i, header, headerLength, passed);
          headerLength += passed;
        }
        skip -= passed;
        i += passed;
        if (skip == 0 && header.length > 0) {
          readHeader();
        }
      } else {
        number[numberLength++] = bytes[i++];
        if (numberLength == number.length) {
          numberLength = 0;
          begin(ByteBuffer.wrap(number).order(ByteOrder.LITTLE_ENDIAN).getInt());
        }
      }
    }
  }

  private void begin(int value) {
    if (expected == Expected.MAGIC) {
      malformed = value != MAGIC;
      expected = Expected.PRELUDE;
    } else if (value == TERMINATOR) {
      malformed = expected == Expected.HEADER;
      expected = Expected.HEADER;
    } else if (value < 5 || value > LARGEST) {
      malformed = true;
    } else {
      skip = value - number.length;
      if (expected == Expected.HEADER) {
        malformed = value > LARGEST_HEADER;
        header = malformed ? header : new byte[skip];
        headerLength = 0;
      } else if (expected == Expected.DOCUMENTS) {
        collections.merge(collection, 1L, Long::sum);
      }
    }
  }

  private void readHeader() {
    BsonHeader read = BsonHeader.read(ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN));
    header = new byte[0];
    malformed = read.collection().isEmpty();
    collection = read.database() + "." + read.collection();
    collections.putIfAbsent(collection, 0L);
    ended.put(collection, read.end());
    expected = Expected.DOCUMENTS;
  }

  /** The document before others: db and collection are texts, EOF is a flag. */
  private record BsonHeader(String database, String collection, boolean end) {
    static BsonHeader read(ByteBuffer elements) {
      String database = "";
      String collection = "";
      boolean end = false;
      while (elements.remaining() > 1) {
        byte type = elements.get();
        String key = key(elements);
        if (type == 0x02 && elements.remaining() > 4) {
          int length = elements.getInt();
          if (length < 1 || length > elements.remaining()) {
            break;
          }
          byte[] text = new byte[length];
          elements.get(text);
          String value = new String(text, 0, length - 1, StandardCharsets.UTF_8);
          database = key.equals("db") ? value : database;
          collection = key.equals("collection") ? value : collection;
        } else if (type == 0x08 && elements.remaining() > 1) {
          boolean flag = elements.get() != 0;
          end = key.equals("EOF") ? flag : end;
        } else if (type == 0x12 && elements.remaining() > 8) {
          elements.getLong();
        } else if (type == 0x10 && elements.remaining() > 4) {
          elements.getInt();
        } else {
          break;
        }
      }
      return new BsonHeader(database, collection, end);
    }

    private static String key(ByteBuffer elements) {
      StringBuilder key = new StringBuilder();
      while (elements.hasRemaining()) {
        byte b = elements.get();
        if (b == 0) {
          break;
        }
        key.append((char) (b & 0xff));
      }
      return key.toString();
    }
  }

  @Override
  public String fault() {
    if (malformed || expected == Expected.MAGIC || expected == Expected.PRELUDE) {
      return "it is no archive of mongodump";
    } else if (skip > 0 || numberLength > 0 || expected != Expected.HEADER) {
      return "it ends within a document";
    }
    for (Map.Entry<String, Boolean> of : ended.entrySet()) {
      if (!of.getValue()) {
        return "the end of the collection " + of.getKey() + " is missing";
      }
    }
    return "";
  }

  @Override
  public Map<String, Long> tables() {
    return Collections.unmodifiableMap(collections);
  }

  @Override
  public String hash() {
    return Digests.text(digest);
  }
}
