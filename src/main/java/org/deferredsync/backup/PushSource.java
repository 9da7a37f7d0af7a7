package org.deferredsync.backup;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Remotes.Touched;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.SourceState;
import org.jspecify.annotations.Nullable;
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
   * @param metadata names in the mirror of files of which only the metadata changed
   * @param removed names below the target that are no more
   * @param bytes how many bytes are in what is new, as far as it is sent
   */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  public record Changes(
      Map<String, byte[]> increments,
      byte[] contents,
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
      TargetGround ground = new TargetGround(posix, engine.registry(), engine.fstab());
      if (ground.id(root).isEmpty()) {
        throw BackupException.prerequisite(
            "BACKUPTO=" + path + ": no target yet, or its disk is not mounted; run a backup first");
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
    return OpenTarget.increments(posix, open.target()).stream().sorted().toList();
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
    return Optional.of(new Collector().collect(open.catalogue().remotes().since(seq)));
  }

  /** A host has everything up to the number. */
  public synchronized void acknowledge(String remote, long seq, long nowNs) throws IOException {
    open.catalogue().transaction(() -> open.catalogue().remotes().acknowledge(remote, seq, nowNs));
  }

  @Override
  public void close() throws IOException {
    open.catalogue().checkpoint();
    open.close();
  }

  /** Sorts names by what has to be done about them, looking at each of them on disk. */
  private final class Collector {
    private final Map<String, ByteArrayOutputStream> increments = new TreeMap<>();
    private final Set<FilePath> contents = new LinkedHashSet<>();
    private final Set<FilePath> metadata = new LinkedHashSet<>();
    private final Set<FilePath> removed = new LinkedHashSet<>();
    private final Map<Long, String> names = new LinkedHashMap<>();
    private long bytes;

    private Changes collect(List<Touched> touched) throws IOException {
      for (Run run : open.catalogue().runs().list()) {
        String increment = run.increment();
        if (increment != null) {
          names.put(run.id(), increment);
        }
      }
      for (Touched one : touched) {
        if (one.run() == 0) {
          inMirror(one);
        } else {
          inIncrement(one);
        }
      }
      metadata.removeAll(contents);
      Map<String, byte[]> lists = new TreeMap<>();
      increments.forEach((name, list) -> lists.put(name, list.toByteArray()));
      return new Changes(lists, list(contents), list(metadata), list(removed), bytes);
    }

    private void inMirror(Touched one) throws IOException {
      Stat stat = look(one.path());
      if (stat == null) {
        remove(one.path());
      } else if (!one.contents() && stat.isRegular()) {
        metadata.add(one.path());
      } else {
        contents.add(one.path());
        if (stat.isDirectory()) {
          filesIn(one.path());
        } else if (stat.isRegular()) {
          bytes += stat.size();
          withLinks(one.path(), stat);
        }
      }
    }

    /** A new directory came with the files in it. */
    private void filesIn(FilePath path) throws IOException {
      List<byte[]> files = new ArrayList<>();
      int directory = open.target().mirror().open(path);
      posix.list(directory, entry -> files.add(entry.name()));
      for (byte[] name : files) {
        Stat stat = posix.stat(directory, name);
        if (!stat.isDirectory() && !metadata.contains(path.child(name))) {
          metadata.add(path.child(name));
        }
      }
    }

    /** A name that came to a file that was there is a link only beside the others. */
    private void withLinks(FilePath path, Stat stat) throws IOException {
      if (stat.nlink() > 1) {
        var entry = open.catalogue().entries().find(path);
        if (entry.isPresent() && entry.get().version().content() != null) {
          long content = entry.get().version().content();
          for (FilePath other : open.catalogue().entries().pathsOf(content)) {
            contents.add(other);
          }
        }
      }
    }

    private void inIncrement(Touched one) throws IOException {
      String name = names.get(one.run());
      if (name == null) {
        return; // the increment is gone whole, which its own name tells
      }
      FilePath path = FilePath.ROOT.child(Stager.bytes(name));
      for (byte[] component : one.path().names()) {
        path = path.child(component);
      }
      if (look(path) == null) {
        remove(path);
      } else {
        ByteArrayOutputStream list =
            increments.computeIfAbsent(name, key -> new ByteArrayOutputStream());
        write(one.path(), list);
      }
    }

    /** The topmost name above it that is gone goes, with all below. */
    private void remove(FilePath path) throws IOException {
      FilePath gone = path;
      FilePath above = path.parent();
      while (above != null && !above.isRoot() && look(above) == null) {
        gone = above;
        above = above.parent();
      }
      Stat stays = above == null || above.isRoot() ? null : look(above);
      if (stays == null || stays.isDirectory()) {
        removed.add(gone);
      } // else what took the directory's place did away with all in it
    }

    private @Nullable Stat look(FilePath path) throws IOException {
      FilePath parent = path.parent();
      if (parent == null) {
        throw new IllegalArgumentException("the root of the target does not change");
      }
      try {
        return posix.stat(open.target().mirror().open(parent), path.name());
      } catch (PosixException e) {
        if (e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR) || e.is(Errno.ELOOP)) {
          return null; // a directory on the way gave way to something else
        }
        throw e;
      }
    }

    private byte[] list(Set<FilePath> paths) {
      ByteArrayOutputStream list = new ByteArrayOutputStream();
      paths.forEach(path -> write(path, list));
      return list.toByteArray();
    }

    private void write(FilePath path, ByteArrayOutputStream list) {
      byte[] text = path.bytes();
      list.write(text, 1, text.length - 1);
      list.write(0);
    }
  }
}
