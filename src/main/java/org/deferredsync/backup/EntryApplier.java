package org.deferredsync.backup;

import java.io.IOException;
import java.util.Arrays;
import org.deferredsync.backup.Listing.Listed;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Contents;
import org.deferredsync.catalogue.PlanStore;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * Brings single entries of one source up to date: stages what is new, links what is displaced, and
 * adds rows and operations to the batch. Each answers whether the entry could not be stored as it
 * was listed, so that the next run has to look at its directory again.
 */
final class EntryApplier {
  private final Posix posix;
  private final Catalogue catalogue;
  private final PlanStore store;
  private final SourceRoot source;
  private final Target target;
  private final Stager stager;
  private final Displacer displacer;
  private final TreeRemover remover;
  private final Batches batches;
  private final RowWriter rows;
  private final Tally tally;

  EntryApplier(
      Posix posix,
      Catalogue catalogue,
      PlanStore store,
      SourceRoot source,
      Target target,
      Stager stager,
      Displacer displacer,
      TreeRemover remover,
      Batches batches,
      Tally tally,
      RowWriter rows) {
    this.posix = posix;
    this.catalogue = catalogue;
    this.store = store;
    this.source = source;
    this.target = target;
    this.stager = stager;
    this.displacer = displacer;
    this.remover = remover;
    this.batches = batches;
    this.tally = tally;
    this.rows = rows;
  }

  /**
   * How far a directory was stored whole.
   *
   * @param stored how many entries of the listing are done
   */
  record Progress(int stored, boolean doubt) {}

  /**
   * The source's root directory, an entry like every other but for its parents, which are only
   * scaffolding.
   */
  void root() throws IOException {
    FilePath parent = source.path().parent();
    if (parent == null) {
      return; // the root of the file system is the mirror's own root
    }
    target.mirror().openOrMake(parent);
    Entry row = catalogue.entries().find(source.path()).orElse(null);
    Listed listed = new Listed(source.path().name(), source.stat());
    if (row == null || row.version().type() != FileType.DIRECTORY) {
      if (row != null) {
        replaceOther(parent, -1, listed, row);
      } else {
        addDirectory(parent, listed);
      }
    } else if (!Versions.sameEvidence(source.stat(), row)) {
      changeDirectory(parent, listed, row);
    }
  }

  /**
   * Whether a directory without rows has nothing in the mirror that would be in the way of staging
   * it whole.
   */
  boolean isNewInMirror(FilePath path) throws IOException {
    return batches.current().isMadeHere(path)
        || (!path.isRoot() && !source.holdsAnother(path) && displacer.isEmptyDirectory(path));
  }

  /**
   * Stages a directory with its files, to be published by one rename; stops where the batch is
   * full.
   */
  Progress wholeDirectory(Listing listing, int from) throws IOException {
    Batch batch = batches.current();
    String name = stager.newName();
    stager.directory(stager.directory(), Stager.bytes(name));
    int into = posix.openDirectory(stager.directory(), Stager.bytes(name));
    try {
      boolean doubt = false;
      int stored = 0;
      for (Listed listed : listing.entries()) {
        if (batch.isFull() && stored > 0) {
          break;
        }
        stored++;
        FilePath path = listing.path().child(listed.name());
        if (listed.stat().isDirectory()) {
          if (store.isChanged(path)) {
            stager.directory(into, listed.name());
            batch.makes(path);
            batch.count(1, 0);
            rows.add(
                listing.path(), listed.name(), Versions.of(listed.stat()), listed.stat(), false);
            tally.added(0);
          } else {
            doubt = true; // younger than the scan: the next run stores it with what is in it
          }
        } else {
          Staged staged = stage(path, from, listed, into, listed.name());
          doubt |= staged == null || isDoubtful(staged, listed);
          if (staged != null) {
            rows.addStaged(listing.path(), listed.name(), staged);
            tally.added(sizeOf(staged));
          }
        }
      }
      batch.putDirectory(listing.path(), name, posix.stat(into).inode(), 0);
      return new Progress(stored, doubt);
    } finally {
      posix.close(into);
    }
  }

