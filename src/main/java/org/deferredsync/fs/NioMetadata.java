package org.deferredsync.fs;

import static org.deferredsync.fs.NioErrors.translated;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.deferredsync.logging.Printable;

/**
 * What an inode says of itself and is made to say, by Java's view {@code unix}; no link is followed
 * at the last component, but by {@link #setMode} one that takes the place of what it looked at.
 */
final class NioMetadata {
  private NioMetadata() {}

  static Stat stat(Path path) throws PosixException {
    String wanted = "unix:dev,ino,mode,nlink,uid,gid,size,lastModifiedTime,ctime,rdev";
    Map<String, Object> attributes =
        translated(
            "stat",
            Printable.of(path.toString()),
            () -> Files.readAttributes(path, wanted, LinkOption.NOFOLLOW_LINKS));
    int mode = (int) number(attributes, "mode");
    int type = mode & Stat.TYPE_MASK;
    long size = number(attributes, "size");
    boolean node = type == Stat.CHARACTER_DEVICE || type == Stat.BLOCK_DEVICE;
    return new Stat(
        number(attributes, "dev"),
        number(attributes, "ino"),
        mode,
        (int) number(attributes, "nlink"),
        (int) number(attributes, "uid"),
        (int) number(attributes, "gid"),
        size,
        type == Stat.REGULAR ? size / 512 + (size % 512 == 0 ? 0 : 1) : 0,
        nanoseconds(attributes, "lastModifiedTime"),
        nanoseconds(attributes, "ctime"),
        node ? number(attributes, "rdev") : 0,
        false);
  }

  private static long number(Map<String, Object> attributes, String name) {
    return attributes.get(name) instanceof Number number ? number.longValue() : 0;
  }

  private static long nanoseconds(Map<String, Object> attributes, String name) {
    return attributes.get(name) instanceof FileTime time ? time.to(TimeUnit.NANOSECONDS) : 0;
  }

  static void setOwner(Path path, int uid, int gid) throws IOException {
    translated(
        "lchown",
        Printable.of(path.toString()),
        () -> {
          Files.setAttribute(path, "unix:uid", uid, LinkOption.NOFOLLOW_LINKS);
          return Files.setAttribute(path, "unix:gid", gid, LinkOption.NOFOLLOW_LINKS);
        });
  }

  static void setMode(Path path, int permissions) throws IOException {
    if (stat(path).isSymlink()) {
      throw new PosixException(Errno.EOPNOTSUPP, "chmod", Printable.of(path.toString()));
    }
    translated(
        "chmod",
        Printable.of(path.toString()),
        () -> Files.setAttribute(path, "unix:mode", permissions & 07777));
  }

  static void setTime(Path path, long mtimeNs) throws IOException {
    if (mtimeNs < 0 && mtimeNs % 1_000_000_000 != 0) {
      // Java would set 1970-01-01 instead, without a word.
      throw new PosixException(Errno.EINVAL, "utimensat", Printable.of(path.toString()));
    }
    BasicFileAttributeView view =
        Files.getFileAttributeView(path, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
    translated(
        "utimensat",
        Printable.of(path.toString()),
        () -> {
          view.setTimes(FileTime.from(mtimeNs, TimeUnit.NANOSECONDS), null, null);
          return true;
        });
  }
}
