package org.deferredsync.backup;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.deferredsync.fs.Posix;

/**
 * Copies a tree, as {@code cp -a} does, without starting a process: one that is being started holds
 * the locks of its parent for a moment, which a sweep by several workers would take for a lock that
 * somebody has left.
 */
final class TreeCopy {
  private final Posix posix = Posix.ofSystem();
  private final Map<Object, Path> copied = new HashMap<>();

  /** Copies what is at {@code from} to a name that is not there. */
  static void copy(Path from, Path to) throws IOException {
    TreeCopy copy = new TreeCopy();
    List<Path> all;
    try (Stream<Path> walk = Files.walk(from)) {
      all = walk.toList();
    }
    for (Path each : all) {
      copy.one(each, to.resolve(from.relativize(each)));
    }
    for (int i = all.size() - 1; i >= 0; i--) {
      copy.time(all.get(i), to.resolve(from.relativize(all.get(i))));
    }
  }

  private void one(Path from, Path to) throws IOException {
    Object inode = requireNonNull(Files.getAttribute(from, "unix:ino", LinkOption.NOFOLLOW_LINKS));
    Path first = copied.get(inode);
    if (first != null && !Files.isDirectory(from, LinkOption.NOFOLLOW_LINKS)) {
      Files.createLink(to, first);
      return;
    }
    copied.put(inode, to);
    Files.copy(from, to, StandardCopyOption.COPY_ATTRIBUTES, LinkOption.NOFOLLOW_LINKS);
  }

  /** To the nanosecond, which Java does not do everywhere. */
  private void time(Path from, Path to) throws IOException {
    long time = posixTime(from);
    int directory = posix.openPath(bytes(requireNonNull(to.getParent())));
    try {
      posix.setTime(directory, bytes(to.getFileName()), time);
    } finally {
      posix.close(directory);
    }
  }

  private long posixTime(Path path) throws IOException {
    int directory = posix.openPath(bytes(requireNonNull(path.getParent())));
    try {
      return posix.stat(directory, bytes(path.getFileName())).mtimeNs();
    } finally {
      posix.close(directory);
    }
  }

  private static byte[] bytes(Path path) {
    return path.toString().getBytes(StandardCharsets.UTF_8);
  }
}
