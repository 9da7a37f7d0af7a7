package org.deferredsync.backup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.deferredsync.fs.MountTable;
import org.deferredsync.fs.MountTable.Mount;
import org.deferredsync.snapshot.FilePath;

/**
 * Where a directory lies in its file system: the same for every bind mount that shows it, which the
 * directories above it do not tell.
 */
record Place(long device, FilePath inside) {

  /** The place of a directory; empty where the system does not tell. */
  static Optional<Place> of(FilePath directory, MountTable mounts) {
    byte[] real;
    try {
      Path path = Path.of(new String(directory.bytes(), StandardCharsets.UTF_8));
      real = path.toRealPath().toString().getBytes(StandardCharsets.UTF_8);
    } catch (IOException | InvalidPathException e) {
      return Optional.empty(); // gone, or a name that this locale cannot write
    }
    return mounts.mountOf(real).map(mount -> new Place(mount.device(), inside(mount, real)));
  }

  private static FilePath inside(Mount mount, byte[] real) {
    int skipped = mount.mountPoint().length == 1 ? 0 : mount.mountPoint().length;
    byte[] root = mount.root();
    byte[] joined = Arrays.copyOf(root, root.length + 1 + real.length - skipped);
    joined[root.length] = '/';
    System.arraycopy(real, skipped, joined, root.length + 1, real.length - skipped);
    return FilePath.normalized(joined);
  }

  /** Whether the other one is this place or lies in it. */
  boolean contains(Place other) {
    return device == other.device && inside.contains(other.inside);
  }
}
