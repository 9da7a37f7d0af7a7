package org.deferredsync.backup;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.CatalogueException;
import org.deferredsync.catalogue.Contents;
import org.deferredsync.catalogue.Directories;
import org.deferredsync.catalogue.Entries;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.ContentHash;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * Looks at what lies at a mirror path before it gives way. What the catalogue knows is linked into
 * the increment, so that both versions are reachable from then on; what it does not know is moved
 * there at once and never expires.
 */
final class Displacer {
  private final Posix posix;
  private final Clock clock;
  private final Target target;
  private final Catalogue catalogue;
  private final Increment increment;
  private final Barrier barrier;
  private final long run;
  private final FileCopy copy;

  Displacer(
      Posix posix,
      Clock clock,
      Target target,
      Catalogue catalogue,
      Increment increment,
      Barrier barrier,
      long run) {
    this.posix = posix;
    this.clock = clock;
    this.target = target;
    this.catalogue = catalogue;
    this.increment = increment;
    this.barrier = barrier;
    this.run = run;
    this.copy = new FileCopy(posix, clock);
  }

  /**
   * Links the mirror's file, link or special file into the increment.
   *
   * @return its inode, or 0 if the mirror does not hold it any more
   */
  long displace(FilePath path, Entry row, Batch batch, Problems problems) throws IOException {
    batch.displaces(path);
    Stat there = target.mirror().statOrNull(path);
    if (there != null && isStored(path, there, row.version())) {
      if (!keepsAnotherName(path, there, row.version(), batch)) {
        linkIntoIncrement(path);
        Long content = row.version().content();
        batch.write(c -> c.contents().addPlace(run, path, content, false));
      }
      return there.inode();
    }
    if (there == null && isOnlyRecorded(row.version())) {
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

  /** Whether the mirror has at the path what the row says, as far as that is seen from outside. */
  boolean isInMirror(FilePath path, Entry row) throws IOException {
    Stat there = target.mirror().statOrNull(path);
    return there == null ? isOnlyRecorded(row.version()) : isStored(path, there, row.version());
  }

  /** Special files stand in the catalogue alone where this user cannot make them. */
  private boolean isOnlyRecorded(Version version) {
    return version.type() != FileType.FILE
        && version.type() != FileType.SYMLINK
        && posix.effectiveUser() != 0;
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

  /** Makes sure that nothing lies at a path that the catalogue does not name. */
  void clear(FilePath path, Batch batch, Problems problems) throws IOException {
    if (target.mirror().statOrNull(path) != null) {
      moveAway(path, batch, problems);
    }
  }

  /** Moves everything in a mirror directory that no row names into the increment. */
  void clearUnknown(FilePath directory, Batch batch, Problems problems) throws IOException {
    for (FilePath child : unknown(directory)) {
      moveAway(child, batch, problems);
    }
  }

  /** The names in a mirror directory that no row names. */
  List<FilePath> unknown(FilePath directory) throws IOException {
    List<FilePath> unknown = new ArrayList<>();
    Stat there = target.mirror().statOrNull(directory);
    if (there == null || !there.isDirectory()) {
      return unknown;
    }
    Long id = catalogue.directories().find(directory).map(Directories.Known::id).orElse(null);
    Names known = new Names(id);
    try {
      posix.list(
          target.mirror().open(directory),
          entry -> {
            if (!known.has(entry.name())) {
              unknown.add(directory.child(entry.name()));
            }
          });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    return unknown;
  }

  /** The names of a directory's rows: in memory if they are few, else asked for one by one. */
  private final class Names {
    private static final int FEW = 10_000;

    private final @Nullable Long directory;
    private final Set<ByteBuffer> few = new HashSet<>();
    private final boolean all;

    Names(@Nullable Long directory) throws IOException {
      this.directory = directory;
      List<Entry> rows =
          directory == null ? List.of() : catalogue.entries().listAfter(directory, null, FEW);
      all = rows.size() < FEW;
      if (all) {
        rows.forEach(row -> few.add(ByteBuffer.wrap(row.name())));
      }
    }

    boolean has(byte[] name) {
      if (all || directory == null) {
        return few.contains(ByteBuffer.wrap(name));
      }
      try {
        return catalogue.entries().find(directory, name).isPresent();
      } catch (CatalogueException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Whether the mirror's directory exists and holds nothing. */
  boolean isEmptyDirectory(FilePath directory) throws IOException {
    Stat there = target.mirror().statOrNull(directory);
    if (there == null || !there.isDirectory()) {
      return false;
    }
    boolean[] any = new boolean[1];
    posix.list(target.mirror().open(directory), entry -> any[0] = true);
    return !any[0];
  }

  /**
   * Whether it is what the catalogue stored there, as far as that can be told without reading it.
   */
  boolean isStored(FilePath path, Stat there, Version version) throws IOException {
    if (FileType.ofMode(there.mode()) != version.type()) {
      return false;
    }
    return switch (version.type()) {
      case FILE -> there.size() == version.size() && isStoredFile(path, there, version);
      case SYMLINK ->
          Arrays.equals(
              version.linkTarget(),
              posix.readLink(target.mirror().open(path.above()), path.name()));
      default -> true;
    };
  }

  /**
   * Another time than was set is no proof: not every file system keeps every time. Then the bytes
   * decide.
   */
  private boolean isStoredFile(FilePath path, Stat there, Version version) throws IOException {
    Long content = version.content();
    if (there.mtimeNs() == version.mtimeNs() || content == null) {
      return content != null;
    }
    int file = posix.openFile(target.mirror().open(path.above()), path.name());
    try {
      ContentHash hash = copy.read(file, -1).hash();
      return catalogue.contents().find(content).filter(it -> it.hash().equals(hash)).isPresent();
    } catch (SourceException e) {
      return false; // what cannot be read is not known to be ours
    } finally {
      posix.close(file);
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
