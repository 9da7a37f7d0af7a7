package org.deferredsync.backup;

import java.io.IOException;
import org.deferredsync.backup.Listing.Listed;
import org.deferredsync.catalogue.Contents;
import org.deferredsync.catalogue.Contents.Content;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * Brings a regular file that was one before up to date: it is read again whatever its time says,
 * and where its bytes are the same only metadata and evidence change.
 */
final class FileApplier {
  private final RunContext context;
  private final SourceWork work;
  private final EntryStager stager;
  private final Mover mover;
  private final Replacer replacer;

  FileApplier(
      RunContext context, SourceWork work, EntryStager stager, Mover mover, Replacer replacer) {
    this.context = context;
    this.work = work;
    this.stager = stager;
    this.mover = mover;
    this.replacer = replacer;
  }

  /** Answers whether it could not be stored as it was listed. */
  boolean change(FilePath directory, int from, Listed listed, Entry row) throws IOException {
    FilePath path = directory.child(listed.name());
    String name = context.stager().newName();
    Mover.Move move = mover.link(path, from, listed, row, name);
    if (move != null) {
      replacer.replace(directory, row, name, move);
      return EntryStager.isDoubtful(move.staged(), listed.stat());
    }
    boolean probablySame =
        listed.stat().size() == row.version().size()
            && listed.stat().mtimeNs() == row.version().mtimeNs();
    Content stored = stored(row);
    if (probablySame) {
      Staged read = stager.readOnly(path, from, listed.name());
      if (read == null) {
        return true;
      }
      if (isStoredContent(path, read, row, stored) && changeMetadata(directory, path, read, row)) {
        return EntryStager.isDoubtful(read, listed.stat());
      }
    }
    Staged staged = stager.stage(path, from, listed, name);
    if (staged == null) {
      return true;
    }
    if (!probablySame
        && isStoredContent(path, staged, row, stored)
        && changeMetadata(directory, path, staged, row)) {
      context.stager().discardLater(name);
    } else if (stored != null && isLostContent(path, staged, stored)) {
      replacer.mend(directory, row, stored.id(), name, staged);
      work.tally().changed(staged.bytes());
    } else {
      if (RunContext.isRewritten(stored, staged)) {
        work.tally().countRewritten();
      }
      replacer.replace(directory, row, name, staged);
      work.tally().changed(staged.bytes());
    }
    return EntryStager.isDoubtful(staged, listed.stat());
  }

  private @Nullable Content stored(Entry row) throws IOException {
    Long content = row.version().content();
    return content == null ? null : context.catalogue().contents().find(content).orElse(null);
  }

  /** Whether the mirror's file holds the bytes that were read, and is this name's to keep. */
  private boolean isStoredContent(FilePath path, Staged staged, Entry row, @Nullable Content stored)
      throws IOException {
    return stored != null
        && stored.state() == Contents.State.GOOD
        && staged.hasBytesOf(stored)
        && isOwn(path, stored.id(), staged, row);
  }

  /** Of names that were one file, those with another inode now get a copy of their own. */
  private boolean isOwn(FilePath path, long content, Staged staged, Entry row) throws IOException {
    return staged.source().inode() == row.evidence().inode()
        || context
            .catalogue()
            .entries()
            .pathOf(content, other -> !other.equals(path) && !context.batch().hasLeft(other))
            .isEmpty();
  }

  /** False if the mirror's file is not ours alone to change: then a copy has to be staged. */
  private boolean changeMetadata(FilePath directory, FilePath path, Staged read, Entry row)
      throws IOException {
    Version version = Versions.like(read.source(), row.version());
    if (context.isVersion(row, version, read.attributes())) {
      context.rows().setEvidence(directory, row, read.source(), read.racy());
      return true;
    }
    Stat there = context.target().mirror().statOrNull(path);
    if (there == null
        || there.nlink() != 1
        || !context.mirror().isStored(path, there, row.version())) {
      return false;
    }
    context.rows().end(directory, row);
    context
        .rows()
        .add(directory, row.name(), version, read.attributes(), read.source(), read.racy());
    context.batch().set(path);
    work.tally().metadata();
    return true;
  }

  /** Whether these are the bytes that the mirror's file should have and has not, of one name. */
  private boolean isLostContent(FilePath path, Staged staged, Content stored) throws IOException {
    return stored.state() != Contents.State.GOOD
        && staged.hasBytesOf(stored)
        && context
            .catalogue()
            .entries()
            .pathOf(stored.id(), other -> !other.equals(path))
            .isEmpty();
  }
}
