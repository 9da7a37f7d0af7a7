package org.deferredsync.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;

/**
 * A random directory tree of files, directories and symbolic links, with names of any bytes and
 * metadata of any kind that an unprivileged reader can still read where the test is no root.
 */
final class GeneratedTree {
  private static final int LONGEST_PATH = 1_500;
  private static final int[] FILE_MODES = {
    0644, 0600, 0444, 0755, 04755, 02711, 01644, 0400, 0666, 0000
  };
  private static final int[] DIRECTORY_MODES = {0755, 0700, 02775, 01777, 0555, 0711, 0000};
  private static final int[] OWNERS = {0, 1, 1000, 65534, 123_456_789};
  private static final long SECOND = 1_000_000_000L;
  private static final long[] TIMES = {
    0, -1, -SECOND / 2, -2_000_000_000 * SECOND, 4_102_444_800L * SECOND + 5, SECOND - 1
  };

  private final Posix posix = Posix.ofSystem();
  private final boolean root = posix.effectiveUser() == 0;
  private final FilePath top;
  private final Random random;
  private int count;

  /** A path of the tree; names of links are not followed. */
  private record Node(FilePath path, Stat stat) {}

  GeneratedTree(Path top, Random random) {
    this.top = FilePath.of(top.toString());
    this.random = random;
  }

  /** Makes the tree, of about so many entries. */
  void grow(int entries) throws IOException {
    FilePath bytes = directory(top, ascii("bytes"));
    for (int b = 1; b < 256; b++) {
      if (b != '/') {
        file(bytes, new byte[] {'b', (byte) b}, b % 7);
      }
    }
    FilePath deep = top;
    for (int i = 0; i < 60; i++) {
      deep = directory(deep, ascii("deep" + i));
    }
    file(deep, ascii("bottom"), 10);
    byte[] longest = new byte[255];
    Arrays.fill(longest, (byte) 0xe9);
    file(top, longest, 3);
    file(top, ascii("-rf"), 3);
    file(top, ascii(" "), 3);
    file(top, ascii("big"), 3 << 20);
    file(top, ascii("x\n[INFO] job: completed"), 1);
    link(top, ascii("dangling"), ascii("no where\n\033[31m"));
    link(top, ascii("absolute"), ascii("/etc/passwd"));
    directory(top, ascii("empty"));
    while (count < entries) {
      add();
    }
    for (Node node : walk()) {
      if (!node.path().equals(top)) {
        setMetadata(node);
      }
    }
  }

  /** Changes about so many things of every kind. */
  void change(int changes) throws IOException {
    for (int i = 0; i < changes; i += 20) {
      List<Node> nodes = walk();
      for (int k = 0; k < 20; k++) {
        Node now = asItIsNow(nodes.get(1 + random.nextInt(nodes.size() - 1)));
        if (now != null) {
          change(now);
        }
      }
    }
  }

  private void change(Node node) throws IOException {
    FilePath parent = parent(node.path());
    byte[] name = node.path().name();
    boolean directory = node.stat().isDirectory();
    switch (random.nextInt(9)) {
      case 0, 1 -> add();
      case 2, 3 -> setMetadata(node);
      case 4 -> {
        // The same length and the same time: only the change time tells.
        if (node.stat().isRegular() && node.stat().size() > 0) {
          remove(parent, name, false);
          file(parent, name, (int) node.stat().size());
          at(parent, d -> posix.setTime(d, name, node.stat().mtimeNs()));
        }
      }
      case 5 -> {
        if (!directory || random.nextInt(4) == 0) {
          remove(parent, name, directory);
        }
      }
      case 6 -> {
        if (!directory || random.nextInt(2) == 0) {
          rename(node, parent, name);
        }
      }
      case 7 -> {
        if (!directory || random.nextInt(4) == 0) {
          remove(parent, name, directory);
          leaf(parent, name, random.nextInt(3));
        }
      }
      default -> {
        if (!directory) {
          remove(parent, name, false);
          file(parent, name, random.nextInt(5_000));
        }
      }
    }
  }

  private void rename(Node node, FilePath parent, byte[] name) throws IOException {
    FilePath to = anyDirectory();
    if (!node.path().contains(to)) {
      byte[] newName = anyName();
      at(parent, from -> at(to, into -> posix.renameNew(from, name, into, newName)));
    }
  }

  private void add() throws IOException {
    leaf(anyDirectory(), anyName(), random.nextInt(10));
  }

  private void leaf(FilePath parent, byte[] name, int kind) throws IOException {
    switch (kind) {
      case 0, 1 -> directory(parent, name);
      case 2 ->
          link(parent, name, random.nextBoolean() ? anyName() : ascii("/" + random.nextInt()));
      default -> file(parent, name, random.nextInt(4) == 0 ? 0 : random.nextInt(3_000));
    }
  }

