package org.deferredsync.fs;

/**
 * One extended attribute.
 *
 * @param name with its namespace, as in {@code user.comment}
 * @param value any bytes, up to 64 KiB
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody
public record Xattr(byte[] name, byte[] value) {}
