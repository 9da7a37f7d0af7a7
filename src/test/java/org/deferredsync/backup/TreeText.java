package org.deferredsync.backup;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A directory tree as text, one line a path with all that a restore must give back. */
public final class TreeText {
  private TreeText() {}

  /**
   * The lines by relative path; the top itself is {@code .}. Names of one file are told by the
   * first of them.
   */
  public static Map<String, String> of(Path top) throws IOException {
    Map<String, String> lines = new TreeMap<>();
    Map<Object, TreeSet<String>> names = new HashMap<>();
    try (Stream<Path> paths = Files.walk(top)) {
      paths.forEach(
          path -> {
            try {
              String name = path.equals(top) ? "." : top.relativize(path).toString();
              lines.put(name, line(path));
              if (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
                Object inode = Files.getAttribute(path, "unix:ino");
                names.computeIfAbsent(inode, key -> new TreeSet<>()).add(name);
              }
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
    for (TreeSet<String> group : names.values()) {
      if (group.size() > 1) {
        group.forEach(name -> lines.merge(name, " = " + group.first(), String::concat));
      }
    }
    return lines;
  }

  private static String line(Path path) throws IOException {
    Map<String, Object> a =
        Files.readAttributes(path, "unix:mode,uid,gid,lastModifiedTime", LinkOption.NOFOLLOW_LINKS);
    int mode = (Integer) requireNonNull(a.get("mode"));
    String text =
        String.format(
            "%o %s:%s %d",
            mode,
            a.get("uid"),
            a.get("gid"),
            ((FileTime) requireNonNull(a.get("lastModifiedTime"))).to(TimeUnit.NANOSECONDS));
    if (Files.isSymbolicLink(path)) {
      return text + " -> " + Files.readSymbolicLink(path);
    }
    if (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
      return text + " " + sha256(Files.readAllBytes(path)) + attributes(path);
    }
    return Files.isDirectory(path) ? text + attributes(path) : text;
  }

  /** The user's extended attributes. */
  private static String attributes(Path path) throws IOException {
    UserDefinedFileAttributeView view =
        requireNonNull(Files.getFileAttributeView(path, UserDefinedFileAttributeView.class));
    TreeSet<String> all = new TreeSet<>();
    for (String name : view.list()) {
      ByteBuffer value = ByteBuffer.allocate(view.size(name));
      view.read(name, value);
      all.add(name + "=" + HexFormat.of().formatHex(value.array()));
    }
    return all.isEmpty() ? "" : " " + all;
  }

  private static String sha256(byte[] bytes) {
    MessageDigest digest = Hashing.sha256();
    return HexFormat.of().formatHex(digest.digest(bytes), 0, 8);
  }
}