  private FilePath anyDirectory() throws IOException {
    FilePath at = top;
    for (int depth = random.nextInt(6); depth > 0; depth--) {
      List<FilePath> below = new ArrayList<>();
      for (Node node : list(at)) {
        if (node.stat().isDirectory() && node.path().length() < LONGEST_PATH) {
          below.add(node.path());
        }
      }
      if (below.isEmpty()) {
        return at;
      }
      at = below.get(random.nextInt(below.size()));
    }
    return at;
  }

  /** A name of its own: the count makes it differ from every other. */
  private byte[] anyName() {
    byte[] end = ascii("." + count++);
    int length = random.nextInt(8) == 0 ? 255 - end.length : random.nextInt(12);
    byte[] name = new byte[length + end.length];
    random.nextBytes(name);
    boolean plain = random.nextInt(3) == 0;
    for (int i = 0; i < length; i++) {
      if (plain) {
        name[i] = (byte) ('a' + Math.floorMod(name[i], 26));
      } else if (name[i] == 0 || name[i] == '/') {
        name[i] = '\n';
      }
    }
    System.arraycopy(end, 0, name, length, end.length);
    return name;
  }

  private void file(FilePath parent, byte[] name, int size) throws IOException {
    byte[] content = new byte[size];
    random.nextBytes(content);
    count++;
    at(
        parent,
        d -> {
          int file = posix.createFile(d, name, 0600);
          try {
            posix.write(file, content, 0, size);
          } finally {
            posix.close(file);
          }
        });
  }

  private FilePath directory(FilePath parent, byte[] name) throws IOException {
    count++;
    at(parent, d -> posix.makeDirectory(d, name, 0755));
    return parent.child(name);
  }

  private void link(FilePath parent, byte[] name, byte[] target) throws IOException {
    count++;
    at(parent, d -> posix.makeSymlink(d, name, target));
  }

  private void setMetadata(Node node) throws IOException {
    byte[] name = node.path().name();
    boolean directory = node.stat().isDirectory();
    int[] modes = directory ? DIRECTORY_MODES : FILE_MODES;
    int mode = modes[random.nextInt(modes.length)] | (root ? 0 : directory ? 0700 : 0400);
    int uid = OWNERS[random.nextInt(OWNERS.length)];
    int gid = OWNERS[random.nextInt(OWNERS.length)];
    long time =
        random.nextBoolean()
            ? TIMES[random.nextInt(TIMES.length)]
            : Math.floorMod(random.nextLong(), 1_700_000_000 * SECOND);
    at(
        parent(node.path()),
        d -> {
          if (root) {
            posix.setOwner(d, name, uid, gid);
          }
          if (directory || node.stat().isRegular()) {
            posix.setMode(d, name, mode);
          }
          posix.setTime(d, name, time);
        });
  }

  private void remove(FilePath parent, byte[] name, boolean directory) throws IOException {
    if (directory) {
      for (Node below : list(parent.child(name))) {
        remove(parent.child(name), below.path().name(), below.stat().isDirectory());
      }
      at(parent, d -> posix.removeDirectory(d, name));
    } else {
      at(parent, d -> posix.unlink(d, name));
    }
  }

  /** An earlier change may have put another object there, even under the same inode number. */
  private @Nullable Node asItIsNow(Node node) throws IOException {
    for (Node sibling : nodesIfThere(parent(node.path()))) {
      if (sibling.path().equals(node.path())) {
        return sibling;
      }
    }
    return null;
  }

  private List<Node> nodesIfThere(FilePath directory) throws IOException {
    try {
      return list(directory);
    } catch (PosixException e) {
      return List.of(); // removed or replaced by an earlier change
    }
  }

  private List<Node> walk() throws IOException {
    List<Node> nodes = new ArrayList<>();
    Deque<FilePath> open = new ArrayDeque<>(List.of(top));
    at(top, d -> nodes.add(new Node(top, posix.stat(d))));
    while (!open.isEmpty()) {
      for (Node node : list(open.pop())) {
        nodes.add(node);
        if (node.stat().isDirectory()) {
          open.push(node.path());
        }
      }
    }
    return nodes;
  }

  /** By name, so that one seed gives one tree. */
  private List<Node> list(FilePath directory) throws IOException {
    List<Node> nodes = new ArrayList<>();
    at(
        directory,
        d -> {
          List<byte[]> names = new ArrayList<>();
          posix.list(d, entry -> names.add(entry.name()));
          names.sort(Arrays::compareUnsigned);
          for (byte[] name : names) {
            nodes.add(new Node(directory.child(name), posix.stat(d, name)));
          }
        });
    return nodes;
  }

  private interface InDirectory {
    void run(int descriptor) throws IOException;
  }

  private void at(FilePath directory, InDirectory task) throws IOException {
    int descriptor = posix.openPath(directory.bytes());
    try {
      task.run(descriptor);
    } finally {
      posix.close(descriptor);
    }
  }

  private static FilePath parent(FilePath path) {
    FilePath parent = path.parent();
    if (parent == null) {
      throw new IllegalStateException("the top is never changed");
    }
    return parent;
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
