package org.deferredsync.backup;

import java.io.IOException;
import java.util.Objects;
import java.util.Optional;
import org.deferredsync.backup.Listing.Listed;
import org.deferredsync.catalogue.Contents;
import org.deferredsync.catalogue.Contents.Content;
import org.deferredsync.catalogue.GoneEntries.Gone;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * Gives new names of one source the files of ours whose old names are gone, in whatever source they
 * were: no byte is copied. The old name ends in the batch in which the new one begins, so that at
 * no time two names share a content that were never one file.
 */
final class Mover {
  private final RunContext context;
  private final SourceWork work;
  private final EntryStager stager;
  private @Nullable Batch cleared;
  private @Nullable FilePath clearedDirectory;

  Mover(RunContext context, SourceWork work, EntryStager stager) {
    this.context = context;
    this.work = work;
    this.stager = stager;
  }

  /**
   * A file that has, or will have, another name.
   *
   * @param directory of its old name
   * @param row its old entry
   * @param staged what it is under the new name
   * @param inode of our file
   */
  record Move(FilePath directory, Entry row, Staged staged, long inode) {
    private FilePath path() {
      return directory.child(row.name());
    }

    private long content() {
      return Objects.requireNonNull(row.version().content()); // a file, see looksLike
    }
  }

  /**
   * The file of ours that the listed name is to get, with a name in the open directory {@code into}
   * as well; null if there is none and the file has to be copied. It has no other name: what has
   * several was put off.
   *
   * @param row the entry that the name has had, if any
   */
  @Nullable Move link(
      FilePath path, int from, Listed listed, @Nullable Entry row, int into, byte[] to)
      throws IOException {
    Stat stat = listed.stat();
    if (!stat.isRegular()
        || !context.store().gone().maySeek(stat.inode())
        || (row != null && row.evidence().inode() == stat.inode())) {
      return null;
    }
    for (Gone gone : context.store().gone().files(MoveSearch.sight(stat))) {
      Move move = isApplied(gone.source()) ? move(gone, path, from, listed) : null;
      if (move != null) {
        return link(move, into, to) ? move : null;
      }
    }
    return null;
  }

  /** The same, with the name in staging itself. */
  @Nullable Move link(FilePath path, int from, Listed listed, @Nullable Entry row, String to)
      throws IOException {
    return link(path, from, listed, row, context.stager().directory(), Stager.bytes(to));
  }

  /** A source that is held keeps all that it has. */
  private boolean isApplied(int source) {
    return context.sources().stream().anyMatch(each -> each.source().index() == source);
  }

  private @Nullable Move move(Gone gone, FilePath path, int from, Listed listed)
      throws IOException {
    FilePath old = gone.path();
    Entry row = context.catalogue().entries().find(gone.directory().id(), gone.name()).orElse(null);
    if (row == null
        || context.batch().hasMoved(old)
        || context.batch().hasDisplaced(old)
        || !looksLike(row, listed.stat())) {
      return null;
    }
    Stat there = context.target().mirror().statOrNull(old);
    if (there == null
        || there.nlink() != 1
        || !context.mirror().isStored(old, there, row.version())) {
      return null;
    }
    Staged staged = staged(row, path, from, listed);
    return staged == null ? null : new Move(gone.directory().path(), row, staged, there.inode());
  }

  /** The row may be another one than that which was found to be gone. */
  private static boolean looksLike(Entry row, Stat stat) {
    Version version = row.version();
    return version.type() == FileType.FILE
        && version.content() != null
        && !version.inconsistent()
        && version.size() == stat.size()
        && version.mtimeNs() == stat.mtimeNs()
        && row.evidence().inode() == stat.inode();
  }

  /**
   * What the new name has, if that are the bytes of the old one. Inodes are given out again at once
   * and whole trees may have one time: only the time of the last change, which nobody can set, is
   * believed; where it is another, the bytes are read.
   */
  private @Nullable Staged staged(Entry row, FilePath path, int from, Listed listed)
      throws IOException {
    long number = Objects.requireNonNull(row.version().content());
    Content content =
        context
            .catalogue()
            .contents()
            .find(number)
            .filter(known -> known.state() == Contents.State.GOOD)
            .orElse(null);
    if (content == null) {
      return null;
    }
    if (row.evidence().ctimeNs() == listed.stat().ctimeNs() && !row.evidence().racy()) {
      ExtendedAttributes attributes = context.catalogue().xattrs().find(row.version().xattr());
      return new Staged(listed.stat(), attributes, content.hash(), null, false, false, false);
    }
    Staged read = stager.readOnly(path, from, listed.name());
    return read != null && read.hasBytesOf(content) ? read : null;
  }

  private boolean link(Move move, int into, byte[] to) throws IOException {
    FilePath old = move.path();
    try {
      int mirror = context.target().mirror().open(move.directory());
      context.stager().linkInside(mirror, old.name(), into, to);
      return true;
    } catch (PosixException e) {
      if (e.is(Errno.EPERM) || e.is(Errno.EOPNOTSUPP)) {
        return false; // whoever displaces the old name says so
      }
      throw e;
    }
  }

  /** The new name, which is part of the batch, gets its row: the old one ends with it. */
  void take(Move move, FilePath directory, byte[] name) throws IOException {
    context.rows().addStaged(directory, name, move.staged(), move.content(), null);
    Batch batch = context.batch();
    FilePath old = move.path();
    if (cleared != batch || !move.directory().equals(clearedDirectory)) {
      cleared = batch;
      clearedDirectory = move.directory();
      context.rows().setDigest(move.directory(), null);
    }
    context.rows().end(move.directory(), move.row());
    batch.moves(old, move.inode());
    Version version = Versions.like(move.staged().source(), move.row().version());
    if (!context.isVersion(move.row(), version, move.staged().attributes())) {
      batch.set(directory.child(name));
    }
    work.tally().moved();
  }

  /** The row as it is now, where the one at hand may have been moved away in this run. */
  static Optional<Entry> again(RunContext context, FilePath path) throws IOException {
    if (context.batch().hasMoves()) {
      context.batches().flush();
    }
    return context.catalogue().entries().find(path);
  }
}
