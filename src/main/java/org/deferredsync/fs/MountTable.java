package org.deferredsync.fs;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.deferredsync.logging.Printable;

/**
 * What is mounted where, at one moment, as /proc/self/mountinfo says (proc(5)). A mount that others
 * hide is in {@link #mounts} but never what {@link #mountOf} finds.
 */
public final class MountTable {
  private static final Path MOUNTINFO = Path.of("/proc/self/mountinfo");

  /**
   * One mount.
   *
   * @param id of this mount, {@code parent} that of the one it is mounted on
   * @param device as in {@link Stat#device} (on btrfs that of the file system, not of a subvolume)
   * @param root the path within the file system that is mounted: not {@code /} for bind mounts
   * @param mountPoint absolute, without a trailing slash but for the root; not to be changed
   * @param kind the file system's type
   */
  @SuppressWarnings("ArrayRecordComponent") // a path as bytes; mounts are told apart by id
  public record Mount(
      int id, int parent, long device, byte[] root, byte[] mountPoint, String kind) {}

  private final List<Mount> mounts;

  private MountTable(List<Mount> mounts) {
    this.mounts = List.copyOf(mounts);
  }

  /** As it is now; empty on a system without /proc/self/mountinfo. */
  public static MountTable ofSystem() throws IOException {
    try {
      return parse(Files.readAllBytes(MOUNTINFO));
    } catch (NoSuchFileException e) {
      return new MountTable(List.of());
    }
  }

  /** The table that these bytes of a mountinfo file describe. */
  static MountTable parse(byte[] mountinfo) throws IOException {
    List<Mount> mounts = new ArrayList<>();
    for (List<byte[]> fields : Fields.ofLines(mountinfo)) {
      mounts.add(mount(fields));
    }
    return new MountTable(mounts);
  }

  private static Mount mount(List<byte[]> fields) throws IOException {
    try {
      // id, parent, major:minor, root, mount point, options, any number of tags, "-", type, ...
      int dash = 6;
      while (!text(fields.get(dash)).equals("-")) {
        dash++;
      }
      String[] device = text(fields.get(2)).split(":", 2);
      return new Mount(
          Integer.parseInt(text(fields.get(0))),
          Integer.parseInt(text(fields.get(1))),
          Statx.makeDevice(Integer.parseInt(device[0]), Integer.parseInt(device[1])),
          Fields.unescaped(fields.get(3)),
          Fields.unescaped(fields.get(4)),
          text(fields.get(dash + 1)));
    } catch (IndexOutOfBoundsException | NumberFormatException e) {
      String line = String.join(" ", fields.stream().map(Printable::of).toList());
      throw new IOException(MOUNTINFO + ": line not understood: " + line, e);
    }
  }

  private static String text(byte[] field) {
    return new String(field, StandardCharsets.ISO_8859_1);
  }

  /** In the order of the kernel. */
  public List<Mount> mounts() {
    return mounts;
  }

  /**
   * The mount that an absolute path lies on, by its text alone: links must have been resolved
   * before. Goes down from mount to mount as the kernel does, so one that is hidden below a later
   * mount of a directory above it is not taken.
   *
   * @return empty if the table does not tell, as in a chroot
   */
  public Optional<Mount> mountOf(byte[] absolutePath) {
    Optional<Mount> found = topmost(absolutePath);
    Optional<Mount> next = found;
    while (next.isPresent()) {
      found = next;
      next = firstBelow(found.get(), absolutePath);
    }
    return found;
  }

  /** The longest of those whose parent is out of sight. */
  private Optional<Mount> topmost(byte[] path) {
    Set<Integer> ids = new HashSet<>();
    mounts.forEach(mount -> ids.add(mount.id()));
    Mount best = null;
    for (Mount mount : mounts) {
      boolean top = !ids.contains(mount.parent()) || mount.parent() == mount.id();
      if (top
          && contains(mount.mountPoint(), path)
          && (best == null || mount.mountPoint().length >= best.mountPoint().length)) {
        best = mount;
      }
    }
    return Optional.ofNullable(best);
  }

  /** The one mounted on {@code parent} that a walk along the path meets first. */
  private Optional<Mount> firstBelow(Mount parent, byte[] path) {
    Mount best = null;
    for (Mount mount : mounts) {
      if (mount.parent() == parent.id()
          && mount.id() != parent.id()
          && contains(mount.mountPoint(), path)
          && (best == null || mount.mountPoint().length <= best.mountPoint().length)) {
        best = mount;
      }
    }
    return Optional.ofNullable(best);
  }

  /** Whether {@code path} is {@code directory} or lies below it. */
  private static boolean contains(byte[] directory, byte[] path) {
    if (directory.length == 1) {
      return true;
    }
    return path.length >= directory.length
        && Arrays.equals(directory, 0, directory.length, path, 0, directory.length)
        && (path.length == directory.length || path[directory.length] == '/');
  }

  /**
   * The mount points that an fstab(5) names, swap and others without a path left out; those that
   * are not mounted at boot too. None if the file does not exist.
   */
  public static List<byte[]> fstabMountPoints(Path fstab) throws IOException {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(fstab);
    } catch (NoSuchFileException e) {
      return List.of();
    }
    List<byte[]> points = new ArrayList<>();
    for (List<byte[]> fields : Fields.ofLines(bytes)) {
      if (fields.get(0)[0] != '#' && fields.size() > 1 && fields.get(1)[0] == '/') {
        points.add(withoutTrailingSlashes(Fields.unescaped(fields.get(1))));
      }
    }
    return points;
  }

  private static byte[] withoutTrailingSlashes(byte[] path) {
    int length = path.length;
    while (length > 1 && path[length - 1] == '/') {
      length--;
    }
    return Arrays.copyOf(path, length);
  }

  /** Lines of words between blanks, with {@code \NNN} for what would else end a word. */
  private static final class Fields {
    private Fields() {}

    /** The words of each line that has any. */
    static List<List<byte[]>> ofLines(byte[] bytes) {
      List<List<byte[]>> lines = new ArrayList<>();
      List<byte[]> words = new ArrayList<>();
      int start = 0;
      for (int i = 0; i <= bytes.length; i++) {
        byte b = i == bytes.length ? (byte) '\n' : bytes[i];
        if (b == ' ' || b == '\t' || b == '\n') {
          if (i > start) {
            words.add(Arrays.copyOfRange(bytes, start, i));
          }
          start = i + 1;
        }
        if (b == '\n' && !words.isEmpty()) {
          lines.add(words);
          words = new ArrayList<>();
        }
      }
      return lines;
    }

    static byte[] unescaped(byte[] word) {
      ByteArrayOutputStream plain = new ByteArrayOutputStream(word.length);
      for (int i = 0; i < word.length; i++) {
        if (word[i] == '\\' && isOctal(word, i + 1)) {
          plain.write((word[i + 1] - '0') * 64 + (word[i + 2] - '0') * 8 + word[i + 3] - '0');
          i += 3;
        } else {
          plain.write(word[i]);
        }
      }
      return plain.toByteArray();
    }

    private static boolean isOctal(byte[] word, int at) {
      if (at + 3 > word.length) {
        return false;
      }
      for (int i = at; i < at + 3; i++) {
        if (word[i] < '0' || word[i] > '7') {
          return false;
        }
      }
      return true;
    }
  }
}