  /** One entry of a directory that the mirror has, with its row if there is one. */
  boolean entry(FilePath directory, int from, Listed listed, @Nullable Entry row)
      throws IOException {
    Stat stat = listed.stat();
    if (row == null) {
      return stat.isDirectory()
          ? addDirectory(directory, listed)
          : addOther(directory, from, listed);
    }
    if (row.version().type() != FileType.ofMode(stat.mode())) {
      return row.version().type() == FileType.DIRECTORY
          ? replaceDirectory(directory, from, listed, row)
          : replaceOther(directory, from, listed, row);
    }
    if (Versions.sameEvidence(stat, row)) {
      return false;
    }
    return switch (row.version().type()) {
      case DIRECTORY -> changeDirectory(directory, listed, row);
      case FILE -> changeFile(directory, from, listed, row);
      case SYMLINK -> changeLink(directory, from, listed, row);
      default -> changeNode(directory, from, listed, row);
    };
  }

  private boolean addDirectory(FilePath directory, Listed listed) throws IOException {
    FilePath path = directory.child(listed.name());
    if (!store.isChanged(path)) {
      return true; // younger than the scan
    }
    boolean ours = catalogue.directories().isKnownAtOrBelow(path) || source.holdsAnother(path);
    if (ours && isMirrorDirectory(path)) {
      batches.current().adopts(path);
    } else {
      displacer.clear(path, batches.current(), source.problems());
      putEmptyDirectory(path, 0);
    }
    rows.add(directory, listed.name(), Versions.of(listed.stat()), listed.stat(), false);
    tally.added(0);
    return false;
  }

  /**
   * Makes sure that the mirror has a directory that the catalogue says it has. Whatever took its
   * name is kept in the increment; if it is simply gone it is made again, and that is told.
   */
  void makeSureOf(FilePath path) throws IOException {
    FilePath parent = path.parent();
    if (parent == null || batches.current().isMadeHere(path)) {
      return;
    }
    Stat there = target.mirror().statOrNull(path);
    if (there != null && there.isDirectory()) {
      return;
    }
    if (!path.equals(source.path())) {
      makeSureOf(parent);
    }
    if (there == null) {
      source.problems().unknown(path, "the directory is gone from the mirror; it is made again");
    } else {
      displacer.clear(path, batches.current(), source.problems());
    }
    putEmptyDirectory(path, 0);
  }

  private boolean isMirrorDirectory(FilePath path) throws IOException {
    Stat there = target.mirror().statOrNull(path);
    return there != null && there.isDirectory();
  }

  private void putEmptyDirectory(FilePath path, long displaced) throws IOException {
    String name = stager.newName();
    stager.directory(stager.directory(), Stager.bytes(name));
    long inode = posix.stat(stager.directory(), Stager.bytes(name)).inode();
    batches.current().putDirectory(path, name, inode, displaced);
  }

  private boolean addOther(FilePath directory, int from, Listed listed) throws IOException {
    FilePath path = directory.child(listed.name());
    String name = stager.newName();
    Staged staged = stage(path, from, listed, stager.directory(), Stager.bytes(name));
    if (staged == null) {
      return true;
    }
    displacer.clear(path, batches.current(), source.problems());
    batches.current().put(path, name, staged.inode(), 0);
    rows.addStaged(directory, listed.name(), staged);
    tally.added(sizeOf(staged));
    return isDoubtful(staged, listed);
  }

