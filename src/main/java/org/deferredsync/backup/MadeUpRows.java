package org.deferredsync.backup;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.History.Dated;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.Evidence;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;

/**
 * Rows for what is known by its file alone: each begins when nothing else is known of its path, not
 * before the first run whose rows may be lacking.
 */
final class MadeUpRows {
  private final Catalogue catalogue;
  private final long first;
  private long count;

  MadeUpRows(Catalogue catalogue, long first) {
    this.catalogue = catalogue;
    this.first = first;
  }

  /** How many there are. */
  long count() {
    return count;
  }

  /** Every version of the path that is known by now, oldest first. */
  List<Dated> versions(FilePath path) throws IOException {
    return catalogue.history().of(directory(path), path.name());
  }

  private long directory(FilePath path) throws IOException {
    return catalogue.directories().idOf(path.above());
  }

  /** The run from which on nothing else is known of the path until this one. */
  Optional<Long> freeBefore(FilePath path, long run) throws IOException {
    long since = first;
    for (Dated known : versions(path)) {
      if (known.until() <= run) {
        since = Math.max(since, known.until());
      } else if (known.since() < run) {
        return Optional.empty();
      }
    }
    return since < run ? Optional.of(since) : Optional.empty();
  }

  /** A version that nothing told of. */
  void addPast(FilePath path, long since, long until, Version version) throws IOException {
    count++;
    addKnown(path, since, until, version);
  }

  /** One that was told of with another end. */
  void addKnown(FilePath path, long since, long until, Version version) throws IOException {
    addDirectory(path, version);
    catalogue.entries().addPast(directory(path), path.name(), since, until, version);
  }

  /** The current version of a path that has none. */
  void addCurrent(FilePath path, Version version, Stat stat) throws IOException {
    long since = first;
    for (Dated known : versions(path)) {
      since = Math.max(since, known.until());
    }
    addDirectory(path, version);
    count++;
    Evidence unseen = new Evidence(0, 0, stat.isDirectory() ? 1 : stat.nlink(), true, false);
    catalogue.entries().add(directory(path), new Entry(path.name(), since, version, unseen));
  }

  private void addDirectory(FilePath path, Version version) throws IOException {
    if (version.type() == FileType.DIRECTORY) {
      catalogue.directories().idOf(path);
    }
  }

  /** The current version of the path ended before this run. */
  void end(FilePath path, long run) throws IOException {
    catalogue.entries().end(directory(path), path.name(), run);
  }
}
