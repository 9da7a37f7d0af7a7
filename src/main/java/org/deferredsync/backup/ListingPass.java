package org.deferredsync.backup;

import java.io.IOException;
import java.time.Clock;
import java.util.List;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.fs.StatBuffer;
import org.deferredsync.fs.StatSink;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;

/**
 * Lists directories for one thread, holding nothing of them: what is in the backup goes into the
 * digest and to a sink. A directory that changes while it is listed is listed again; one that does
 * not hold still is answered as it was last seen, as not complete.
 */
final class ListingPass implements StatSink {
  private static final int TRIES = 3;

  private final Posix posix;
  private final Clock clock;
  private final EntryFilter filter;
  private final byte[] fingerprint;
  private final boolean root;
  private final OmissionPass omissions;
  private final List<Stat> boundaries;
  private final Problems problems;
  private final ListingDigest digest = new ListingDigest();

  private PathBuffer path = new PathBuffer();
  private Sink sink = Sink.NONE;
  private long young;
  private boolean failed;
  private boolean settled;
  private long vanished;

  ListingPass(
      Posix posix,
      Clock clock,
      EntryFilter filter,
      Omissions omissions,
      @Nullable Stat source,
      boolean root,
      List<Stat> boundaries,
      Problems problems) {
    this.posix = posix;
    this.clock = clock;
    this.filter = filter;
    this.fingerprint = omissions.fingerprint(filter.fingerprint());
    this.omissions = new OmissionPass(posix, omissions, source);
    this.root = root;
    this.boundaries = boundaries;
    this.problems = problems;
  }

  /** Takes what a directory holds without what is left out. */
  interface Sink {
    Sink NONE =
        new Sink() {
          @Override
          public void begin() {}

          @Override
          public void take(StatBuffer entry) {}
        };

    /** The listing begins, or begins again: what came before is void. */
    void begin() throws IOException;

    /** One entry; the buffer is good until this returns. */
    void take(StatBuffer entry) throws IOException;
  }

  /**
   * What a listing was like.
   *
   * @param self the directory itself
   * @param vanished how many names went away between being listed and being looked at
   * @see Listing
   */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  record Outcome(Stat self, byte[] digest, boolean complete, boolean settled, long vanished) {}

  /**
   * Lists an open directory; an entry that cannot be looked at is noted as a problem.
   *
   * @param at its path, in whose array names are put while it is listed
   */
  Outcome list(int directory, PathBuffer at, Sink to) throws IOException {
    path = at;
    sink = to;
    Outcome outcome = listOnce(directory);
    for (int i = 1; i < TRIES && !outcome.complete(); i++) {
      outcome = listOnce(directory);
    }
    return outcome;
  }

  private Outcome listOnce(int directory) throws IOException {
    young = RacyWindow.beginsAt(clock);
    Stat before = posix.stat(directory);
    failed = false;
    vanished = 0;
    settled = before.ctimeNs() < young && before.mtimeNs() < young;
    digest.begin(fingerprint, root, before);
    sink.begin();
    if (omissions.begin(directory, before)) {
      posix.statEach(directory, this);
    }
    Stat after = posix.stat(directory);
    boolean still = before.mtimeNs() == after.mtimeNs() && before.ctimeNs() == after.ctimeNs();
    return new Outcome(before, digest.value(), !failed && still, settled && still, vanished);
  }

  @Override
  public void take(StatBuffer entry) throws IOException {
    if (path.isRoot() && Target.isOurs(entry.name())) {
      problems.unreadable(
          FilePath.ROOT.child(entry.name()),
          new IOException("has the name of something in the target"));
      settled = false;
      return;
    }
    int length = path.withName(entry); // may change the array
    if (filter.excludes(path.array(), length, entry.isDirectory())
        || isBoundary(entry)
        || omissions.leavesOut(entry)) {
      return;
    }
    settled &= entry.ctimeNs() < young;
    digest.add(entry);
    sink.take(entry);
  }

  @Override
  public void failed(byte[] name, PosixException cause) {
    if (omissions.leavesOut(name)) {
      return;
    }
    failed = true;
    settled = false;
    if (cause.is(Errno.ENOENT)) {
      vanished++;
    } else {
      problems.unreadable(path.path().child(name), cause);
    }
  }

  private boolean isBoundary(StatBuffer entry) {
    if (entry.isDirectory()) {
      for (Stat boundary : boundaries) {
        if (boundary.inode() == entry.inode() && boundary.device() == entry.device()) {
          return true;
        }
      }
    }
    return false;
  }
}