  /** A directory became something else. */
  private boolean replaceDirectory(FilePath directory, int from, Listed listed, Entry row)
      throws IOException {
    FilePath path = directory.child(listed.name());
    if (source.holdsAnother(path)) {
      source.problems().unreadable(path, new IOException("another source lay below it"));
      return true;
    }
    String name = stager.newName();
    Staged staged = stage(path, from, listed, stager.directory(), Stager.bytes(name));
    if (staged == null) {
      return true;
    }
    remover.removeBelow(path);
    Stat there = target.mirror().statOrNull(path);
    batches.current().put(path, name, staged.inode(), there == null ? 0 : there.inode());
    rows.end(directory, row);
    rows.addStaged(directory, listed.name(), staged);
    tally.removed();
    tally.added(sizeOf(staged));
    return isDoubtful(staged, listed);
  }

  /** Something that is no directory became another thing that it was not. */
  private boolean replaceOther(FilePath directory, int from, Listed listed, Entry row)
      throws IOException {
    FilePath path = directory.child(listed.name());
    if (listed.stat().isDirectory()) {
      if (!store.isChanged(path)) {
        return true; // younger than the scan
      }
      long displaced = displacer.displace(path, row, batches.current(), source.problems());
      putEmptyDirectory(path, displaced);
      rows.end(directory, row);
      rows.add(directory, listed.name(), Versions.of(listed.stat()), listed.stat(), false);
      tally.removed();
      tally.added(0);
      return false;
    }
    String name = stager.newName();
    Staged staged = stage(path, from, listed, stager.directory(), Stager.bytes(name));
    if (staged == null) {
      return true;
    }
    put(directory, row, name, staged);
    tally.removed();
    tally.added(sizeOf(staged));
    return isDoubtful(staged, listed);
  }

  private boolean changeDirectory(FilePath directory, Listed listed, Entry row) throws IOException {
    Version version = Versions.like(listed.stat(), row.version());
    if (version.equals(row.version())) {
      rows.setEvidence(directory, row, listed.stat(), false);
    } else {
      rows.end(directory, row);
      rows.add(directory, listed.name(), version, listed.stat(), false);
      makeSureOf(directory.child(listed.name()));
      batches.current().set(directory.child(listed.name()));
      tally.metadata();
    }
    return false;
  }

  /** Reads the file again; where its bytes are the same, only metadata and evidence change. */
  private boolean changeFile(FilePath directory, int from, Listed listed, Entry row)
      throws IOException {
    FilePath path = directory.child(listed.name());
    boolean probablySame =
        listed.stat().size() == row.version().size()
            && listed.stat().mtimeNs() == row.version().mtimeNs();
    if (probablySame) {
      Staged read = stage(path, from, listed, -1, listed.name());
      if (read == null) {
        return true;
      }
      if (isStoredContent(read, row) && changeMetadata(directory, path, read, row)) {
        return isDoubtful(read, listed);
      }
    }
    String name = stager.newName();
    Staged staged = stage(path, from, listed, stager.directory(), Stager.bytes(name));
    if (staged == null) {
      return true;
    }
    if (!probablySame
        && isStoredContent(staged, row)
        && changeMetadata(directory, path, staged, row)) {
      stager.discard(stager.directory(), Stager.bytes(name));
    } else {
      put(directory, row, name, staged);
      tally.changed(sizeOf(staged));
    }
    return isDoubtful(staged, listed);
  }

  private boolean isStoredContent(Staged staged, Entry row) throws IOException {
    Long content = row.version().content();
    return content != null
        && !staged.inconsistent()
        && catalogue
            .contents()
            .find(content)
            .filter(known -> known.state() == Contents.State.GOOD)
            .filter(known -> known.hash().equals(staged.hash()))
            .isPresent();
  }

  /** False if the mirror's file is not ours alone to change: then a copy has to be staged. */
  private boolean changeMetadata(FilePath directory, FilePath path, Staged read, Entry row)
      throws IOException {
    Version version = Versions.ofFile(read.source(), row.version().content(), false);
    if (version.equals(row.version())) {
      rows.setEvidence(directory, row, read.source(), read.racy());
      return true;
    }
    Stat there = target.mirror().statOrNull(path);
    if (there == null || there.nlink() != 1 || !displacer.isStored(path, there, row.version())) {
      return false;
    }
    rows.end(directory, row);
    rows.add(directory, row.name(), version, read.source(), read.racy());
    batches.current().set(path);
    tally.metadata();
    return true;
  }

