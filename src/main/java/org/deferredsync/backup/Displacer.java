package org.deferredsync.backup;

import java.io.IOException;
import java.time.Clock;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Contents;
import org.deferredsync.catalogue.Entries;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Version;

/**
 * Makes what lies at a mirror path give way. What the catalogue knows is linked into the increment,
 * so that both versions are reachable from then on; what it does not know is moved there at once
 * and never expires.
 */
final class Displacer {
  private final Posix posix;
  private final Clock clock;
  private final Target target;
  private final Catalogue catalogue;
  private final MirrorCheck mirror;
  private final Increment increment;
  private final Barrier barrier;
  private final long run;

  Displacer(
      Posix posix,
      Clock clock,
      Target target,
      Catalogue catalogue,
      MirrorCheck mirror,
      Increment increment,
      Barrier barrier,
      long run) {
    this.posix = posix;
    this.clock = clock;
    this.target = target;
    this.catalogue = catalogue;
    this.mirror = mirror;
    this.increment = increment;
    this.barrier = barrier;
    this.run = run;
  }

  /**
   * Links the mirror's file, link or special file into the increment.
   *
   * @return its inode, or 0 if the mirror does not hold it any more
   */
  long displace(FilePath path, Entry row, Batch batch, Problems problems) throws IOException {
    batch.displaces(path);
    Stat there = target.mirror().statOrNull(path);
    if (there != null && mirror.isStored(path, there, row.version())) {
      if (!keepsAnotherName(path, there, row.version(), batch)) {
        linkIntoIncrement(path);
        Long content = row.version().content();
        batch.write(c -> c.contents().addPlace(run, path, content, false));
      }
      return there.inode();
    }
    if (there == null && mirror.isOnlyRecorded(row.version())) {
      return 0;
    }
    lose(row.version(), batch);
    if (there == null) {
      problems.unknown(
          path, "missing in the mirror; this version of it is lost, the new one is stored");
    } else {
      moveAway(path, batch, problems);
    }
    return 0;
  }

  /**
   * Links a file whose bytes are not those of its content any more, and that another takes the
   * place of, into the increment. It stays there as long as the version that ends now.
   *
   * @return its inode, or 0 if the mirror does not hold it any more
   */
  long displaceDamaged(FilePath path, Entry row, Batch batch, Problems problems)
      throws IOException {
    Stat there = target.mirror().statOrNull(path);
    if (there == null) {
      return 0;
    }
    Version version = row.version();
    if (!there.isRegular()
        || there.size() != version.size()
        || there.mtimeNs() != version.mtimeNs()) {
      moveAway(path, batch, problems);
      return 0;
    }
    if (!keepsAnotherName(path, there, version, batch)) {
      linkIntoIncrement(path);
      batch.write(c -> c.contents().addPlace(run, path, null, false));
    }
    return there.inode();
  }

  /**
   * Whether the file keeps another name in the mirror: then this one simply goes. A file of ours
   * has its names in the mirror or in increments, never in both.
   */
  private boolean keepsAnotherName(FilePath path, Stat there, Version version, Batch batch)
      throws IOException {
    if (there.nlink() < 2) {
      return false;
    }
    batch.leaves(path);
    Long content = version.content();
    Long group = version.linkGroup();
    Entries.PathTest stays =
        other -> !other.equals(path) && !batch.hasLeft(other) && isAt(other, there);
    if (content != null) {
      return batch.isJoined(content) || catalogue.entries().pathOf(content, stays).isPresent();
    }
    return group != null && catalogue.entries().pathOfGroup(group, stays).isPresent();
  }

  private boolean isAt(FilePath path, Stat file) throws IOException {
    Stat there = target.mirror().statOrNull(path);
    return there != null && there.sameObject(file);
  }

  /**
   * A directory that something else takes the place of, when all that it held is displaced. What
   * somebody put in its place is kept.
   *
   * @return its inode, or 0 if the mirror does not hold it any more
   */
  long displaceDirectory(FilePath path, Batch batch, Problems problems) throws IOException {
    Stat there = target.mirror().statOrNull(path);
    if (there != null && there.isDirectory()) {
      return there.inode();
    }
    clear(path, batch, problems);
    return 0;
  }

  /** Makes sure that nothing lies at a path that the catalogue does not name. */
  void clear(FilePath path, Batch batch, Problems problems) throws IOException {
    if (target.mirror().statOrNull(path) != null) {
      moveAway(path, batch, problems);
    }
  }

  /** Moves everything in a mirror directory that no row names into the increment. */
  void clearUnknown(FilePath directory, Batch batch, Problems problems) throws IOException {
    for (FilePath child : mirror.unknown(directory)) {
      moveAway(child, batch, problems);
    }
  }

  private void linkIntoIncrement(FilePath path) throws IOException {
    int to = increment.parentOf(path);
    try {
      posix.link(target.mirror().open(path.above()), path.name(), to, path.name());
      barrier.written(to);
    } catch (PosixException e) {
      if (NoHardLinksException.isTold(e)) {
        throw new NoHardLinksException(e);
      }
      throw e;
    }
  }

  private void moveAway(FilePath path, Batch batch, Problems problems) throws IOException {
    int to = increment.parentOf(path);
    target.mirror().forget(path);
    int from = target.mirror().open(path.above());
    posix.renameNew(from, path.name(), to, path.name());
    barrier.written(from);
    barrier.written(to);
    batch.write(c -> c.contents().addPlace(run, path, null, true));
    batch.set(path.above());
    problems.unknown(
        path, "the mirror held what the catalogue does not know; it is kept in the increment");
  }

  private void lose(Version version, Batch batch) throws IOException {
    Long content = version.content();
    if (content != null) {
      long now = clock.millis() * 1_000_000;
      batch.write(c -> c.contents().setState(content, Contents.State.MISSING, now));
    }
  }
}
