package org.deferredsync.snapshot;

import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One version of an entry: all that a restore gives back. Two versions that are equal need no
 * second row.
 *
 * @param mode type and permission bits, as in inode(7)
 * @param uid numeric owner, unsigned
 * @param gid numeric group, unsigned
 * @param size bytes of a regular file, 0 for everything else
 * @param mtimeNs nanoseconds since 1970-01-01 UTC
 * @param rdev the device a device node stands for, else 0
 * @param linkTarget what a symbolic link holds; null for everything else
 * @param linkGroup what is no regular file and has several names: the same number for each of them;
 *     else null. Regular files that are names of one file have the same content.
 * @param xattr the row of its extended attributes, or null if it has none
 * @param content the row of its content; null for all but regular files
 * @param inconsistent whether the file was being written each time it was read
 */
@SuppressWarnings("ArrayRecordComponent") // equality is by the bytes, see equals
public record Version(
    int mode,
    int uid,
    int gid,
    long size,
    long mtimeNs,
    long rdev,
    byte @Nullable [] linkTarget,
    @Nullable Long linkGroup,
    @Nullable Long xattr,
    @Nullable Long content,
    boolean inconsistent) {

  /** The same with other attributes. */
  public Version withXattr(@Nullable Long other) {
    return new Version(
        mode, uid, gid, size, mtimeNs, rdev, linkTarget, linkGroup, other, content, inconsistent);
  }

  public FileType type() {
    return FileType.ofMode(mode);
  }

  /** The twelve permission bits. */
  public int permissions() {
    return mode & 07777;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Version v
        && mode == v.mode
        && uid == v.uid
        && gid == v.gid
        && size == v.size
        && mtimeNs == v.mtimeNs
        && rdev == v.rdev
        && Arrays.equals(linkTarget, v.linkTarget)
        && Objects.equals(linkGroup, v.linkGroup)
        && Objects.equals(xattr, v.xattr)
        && Objects.equals(content, v.content)
        && inconsistent == v.inconsistent;
  }

  @Override
  public int hashCode() {
    return Objects.hash(mode, uid, gid, size, mtimeNs, rdev, content);
  }
}
