package org.deferredsync.backup;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.SourceState;
import org.slf4j.Logger;

/**
 * A target that is held still while it is pushed: locked for its one writer, nothing pending, its
 * catalogue whole in one file. Tells what changed since a host last had everything.
 */
public final class PushSource implements AutoCloseable {
  private final Posix posix;
  private final OpenTarget open;
  private final String targetId;
  private final long generation;
  private int movedTrees;

  private PushSource(Posix posix, OpenTarget open) throws IOException {
    this.posix = posix;
    this.open = open;
    this.targetId = open.catalogue().targetId();
    this.generation = open.catalogue().generation();
  }

  /**
   * What changed, as lists of names below the target that each end in a NUL, for rsync(1).
   *
   * @param increments the names of increments, each with what is new in it, from its own root
   * @param contents names in the mirror of what is another file than before
   * @param moved names of files that moved, the old ones and the new ones, in {@code movedTree}
   * @param movedTree a directory below the target, as a path from its root
   * @param metadata names in the mirror of files of which only the metadata changed
   * @param removed names below the target that are no more
   * @param bytes how many bytes are in what is new, as far as it is sent
   */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  public record Changes(
      Map<String, byte[]> increments,
      byte[] contents,
      byte[] moved,
      String movedTree,
      byte[] metadata,
      byte[] removed,
      long bytes) {}

  /**
   * Opens the target at {@code path}.
   *
   * @param remotes the names of all hosts that are pushed to; others are forgotten
   * @throws BackupException if there is none, it is in use, or the last run has not ended
   */
  public static PushSource open(Engine engine, FilePath path, Set<String> remotes, Logger log)
      throws BackupException, IOException {
    Posix posix = engine.posix();
    int root = OpenTarget.openRoot(posix, path);
    try {
      TargetGround ground = new TargetGround(engine);
      if (ground.id(root).isEmpty()) {
        throw BackupException.noTarget(path);
      }
    } finally {
      posix.close(root);
    }
    OpenTarget open = OpenTarget.open(engine, path, Residents.NONE, log);
    try {
      Catalogue catalogue = open.catalogue();
      List<Run> runs = catalogue.runs().list();
      boolean ended = !runs.isEmpty() && runs.get(runs.size() - 1).ended() != null;
      if (!ended || !catalogue.pending().list().isEmpty()) {
        throw BackupException.failure(
            path + ": the last backup did not end, and nothing is pushed; run a backup first");
      }
      MovedTree.clear(posix, open.target());
      catalogue.transaction(
          () -> {
            for (String remote : remotes) {
              catalogue.remotes().register(remote);
            }
            catalogue.remotes().retain(remotes);
          });
      if (!catalogue.checkpoint()) {
        throw BackupException.failure(
            path + ": somebody reads the catalogue; push again when that has ended");
      }
      return new PushSource(posix, open);
    } catch (BackupException | IOException | RuntimeException e) {
      open.close();
      throw e;
    }
  }

  public String targetId() {
    return targetId;
  }

  /** The number of the last batch. */
  public long generation() {
    return generation;
  }

  /** What the numbers of changes belong to. */
  public synchronized String journal() throws IOException {
    return open.catalogue().remotes().journal();
  }

  /** The number of the last change. */
  public synchronized long seq() throws IOException {
    return open.catalogue().remotes().last();
  }

  /** How many bytes all files of ours have. */
  public synchronized long bytes() throws IOException {
    return open.catalogue().usage().stored().bytes();
  }

  /** Whether the last run brought every source up to date, so that what is gone is really gone. */
  public synchronized boolean isComplete() throws IOException {
    List<Run> runs = open.catalogue().runs().list();
    return runs.get(runs.size() - 1).sources().stream()
        .allMatch(source -> source.state() == SourceState.COMPLETE);
  }

  /** The increments that are there. */
  public synchronized List<String> increments() throws IOException {
    return Increment.names(posix, open.target()).stream().sorted().toList();
  }

  /**
   * What changed behind {@code seq}, if the journal reaches back that far for that host.
   *
   * @param remote as it was named to {@link #open}
   */
  public synchronized Optional<Changes> since(String remote, long seq) throws IOException {
    Optional<Long> acknowledged = open.catalogue().remotes().acknowledged(remote);
    if (acknowledged.isEmpty() || seq < acknowledged.get() || seq > seq()) {
      return Optional.empty();
    }
    String name = Integer.toString(movedTrees++);
    try (PushChanges changes = new PushChanges(posix, open, name)) {
      return Optional.of(changes.collect(open.catalogue().remotes().since(seq)));
    }
  }

  /** A host has everything up to the number. */
  public synchronized void acknowledge(String remote, long seq, long nowNs) throws IOException {
    open.catalogue().transaction(() -> open.catalogue().remotes().acknowledge(remote, seq, nowNs));
  }

  @Override
  public void close() throws IOException {
    MovedTree.clear(posix, open.target());
    open.catalogue().checkpoint();
    open.close();
  }
}
