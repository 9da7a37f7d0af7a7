package org.deferredsync.backup;

import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.deferredsync.backup.RestoreChange.Action;
import org.deferredsync.backup.RestoreChange.Watcher;
import org.deferredsync.backup.Snapshot.Node;
import org.deferredsync.backup.SnapshotWalk.Found;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.event.Level;

/**
 * Brings paths of a snapshot back, into an empty directory or to the places where they were, each
 * file checked against its hash while it is copied. Follows no link, writes nothing outside of
 * where it was told to, and goes on after a path that fails. For one restore.
 */
public final class Restorer {
  private final Snapshot snapshot;
  private final Posix posix;
  private final Clock clock;
  private final Logger log;
  private final Restoration done;
  private final Unkept unkept;
  private final Metadata metadata;
  private final int remembered;

  public Restorer(Snapshot snapshot, Clock clock, Logger log) {
    this(snapshot, clock, log, LinkGroups.REMEMBERED);
  }

  /**
   * @param remembered of how many files with several names the place is remembered
   */
  Restorer(Snapshot snapshot, Clock clock, Logger log, int remembered) {
    this.remembered = remembered;
    this.snapshot = snapshot;
    this.posix = snapshot.reader().posix();
    this.clock = clock;
    this.log = log;
    this.done = new Restoration(snapshot.reader(), log);
    this.unkept = new Unkept(log, "what was restored", Level.WARN);
    this.metadata = Metadata.ofRestore(posix, unkept);
  }

  /**
   * What was brought back, and how many paths were not.
   *
   * @param files made, be they links or special files
   * @param directories made, or given their metadata
   * @param bytes copied
   * @param links how many of the files are further names of one of them
   * @param same how many objects were there already and stayed as they were
   * @param aside how many objects were moved aside
   * @param failed how many paths were not restored
   * @param asides the directories that hold what was moved aside
   */
  public record Result(
      long files,
      long directories,
      long bytes,
      long links,
      long same,
      long aside,
      long failed,
      List<FilePath> asides) {}

  /**
   * Restores {@code paths} below {@code to}, which is made if it does not exist: a single one as
   * its last name, several as their full paths.
   *
   * @throws BackupException if a path is not in the snapshot or {@code to} is not empty; nothing is
   *     written then
   */
  public Result restore(List<FilePath> paths, FilePath to) throws BackupException, IOException {
    RestoreSet set = below(paths);
    try (Destination destination = Destination.open(posix, to, snapshot.reader().target())) {
      done.begin(set, snapshot);
      new DirectoryRestore(snapshot, metadata, done, log, remembered)
          .restore(set, destination.root());
      destination.finish(done);
    } catch (PosixException e) {
      throw ended(WriteTrouble.ofRestore(to, e), e);
    } catch (Restoration.EndedException e) {
      throw ended(e.getMessage(), e);
    } finally {
      done.end();
    }
    return done.result(List.of());
  }

  private static BackupException ended(@Nullable String line, IOException cause) {
    return new BackupException(BackupException.Kind.FAILURE, String.valueOf(line), cause);
  }

  /** Looks what {@link #restore} would do, and changes nothing. */
  public Result preview(List<FilePath> paths, FilePath to, Watcher watcher)
      throws BackupException, IOException {
    RestoreSet set = below(paths);
    Destination.check(posix, to, snapshot.reader().target());
    LinkGroups groups = new LinkGroups(snapshot, set, remembered);
    SnapshotWalk walk = new SnapshotWalk(snapshot);
    for (Node top : set.tops()) {
      walk.walk(top, new Telling(set, to, groups, watcher));
    }
    return done.result(List.of());
  }

