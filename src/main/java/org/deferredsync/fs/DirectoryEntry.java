package org.deferredsync.fs;

/**
 * One name of a directory as getdents64(2) gives it; never {@code .} or {@code ..}.
 *
 * @param name the bytes of the name; not to be changed
 * @param type one of the type constants of {@link Stat}, or 0 if the file system does not say
 */
@SuppressWarnings("ArrayRecordComponent") // compared by nobody, held in the millions
public record DirectoryEntry(byte[] name, int type) {}
