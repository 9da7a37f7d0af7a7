package org.deferredsync.backup;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.deferredsync.backup.Listing.Listed;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Directories;
import org.deferredsync.catalogue.PlanStore;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.jspecify.annotations.Nullable;

/**
 * Applies the plan of one source, directory by directory: lists each changed one again, so that
 * what is stored is what was there then, and stages what differs. Removals come after everything
 * else, and only those that the scan concluded.
 *
 * <p>A directory's digest is set by the transaction that commits its last operation, and only if
 * all of it was stored as listed; the first transaction that touches it clears the digest.
 */
final class Applier {
  private static final int PAGE = 500;

  private final RunContext context;
  private final Catalogue catalogue;
  private final PlanStore store;
  private final SourceRoot source;
  private final Batches batches;
  private final DirectoryApplier directories;
  private final EntryApplier entries;
  private final TreeRemover remover;

  Applier(RunContext context, SourceWork work, TreeRemover remover) {
    this.context = context;
    this.catalogue = context.catalogue();
    this.store = context.store();
    this.source = work.source();
    this.batches = context.batches();
    EntryStager stager = new EntryStager(context, work.problems());
    this.directories = new DirectoryApplier(context, work, stager);
    this.entries = new EntryApplier(context, work, stager, directories, remover);
    this.remover = remover;
  }

  /** Adds and changes. */
  void apply() throws IOException {
    FilePath after = null;
    for (List<FilePath> page = page(after); !page.isEmpty(); page = page(after)) {
      for (FilePath path : page) {
        after = path;
        if (path.equals(source.path())) {
          directories.root(entries);
        }
        directory(path);
      }
    }
  }

  private List<FilePath> page(@Nullable FilePath after) throws IOException {
    return store.changed(source.index(), after, PAGE);
  }

  private void directory(FilePath path) throws IOException {
    if (!isStored(path)) {
      return; // its own entry was not stored, for a reason that is noted already
    }
    Listing listing;
    int descriptor;
    try {
      descriptor = source.tree().open(path);
      listing = source.reader().read(descriptor, path);
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        source.problems().vanished(path);
      } else {
        source.problems().unreadable(path, e);
      }
      return;
    }
    directories.makeSureOf(path);
    Optional<Directories.Known> known = catalogue.directories().find(path);
    Map<ByteBuffer, Entry> rows = rows(known);
    int first = 0;
    boolean links = false;
    boolean doubt = !listing.settled() || (path.equals(source.path()) && !isRootAsStored(listing));
    if (rows.isEmpty() && directories.isNewInMirror(path)) {
      DirectoryApplier.Progress progress = directories.whole(listing, descriptor);
      first = progress.stored();
      doubt |= progress.doubt();
      links = progress.links();
    }
    clearDigest(path, known);
    for (Listed listed : listing.entries().subList(first, listing.entries().size())) {
      Entry row = rows.remove(ByteBuffer.wrap(listed.name()));
      if (hasSeveralNames(listed.stat()) && (row == null || !isAsStored(listed, row))) {
        LinkApplier.putOff(context, source, path, listed);
        links = true;
      } else {
        doubt |= entries.entry(path, descriptor, listed, row);
      }
      batches.flushIfFull();
    }
    finish(listing, doubt, links, rows);
  }

  private static boolean hasSeveralNames(Stat stat) {
    return !stat.isDirectory() && stat.nlink() > 1;
  }

  private static boolean isAsStored(Listed listed, Entry row) {
    return row.version().type() == FileType.ofMode(listed.stat().mode())
        && Versions.sameEvidence(listed.stat(), row);
  }

  /** Whether the catalogue, or the batch being made, has the directory's own entry. */
  private boolean isStored(FilePath path) throws IOException {
    return batches.current().isStoredHere(path)
        || path.equals(source.path())
        || catalogue
            .entries()
            .find(path)
            .filter(entry -> entry.version().type() == FileType.DIRECTORY)
            .isPresent();
  }

  /** The root has no listing above it that would tell of a change since it was opened. */
  private boolean isRootAsStored(Listing listing) {
    return listing.self().ctimeNs() == source.stat().ctimeNs()
        && listing.self().mtimeNs() == source.stat().mtimeNs();
  }

  private Map<ByteBuffer, Entry> rows(Optional<Directories.Known> known) throws IOException {
    Map<ByteBuffer, Entry> rows = new HashMap<>();
    if (known.isPresent()) {
      for (Entry entry : catalogue.entries().list(known.get().id())) {
        rows.put(ByteBuffer.wrap(entry.name()), entry);
      }
    }
    return rows;
  }

  private void clearDigest(FilePath path, Optional<Directories.Known> known) throws IOException {
    if (known.isPresent() && known.get().digest() != null) {
      setDigest(path, null);
    }
  }

  private void setDigest(FilePath path, byte @Nullable [] digest) throws IOException {
    batches.current().write(c -> c.directories().setDigest(c.directories().idOf(path), digest));
  }

  /** Sets the digest, or leaves it to the removals and links that are still to come. */
  private void finish(
      Listing listing, boolean doubtSoFar, boolean links, Map<ByteBuffer, Entry> unlisted)
      throws IOException {
    boolean doubt = doubtSoFar;
    boolean removals = false;
    for (byte[] name : store.removedFrom(listing.path())) {
      if (listing.complete() && unlisted.remove(ByteBuffer.wrap(name)) != null) {
        removals = true;
      } else {
        store.keep(listing.path(), name); // there again, or the listing cannot be trusted
        doubt |= !listing.complete();
      }
    }
    for (Entry entry : unlisted.values()) {
      FilePath path = listing.path().child(entry.name());
      doubt |= !source.holdsAnother(path);
    }
    if (removals) {
      store.setDigest(listing.path(), doubt ? null : listing.digest());
    } else if (links) {
      context.links().setDigest(listing.path(), doubt ? null : listing.digest());
    } else if (!doubt) {
      setDigest(listing.path(), listing.digest());
    }
    batches.flushIfFull();
  }

  /** Removes. */
  void remove() throws IOException {
    long seq = 0;
    FilePath last = null;
    for (List<PlanStore.Removed> page = removals(seq); !page.isEmpty(); page = removals(seq)) {
      for (PlanStore.Removed removed : page) {
        seq = removed.seq();
        if (last != null && !last.equals(removed.directory())) {
          finishRemovals(last);
        }
        last = removed.directory();
        remover.remove(removed.directory(), removed.name());
      }
    }
    if (last != null) {
      finishRemovals(last);
    }
  }

  private List<PlanStore.Removed> removals(long seq) throws IOException {
    return store.removed(source.index(), seq, PAGE);
  }

  private void finishRemovals(FilePath directory) throws IOException {
    Optional<byte[]> digest = store.digest(directory);
    if (digest.isPresent()) {
      setDigest(directory, digest.get());
    }
    batches.flushIfFull();
  }
}
