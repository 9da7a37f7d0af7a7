package org.deferredsync.backup;

import java.io.IOException;
import java.util.Optional;
import org.deferredsync.backup.Listing.Listed;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;

/**
 * Brings the root directory of one source up to date: an entry like every other but for its
 * parents, which are only scaffolding.
 */
final class RootApplier {
  private final RunContext context;
  private final SourceWork work;
  private final EntryStager stager;
  private final DirectoryApplier directories;

  RootApplier(
      RunContext context, SourceWork work, EntryStager stager, DirectoryApplier directories) {
    this.context = context;
    this.work = work;
    this.stager = stager;
    this.directories = directories;
  }

  /** False if it cannot be read, which is noted: then nothing in it can be stored. */
  boolean apply() throws IOException {
    SourceRoot source = work.source();
    FilePath parent = source.path().parent();
    if (parent == null) {
      return true; // the root of the file system is the mirror's own root
    }
    makeScaffolding(parent);
    Entry row = context.catalogue().entries().find(source.path()).orElse(null);
    Listed listed = new Listed(source.path().name(), source.stat());
    ExtendedAttributes attributes = stager.attributes(source.path(), source.descriptor());
    if (attributes == null) {
      return false;
    }
    if (row == null) {
      directories.add(parent, listed, attributes);
    } else if (row.version().type() != FileType.DIRECTORY) {
      directories.replace(parent, listed, attributes, row);
    } else if (!Versions.sameEvidence(source.stat(), row)) {
      directories.change(parent, listed, attributes, row);
    }
    return true;
  }

  /** What a source that is configured no more has stored in the place of a parent gives way. */
  private void makeScaffolding(FilePath parent) throws IOException {
    if (!directories.isInMirror(parent)) {
      context.batches().flush(); // another source around this one may have staged it
    }
    for (FilePath at = parent; at.parent() != null; at = at.parent()) {
      Stat there = context.target().mirror().statOrNull(at);
      if (there != null && !there.isDirectory()) {
        remove(at, there);
      }
    }
    context.target().mirror().openOrMake(parent);
  }

  private void remove(FilePath path, Stat there) throws IOException {
    Optional<Entry> row = context.catalogue().entries().find(path);
    if (row.isEmpty()) {
      context.displacer().clear(path, context.batch(), work.problems());
      return;
    }
    long displaced =
        context.displacer().displace(path, row.get(), context.batch(), work.problems());
    if (displaced != 0) {
      context.batch().remove(path, there.inode());
    }
    context.rows().end(path.above(), row.get());
    context.batches().flush();
  }
}
