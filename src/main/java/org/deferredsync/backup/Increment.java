package org.deferredsync.backup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.jspecify.annotations.Nullable;

/**
 * The increment of the run under way. Its directory is made at the first displacement, after its
 * name is in the catalogue: an increment on disk that the catalogue does not know means that the
 * catalogue is too old.
 */
final class Increment implements AutoCloseable {
  private final Posix posix;
  private final Target target;
  private final Catalogue catalogue;
  private final long run;
  private final Instant started;
  private @Nullable DirectoryTree tree;
  private int descriptor = -1;

  Increment(Posix posix, Target target, Catalogue catalogue, long run, Instant started) {
    this.posix = posix;
    this.target = target;
    this.catalogue = catalogue;
    this.run = run;
    this.started = started;
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
    IncrementName name = firstFree();
    while (true) {
      String text = name.toString();
      catalogue.transaction(() -> catalogue.runs().setIncrement(run, text));
      try {
        posix.makeDirectory(target.root(), name.bytes(), 0700);
        return posix.openDirectory(target.root(), name.bytes());
      } catch (PosixException e) {
        if (!e.is(Errno.EEXIST)) {
          throw e;
        }
        name = name.next();
      }
    }
  }

  /** The run's own second, or one later than every increment that there has been. */
  private IncrementName firstFree() throws IOException {
    IncrementName name = new IncrementName(started);
    List<Run> runs = catalogue.runs().list();
    for (Run earlier : runs) {
      String taken = earlier.increment();
      if (taken != null) {
        IncrementName last = IncrementName.parse(taken).orElse(name);
        name = name.time().isAfter(last.time()) ? name : last.next();
      }
    }
    return name;
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
