package org.deferredsync.fs;

/**
 * The room on a file system, as fstatvfs(3) and fstatfs(2) give it.
 *
 * @param freeBytes what the caller may still write
 * @param freeInodes how many files may still be made; {@link Long#MAX_VALUE} where the file system
 *     has no limit
 * @param kind its name as in /proc/filesystems ({@code ext4}, {@code xfs}, {@code btrfs}, {@code
 *     f2fs}, {@code zfs}, {@code tmpfs}), or empty if it is another
 */
public record Space(long freeBytes, long freeInodes, String kind) {}
