package org.deferredsync.cli;

import java.time.ZoneId;
import java.util.Locale;
import org.deferredsync.logging.Printable;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * A version of an entry as people and JSON readers get it: the same columns and members in every
 * command. Without a version it is a directory above the sources, of which nothing is known.
 */
final class EntryText {
  private EntryText() {}

  /** Mode, owner, size or device, and time, each of fixed width. */
  static String columns(@Nullable Version version, ZoneId zone) {
    if (version == null) {
      return columns("d---------", "", "", "");
    }
    return columns(
        Modes.text(version) + (version.xattr() == null ? "" : "+"),
        Integer.toUnsignedString(version.uid()) + ":" + Integer.toUnsignedString(version.gid()),
        isDevice(version) ? device(version.rdev()) : Long.toString(version.size()),
        Times.text(Times.ofNanos(version.mtimeNs()), zone));
  }

  /** Without a format string, which takes longer than all the rest where there are many lines. */
  private static String columns(String mode, String owner, String size, String time) {
    return mode
        + " ".repeat(Math.max(0, 11 - mode.length()) + 1 + Math.max(0, 9 - owner.length()))
        + owner
        + " ".repeat(1 + Math.max(0, 12 - size.length()))
        + size
        + " "
        + time
        + " ".repeat(Math.max(0, 25 - time.length()));
  }

  private static boolean isDevice(Version version) {
    return version.type() == FileType.BLOCK_DEVICE || version.type() == FileType.CHARACTER_DEVICE;
  }

  /** Major and minor number, packed as makedev(3) does. */
  private static String device(long rdev) {
    long major = (rdev >>> 8 & 0xfff) | (rdev >>> 32 & ~0xfffL);
    long minor = (rdev & 0xff) | (rdev >>> 12 & ~0xffL & 0xffffffffL);
    return major + ", " + minor;
  }

  /** What follows the name: where a symbolic link leads, and what is wrong with the bytes. */
  static String suffix(@Nullable Version version) {
    if (version == null) {
      return "";
    }
    byte[] target = version.linkTarget();
    return (target == null ? "" : " -> " + Printable.of(target))
        + (version.inconsistent() ? " (inconsistent: it was being written)" : "");
  }

  /** The members of an object that tell what the entry was. */
  static void members(JsonWriter writer, @Nullable Version version, ZoneId zone) {
    FileType type = version == null ? FileType.DIRECTORY : version.type();
    writer.member("type", type.name().toLowerCase(Locale.ROOT));
    if (version == null) {
      return;
    }
    writer
        .member("mode", String.format("%04o", version.permissions()))
        .member("uid", Integer.toUnsignedLong(version.uid()))
        .member("gid", Integer.toUnsignedLong(version.gid()))
        .member("time", Times.text(Times.ofNanos(version.mtimeNs()), zone));
    if (type == FileType.FILE) {
      writer.member("bytes", version.size());
    }
    if (isDevice(version)) {
      writer.member("device", device(version.rdev()).replace(", ", ":"));
    }
    byte[] target = version.linkTarget();
    if (target != null) {
      writer.member("target", Printable.of(target));
    }
    if (version.inconsistent()) {
      writer.member("inconsistent", true);
    }
  }
}