  /**
   * Restores {@code paths} to where they were. What is equal there is left alone: type, size, time,
   * mode, owner, extended attributes and the bytes by their hash. What is not, and what the
   * snapshot does not have below a restored directory, is moved first into {@code
   * .deferred-sync-aside-<UTC time>} in the directory that holds the restored path, or in the root
   * of the mount that it is on. Nothing is ever deleted. Killed at any moment, each file is the old
   * one, in its place or aside, or the new one; the same restore once more goes on from there.
   *
   * @throws BackupException if a path is not in the snapshot or lies in the target; nothing is
   *     changed then
   */
  public Result restoreInPlace(List<FilePath> paths, Watcher watcher)
      throws BackupException, IOException {
    return inPlace(paths, watcher, true);
  }

  /** Looks what {@link #restoreInPlace} would do, and changes nothing. */
  public Result previewInPlace(List<FilePath> paths, Watcher watcher)
      throws BackupException, IOException {
    return inPlace(paths, watcher, false);
  }

  private Result inPlace(List<FilePath> paths, Watcher watcher, boolean change)
      throws BackupException, IOException {
    RestoreSet set = RestoreSet.inPlace(snapshot, paths);
    List<FilePath> asides = new ArrayList<>();
    try (Places places = new Places(posix);
        ContentReader reader = new ContentReader(snapshot, log)) {
      PlaceChanges changes =
          change
              ? new PlaceChangesOnDisk(posix, places, metadata, reader, done, watcher)
              : new PlaceChangesToTell(done, watcher);
      PlaceState state = new PlaceState(posix, reader, unkept);
      try (PlaceRestore each =
          new PlaceRestore(
              snapshot,
              places,
              state,
              changes,
              new LinkGroups(snapshot, set, remembered),
              done,
              new AsideName(clock.instant()),
              log)) {
        done.begin(set, snapshot);
        new InPlaceRestore(snapshot, places, changes, each, done, log).restore(set);
        asides.addAll(each.kept());
        if (change) {
          each.sync();
        }
      }
    } catch (PosixException e) {
      String all = String.join(", ", paths.stream().map(FilePath::toString).toList());
      throw ended(WriteTrouble.ofRestore(all, e), e);
    } catch (Restoration.EndedException e) {
      throw ended(e.getMessage(), e);
    } finally {
      done.end();
    }
    return done.result(asides);
  }

  private RestoreSet below(List<FilePath> paths) throws BackupException, IOException {
    return RestoreSet.below(snapshot, paths);
  }

  /** Tells what would be made in an empty directory. */
  private final class Telling implements SnapshotWalk.Visitor {
    private final RestoreSet set;
    private final FilePath to;
    private final LinkGroups groups;
    private final Watcher watcher;

    private Telling(RestoreSet set, FilePath to, LinkGroups groups, Watcher watcher) {
      this.set = set;
      this.to = to;
      this.groups = groups;
      this.watcher = watcher;
    }

    private FilePath placeOf(FilePath path) {
      FilePath place = to;
      for (byte[] name : set.place(path).orElse(FilePath.ROOT).names()) {
        place = place.child(name);
      }
      return place;
    }

    @Override
    public boolean enter(FilePath path, @Nullable Version version) {
      done.directory();
      watcher.take(new RestoreChange(Action.WRITE, placeOf(path), 0));
      return true;
    }

    @Override
    public void leave(FilePath path, @Nullable Version version) {
      // its metadata is no change of its own
    }

    @Override
    public void refuse(String what, String why) {
      done.fail(what, "the catalogue has been changed: " + why);
    }

    @Override
    public void visit(Found found) throws IOException {
      boolean link = !groups.places(found).isEmpty();
      boolean copied = found.version().type() == FileType.FILE && !link;
      if (copied && found.hash() == null) {
        done.fail(found.path(), "the catalogue has no content for it");
        return;
      }
      FilePath place = placeOf(found.path());
      groups.put(found, place);
      long bytes = copied ? found.version().size() : 0;
      if (link) {
        done.link();
      } else {
        done.file(bytes);
      }
      watcher.take(new RestoreChange(Action.WRITE, place, bytes));
    }
  }
}