  private boolean changeLink(FilePath directory, int from, Listed listed, Entry row)
      throws IOException {
    FilePath path = directory.child(listed.name());
    String name = stager.newName();
    Staged staged = stage(path, from, listed, stager.directory(), Stager.bytes(name));
    if (staged == null) {
      return true;
    }
    boolean sameTarget = Arrays.equals(staged.linkTarget(), row.version().linkTarget());
    if (sameTarget && Versions.like(staged.source(), row.version()).equals(row.version())) {
      stager.discard(stager.directory(), Stager.bytes(name));
      rows.setEvidence(directory, row, staged.source(), false);
    } else {
      put(directory, row, name, staged);
      countChange(sameTarget);
    }
    return false;
  }

  private boolean changeNode(FilePath directory, int from, Listed listed, Entry row)
      throws IOException {
    FilePath path = directory.child(listed.name());
    if (Versions.like(listed.stat(), row.version()).equals(row.version())) {
      rows.setEvidence(directory, row, listed.stat(), false);
      return false;
    }
    String name = stager.newName();
    Staged staged = stage(path, from, listed, stager.directory(), Stager.bytes(name));
    if (staged == null) {
      return true;
    }
    put(directory, row, name, staged);
    countChange(true);
    return false;
  }

  private void countChange(boolean onlyMetadata) {
    if (onlyMetadata) {
      tally.metadata();
    } else {
      tally.changed(0);
    }
  }

  /** A staged object takes the place of what the row names. */
  private void put(FilePath directory, Entry row, String name, Staged staged) throws IOException {
    FilePath path = directory.child(row.name());
    long displaced = displacer.displace(path, row, batches.current(), source.problems());
    batches.current().put(path, name, staged.inode(), displaced);
    rows.end(directory, row);
    rows.addStaged(directory, row.name(), staged);
  }

  /**
   * Stages whatever is no directory; with {@code into} negative a regular file is only read.
   *
   * @return null if it could not be read, which is noted then
   */
  private @Nullable Staged stage(FilePath path, int from, Listed listed, int into, byte[] to)
      throws IOException {
    Stat stat = listed.stat();
    try {
      Staged staged;
      if (stat.isRegular()) {
        staged =
            into < 0
                ? stager.readOnly(from, listed.name())
                : stager.file(from, listed.name(), into, to);
      } else if (stat.isSymlink()) {
        byte[] link = SourceException.reading(() -> posix.readLink(from, listed.name()));
        staged = stager.link(link, stat, into, to);
      } else {
        staged = node(stat, into, to);
      }
      if (staged.inconsistent()) {
        source.problems().inconsistent(path);
      }
      batches.current().count(1, into < 0 ? 0 : sizeOf(staged));
      return staged;
    } catch (SourceException e) {
      if (e.reason() instanceof PosixException posixException && posixException.is(Errno.ENOENT)) {
        source.problems().vanished(path);
      } else {
        source.problems().unreadable(path, e.reason());
      }
      return null;
    }
  }

  /** An ordinary user cannot make devices: they are left out, and the source is partial. */
  private Staged node(Stat stat, int into, byte[] to) throws SourceException, IOException {
    try {
      return stager.node(stat, into, to);
    } catch (PosixException e) {
      if (e.is(Errno.EPERM) || e.is(Errno.ENOSYS)) {
        throw new SourceException(e);
      }
      throw e;
    }
  }

  /** Whether what was stored may not be what was listed. */
  private static boolean isDoubtful(Staged staged, Listed listed) {
    return staged.racy()
        || staged.inconsistent()
        || staged.source().ctimeNs() != listed.stat().ctimeNs()
        || staged.source().inode() != listed.stat().inode();
  }

  private static long sizeOf(Staged staged) {
    return staged.source().isRegular() ? staged.source().size() : 0;
  }
}
