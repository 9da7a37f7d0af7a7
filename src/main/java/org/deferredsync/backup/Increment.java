package org.deferredsync.backup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.jspecify.annotations.Nullable;

/**
 * The increment of the run under way. Its directory is made at the first displacement, when its
 * name has long been in the catalogue: an increment on disk that the catalogue does not know means
 * that the catalogue is too old.
 */
final class Increment implements AutoCloseable {
  private final Posix posix;
  private final Target target;
  private final IncrementName name;
  private @Nullable DirectoryTree tree;
  private int descriptor = -1;

  /**
   * @param name as the catalogue has it for the run
   */
  Increment(Posix posix, Target target, IncrementName name) {
    this.posix = posix;
    this.target = target;
    this.name = name;
  }

  /** Whether the run has displaced anything. */
  boolean isMade() {
    return tree != null;
  }

  /** The directory that holds {@code path} in the increment, made with all above it. */
  int parentOf(FilePath path) throws IOException {
    FilePath parent = path.parent();
    return tree().openOrMake(parent == null ? FilePath.ROOT : parent);
  }

  DirectoryTree tree() throws IOException {
    DirectoryTree made = tree;
    if (made == null) {
      descriptor = make();
      made = new DirectoryTree(posix, descriptor, FilePath.ROOT, true);
      tree = made;
    }
    return made;
  }

  private int make() throws IOException {
    try {
      posix.makeDirectory(target.root(), name.bytes(), 0700);
    } catch (PosixException e) {
      if (e.is(Errno.EEXIST)) {
        throw new IOException(
            target.path() + "/" + name + ": somebody made it just now; move it away and run again",
            e);
      }
      throw e;
    }
    return posix.openDirectory(target.root(), name.bytes());
  }

  /**
   * The name for a run: its own second, or one later than every increment that there has been, and
   * taken by nothing.
   *
   * @param runs all that the catalogue knows
   */
  static IncrementName choose(Posix posix, Target target, List<Run> runs, Instant started)
      throws IOException {
    IncrementName name = new IncrementName(started);
    for (Run earlier : runs) {
      String taken = earlier.increment();
      if (taken != null) {
        IncrementName last = IncrementName.parse(taken).orElse(name);
        name = name.time().isAfter(last.time()) ? name : last.next();
      }
    }
    while (exists(posix, target, name)) {
      name = name.next();
    }
    return name;
  }

  private static boolean exists(Posix posix, Target target, IncrementName name) throws IOException {
    try {
      posix.stat(target.root(), name.bytes());
      return true;
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        return false;
      }
      throw e;
    }
  }

  /** The names of all that are below the target's root. */
  static Set<String> names(Posix posix, Target target) throws IOException {
    Set<String> names = new HashSet<>();
    posix.list(
        target.root(),
        entry -> {
          String name = new String(entry.name(), StandardCharsets.ISO_8859_1);
          IncrementName.parse(name).ifPresent(increment -> names.add(increment.toString()));
        });
    return names;
  }

  /** Opens the increment with this name below the target's root. */
  static int open(Posix posix, Target target, String name) throws IOException {
    return posix.openDirectory(target.root(), name.getBytes(StandardCharsets.US_ASCII));
  }

  @Override
  public void close() throws IOException {
    if (tree != null) {
      tree.close();
      posix.close(descriptor);
    }
  }
}
