package org.deferredsync.plugin.dump;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** An archive as mongodump --archive writes it, by its documented format. */
public final class MongoSample {
  /** So many bytes of it come before the documents. */
  static final int PRELUDE = 168;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private MongoSample() {}

  /** Two collections of a database, the documents of one in two segments. */
  public static byte[] archive() {
    MongoSample sample = new MongoSample();
    sample.number(0x8199e26d);
    sample.document(text("version", "0.1"), text("tool_version", "100.9.4"));
    sample.document(text("db", "app"), text("collection", "users"), text("metadata", "{}"));
    sample.document(text("db", "app"), text("collection", "empty"), text("metadata", "{}"));
    sample.number(-1);
    sample.header("users", false);
    sample.document(text("name", "a"));
    sample.document(text("name", "\u00e4\u00ff"));
    sample.number(-1);
    sample.header("empty", true);
    sample.number(-1);
    sample.header("users", false);
    sample.document();
    sample.number(-1);
    sample.header("users", true);
    sample.number(-1);
    return sample.out.toByteArray();
  }

  private void header(String collection, boolean end) {
    document(
        text("db", "app"),
        text("collection", collection),
        element(0x08, "EOF", new byte[] {(byte) (end ? 1 : 0)}),
        element(0x12, "CRC", new byte[8]));
  }

  private void number(int value) {
    byte[] bytes = bytes(value);
    out.write(bytes, 0, bytes.length);
  }

  private void document(byte[]... elements) {
    int length = 5;
    for (byte[] element : elements) {
      length += element.length;
    }
    number(length);
    for (byte[] element : elements) {
      out.write(element, 0, element.length);
    }
    out.write(0);
  }

  private static byte[] text(String key, String value) {
    byte[] text = value.getBytes(StandardCharsets.UTF_8);
    ByteBuffer with = ByteBuffer.allocate(5 + text.length);
    with.put(bytes(text.length + 1)).put(text).put((byte) 0);
    return element(0x02, key, with.array());
  }

  private static byte[] element(int type, String key, byte[] value) {
    byte[] name = key.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(2 + name.length + value.length)
        .put((byte) type)
        .put(name)
        .put((byte) 0)
        .put(value)
        .array();
  }

  private static byte[] bytes(int value) {
    return ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(value).array();
  }
}
