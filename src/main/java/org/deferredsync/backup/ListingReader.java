package org.deferredsync.backup;

import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.deferredsync.backup.Listing.Listed;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.Stat;
import org.deferredsync.fs.StatBuffer;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;

/** Reads the directories of one source, for any number of threads. */
final class ListingReader {
  private final Posix posix;
  private final Clock clock;
  private final EntryFilter filter;
  private final Omissions omissions;
  private final @Nullable Stat source;
  private final boolean root;
  private final List<Stat> boundaries;
  private final Problems problems;

  /**
   * @param source the source's own directory; null for what is no source
   * @param boundaries directories that are not entered, wherever they appear: the target, and other
   *     sources
   */
  ListingReader(
      Posix posix,
      Clock clock,
      EntryFilter filter,
      Omissions omissions,
      @Nullable Stat source,
      List<Stat> boundaries,
      Problems problems) {
    this.posix = posix;
    this.clock = clock;
    this.filter = filter;
    this.omissions = omissions;
    this.source = source;
    this.root = posix.effectiveUser() == 0;
    this.boundaries = List.copyOf(boundaries);
    this.problems = problems;
  }

  /** A reader of directory after directory that one thread uses and that keeps no entries. */
  ListingPass newPass() {
    return new ListingPass(posix, clock, filter, omissions, source, root, boundaries, problems);
  }

  /** Whether what is there may be left out for what it is. */
  boolean omits() {
    return !omissions.equals(Omissions.NONE);
  }

  /** Whether a rule leaves the entry out, whatever it leaves out above it. */
  boolean leavesOut(FilePath path, boolean directory) {
    return filter.excludes(path, directory);
  }

  /** The listing of an open directory; an entry that cannot be looked at is noted as a problem. */
  Listing read(int directory, FilePath path) throws IOException {
    List<Listed> entries = new ArrayList<>();
    ListingPass.Outcome outcome =
        newPass()
            .list(
                directory,
                new PathBuffer().set(path),
                new ListingPass.Sink() {
                  @Override
                  public void begin() {
                    entries.clear();
                  }

                  @Override
                  public void take(StatBuffer entry) {
                    entries.add(new Listed(entry.name(), entry.stat()));
                  }
                });
    return new Listing(
        path, outcome.self(), entries, outcome.digest(), outcome.complete(), outcome.settled());
  }
}
