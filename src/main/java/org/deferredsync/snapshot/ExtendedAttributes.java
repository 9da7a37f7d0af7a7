package org.deferredsync.snapshot;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * All extended attributes of one file, access lists and capabilities among them, by name. Equal
 * sets have equal bytes.
 */
public final class ExtendedAttributes {
  /** No attribute at all, as most files have it. */
  public static final ExtendedAttributes NONE = new ExtendedAttributes(List.of());

  private final List<Attribute> attributes;

  private ExtendedAttributes(List<Attribute> attributes) {
    this.attributes = attributes;
  }

  /**
   * One attribute.
   *
   * @param name with its namespace, as in {@code user.comment}; not empty
   */
  @SuppressWarnings("ArrayRecordComponent") // compared within the set's bytes
  public record Attribute(byte[] name, byte[] value) {
    public Attribute {
      if (name.length == 0) {
        throw new IllegalArgumentException("an attribute has a name");
      }
    }
  }

  /** These attributes, in any order. */
  public static ExtendedAttributes of(List<Attribute> attributes) {
    if (attributes.isEmpty()) {
      return NONE;
    }
    List<Attribute> sorted = new ArrayList<>(attributes);
    sorted.sort((a, b) -> Arrays.compareUnsigned(a.name(), b.name()));
    return new ExtendedAttributes(List.copyOf(sorted));
  }

  /**
   * What {@link #bytes} gave.
   *
   * @throws IllegalArgumentException if it cannot have given these
   */
  public static ExtendedAttributes parse(byte[] bytes) {
    List<Attribute> attributes = new ArrayList<>();
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    try {
      while (buffer.hasRemaining()) {
        attributes.add(new Attribute(next(buffer), next(buffer)));
      }
    } catch (BufferUnderflowException e) {
      throw new IllegalArgumentException("extended attributes end too early", e);
    }
    return of(attributes);
  }

  private static byte[] next(ByteBuffer buffer) {
    int length = buffer.getInt();
    if (length < 0 || length > buffer.remaining()) {
      throw new IllegalArgumentException("extended attributes of a wrong length");
    }
    byte[] part = new byte[length];
    buffer.get(part);
    return part;
  }

  /** By name, as unsigned bytes. */
  public List<Attribute> list() {
    return attributes;
  }

  public boolean isEmpty() {
    return attributes.isEmpty();
  }

  /** The form in the catalogue: each name and value with its length of four bytes before it. */
  public byte[] bytes() {
    int length = 0;
    for (Attribute attribute : attributes) {
      length += 2 * Integer.BYTES + attribute.name().length + attribute.value().length;
    }
    ByteBuffer buffer = ByteBuffer.allocate(length);
    for (Attribute attribute : attributes) {
      buffer.putInt(attribute.name().length).put(attribute.name());
      buffer.putInt(attribute.value().length).put(attribute.value());
    }
    return buffer.array();
  }

  @Override
  public boolean equals(@org.jspecify.annotations.Nullable Object other) {
    return other instanceof ExtendedAttributes o && Arrays.equals(bytes(), o.bytes());
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes());
  }
}
