package org.deferredsync.backup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.deferredsync.fs.AtomicFile;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.snapshot.FilePath;

/**
 * What this host remembers of its targets, outside of them: which id lay at a path, and on which
 * mount. Without it an empty directory could not be told from the target whose disk is not mounted.
 */
final class TargetRegistry {
  private static final int LONGEST = 64 << 10;

  private final Posix posix;
  private final Path directory;

  /**
   * @param directory of this host's state; made with mode 0700 when first needed
   */
  TargetRegistry(Posix posix, Path directory) {
    this.posix = posix;
    this.directory = directory;
  }

  /**
   * A target that this host has used.
   *
   * @param mountPoint printable, as {@link FilePath#toString} writes it
   */
  record Remembered(String id, String mountPoint) {}

  Optional<Remembered> find(FilePath target) throws IOException {
    int state;
    try {
      state = posix.openPath(bytes(directory.toString()));
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        return Optional.empty();
      }
      throw e;
    }
    try {
      byte[] text = AtomicFile.read(posix, state, fileOf(target), LONGEST);
      List<String> lines = new String(text, StandardCharsets.UTF_8).lines().toList();
      if (lines.size() < 3) {
        throw new IOException(
            pathOf(target) + ": damaged; remove it if the target is the right one");
      }
      return Optional.of(new Remembered(lines.get(0), lines.get(1)));
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        return Optional.empty();
      }
      throw e;
    } finally {
      posix.close(state);
    }
  }

  void remember(FilePath target, Remembered remembered) throws IOException {
    Files.createDirectories(
        directory,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    String text = remembered.id() + "\n" + remembered.mountPoint() + "\n" + target + "\n";
    int state = posix.openPath(bytes(directory.toString()));
    try {
      AtomicFile.write(posix, state, fileOf(target), text.getBytes(StandardCharsets.UTF_8), 0600);
    } finally {
      posix.close(state);
    }
  }

  /** Where the memory of a target lies, for messages. */
  Path pathOf(FilePath target) {
    return directory.resolve(new String(fileOf(target), StandardCharsets.US_ASCII));
  }

  private static byte[] fileOf(FilePath target) {
    byte[] hash = Hashing.sha256().digest(target.bytes());
    return bytes(HexFormat.of().formatHex(hash, 0, 16));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
