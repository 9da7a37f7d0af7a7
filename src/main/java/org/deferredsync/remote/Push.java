package org.deferredsync.remote;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.deferredsync.remote.RemoteException.Kind;
import org.jspecify.annotations.Nullable;

/**
 * Brings a copy on another host up to date, in an order in which it can be restored from at every
 * instant: what was displaced, then what is new, then the catalogue that says so, and only then
 * does go what is no more. Cut short anywhere, the next push does the same again.
 */
public final class Push {
  private final RemoteCopy copy;
  private final PushSteps steps;
  private final Base base;
  private final boolean deletions;

  /**
   * @param deletions whether what is gone here may go there
   */
  public Push(RemoteCopy copy, Base base, boolean deletions) {
    this.copy = copy;
    this.steps = copy.steps();
    this.base = base;
    this.deletions = deletions;
  }

  /** What is to be there in the end. */
  public interface Base {
    String target();

    String journal() throws IOException;

    long generation();

    long seq() throws IOException;

    /** What changed since a copy had everything up to {@code seq}, if that is known. */
    Optional<Lists> since(long seq) throws IOException;

    /** The names at the top of the target. */
    Set<String> names() throws IOException;

    /** The increments among them. */
    List<String> increments() throws IOException;
  }

  /**
   * Names of what changed, each ended by a NUL.
   *
   * @param moved old and new names of files that are there already
   * @param movedTree where these are one file each, as a path from the root of the target
   */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  public record Lists(
      Map<String, byte[]> increments,
      byte[] contents,
      byte[] moved,
      String movedTree,
      byte[] metadata,
      byte[] removed) {}

  /**
   * What became of it.
   *
   * @param compared whether everything was compared
   * @param seq the change up to which the copy has everything
   * @param bytes how many were sent
   */
  public record Result(boolean compared, long seq, long files, long bytes, long deleted) {}

  /** The marker, if there is one; refuses a copy that is not, or no longer, ours to write. */
  public @Nullable PushMarker look() throws RemoteException, IOException, InterruptedException {
    PushMarker marker = copy.marker().orElse(null);
    if (marker == null) {
      for (String name : copy.names()) {
        if (!base.names().contains(name) && !name.matches("_backup_[0-9]{8}|lost\\+found")) {
          throw new RemoteException(
              Kind.PREREQUISITE,
              copy + ": holds " + name + ", which no push put there; move it away.");
        }
      }
    } else if (!marker.target().equals(base.target())) {
      throw anothers(marker);
    } else if (marker.generation() > base.generation()) {
      throw new RemoteException(
          Kind.PREREQUISITE,
          copy
              + ": is newer than the target here (batch "
              + marker.generation()
              + ", here "
              + base.generation()
              + "); is an older disk mounted? If not, move the copy away.");
    }
    return marker;
  }

  /**
   * Pushes.
   *
   * @param marker what {@link #look} found
   * @param nowSeconds since 1970
   * @param fullSeconds how long after a comparison of everything the next one is due
   */
  public Result run(@Nullable PushMarker marker, long nowSeconds, long fullSeconds)
      throws RemoteException, IOException, InterruptedException {
    Tally tally = new Tally();
    long seq = base.seq();
    boolean begun = marker == null;
    PushMarker old =
        marker != null ? marker : new PushMarker(base.target(), base.journal(), 0, seq, 0);
    if (begun) {
      steps.begin(old);
      requireOurs();
    }
    boolean sameJournal = old.journal().equals(base.journal());
    Lists lists = sameJournal ? base.since(old.seq()).orElse(null) : null;
    long age = nowSeconds - old.comparedSeconds();
    boolean full = lists == null || age >= fullSeconds || age < 0;
    if (lists != null) {
      tally.add(steps.sendIncrements(lists.increments()));
      tally.add(steps.sendContents(lists.contents()));
      tally.add(steps.sendMoved(lists.moved(), lists.movedTree()));
      tally.add(steps.sendMetadata(lists.metadata()));
    } else {
      for (String increment : base.increments()) {
        tally.add(steps.sendIncrement(increment));
      }
    }
    if (full) {
      // Without a journal only contents tell whether a file of equal size and time is the same.
      tally.add(steps.sendAll(lists == null));
    }
    boolean removals = full ? !begun : Objects.requireNonNull(lists).removed().length > 0;
    PushMarker whole =
        new PushMarker(
            base.target(),
            base.journal(),
            base.generation(),
            seq,
            full ? nowSeconds : old.comparedSeconds());
    PushMarker withRemains =
        new PushMarker(
            base.target(),
            base.journal(),
            base.generation(),
            lists == null ? PushMarker.UNKNOWN : old.seq(),
            old.comparedSeconds());
    if (begun) {
      requireOurs();
    }
    tally.add(steps.sendOwn(removals ? withRemains : whole));
    if (removals && deletions) {
      tally.add(
          full ? steps.deleteOthers() : steps.delete(Objects.requireNonNull(lists).removed()));
      steps.sendMarker(whole);
    }
    boolean done = deletions || !removals;
    return new Result(
        full, done ? seq : withRemains.seq(), tally.files, tally.bytes, tally.deleted);
  }

  /** Somebody may have begun a copy in the same place at the same time. */
  private void requireOurs() throws RemoteException, IOException, InterruptedException {
    PushMarker there = copy.marker().orElse(null);
    if (there == null || !there.target().equals(base.target())) {
      throw anothers(there);
    }
  }

  private RemoteException anothers(@Nullable PushMarker there) {
    return new RemoteException(
        Kind.PREREQUISITE,
        copy
            + ": is the copy of another target ("
            + (there == null ? "gone" : there.target())
            + "); set another REMOTE_DIR, or move it away.");
  }

  /** What several rsyncs did. */
  private static final class Tally {
    private long files;
    private long bytes;
    private long deleted;

    private void add(RsyncResult result) {
      files += result.figure("Number of regular files transferred").orElse(0);
      bytes += result.figure("Total bytes sent").orElse(0);
      deleted += result.figure("Number of deleted files").orElse(0);
    }
  }
}
