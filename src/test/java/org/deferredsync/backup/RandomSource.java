package org.deferredsync.backup;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** A source of plain names that changes at random in every way that {@link TreeText} can tell. */
final class RandomSource {
  private static final List<String> MODES =
      List.of("rw-r--r--", "rw-------", "r--r-----", "rwxr-xr-x", "rwx------");

  private final Path top;
  private final Random random;
  private int names;

  RandomSource(Path top, Random random) {
    this.top = top;
    this.random = random;
  }

  /** Does so many things to it; one file stays, since a source that is empty would be held. */
  void change(int count) throws IOException {
    Files.writeString(top.resolve("kept"), "kept");
    for (int i = 0; i < count; i++) {
      change();
    }
  }

  private void change() throws IOException {
    Path any = any();
    switch (random.nextInt(14)) {
      case 0, 1, 2 -> write(fresh());
      case 3, 4 -> write(any);
      case 5 -> Files.createDirectory(fresh());
      case 6 -> TargetChecks.delete(any.equals(top) ? fresh() : any);
      case 7 -> move(any);
      case 8 -> link(any);
      case 9 -> Files.createSymbolicLink(fresh(), Path.of("to").resolve(top.relativize(any)));
      case 10 -> mode(any);
      case 11 -> attribute(any);
      case 12 -> replace(any);
      default -> time(any);
    }
  }

  private Path any() throws IOException {
    List<Path> all;
    try (Stream<Path> walk = Files.walk(top)) {
      all = walk.filter(path -> !path.endsWith("kept")).sorted().toList();
    }
    return all.get(random.nextInt(all.size()));
  }

  /** A name that is not there. */
  private Path fresh() throws IOException {
    Path in = any();
    while (!Files.isDirectory(in, LinkOption.NOFOLLOW_LINKS)) {
      in = requireNonNull(in.getParent());
    }
    return in.resolve("n" + names++);
  }

  private static boolean isFile(Path path) {
    return Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS);
  }

  private void write(Path path) throws IOException {
    if (isFile(path) || !Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      byte[] bytes = new byte[1 + random.nextInt(random.nextInt(8) == 0 ? 200_000 : 3_000)];
      random.nextBytes(bytes);
      Files.write(path, bytes);
    }
  }

  private void move(Path path) throws IOException {
    Path to = fresh();
    if (!to.startsWith(path)) {
      Files.move(path, to);
    }
  }

  private void link(Path path) throws IOException {
    if (isFile(path)) {
      Files.createLink(fresh(), path);
    }
  }

  private void mode(Path path) throws IOException {
    if (isFile(path)) {
      Files.setPosixFilePermissions(
          path, PosixFilePermissions.fromString(MODES.get(random.nextInt(MODES.size()))));
    }
  }

  private void attribute(Path path) throws IOException {
    UserDefinedFileAttributeView view =
        Files.getFileAttributeView(path, UserDefinedFileAttributeView.class);
    if (isFile(path) && view != null) {
      try {
        view.write("tag", ByteBuffer.wrap(new byte[] {(byte) random.nextInt()}));
      } catch (FileSystemException e) {
        mode(path); // a file system without attributes
      }
    }
  }

  /** Puts something of another type in its place. */
  private void replace(Path path) throws IOException {
    if (path.equals(top)) {
      return;
    }
    boolean file = isFile(path);
    TargetChecks.delete(path);
    if (file) {
      Files.createDirectory(path);
      write(path.resolve("in" + names++));
    } else {
      write(path);
    }
  }

  private void time(Path path) throws IOException {
    if (isFile(path)) {
      Files.setLastModifiedTime(
          path, FileTime.from(Instant.ofEpochSecond(random.nextInt(), random.nextInt(1_000_000))));
    }
  }
}
