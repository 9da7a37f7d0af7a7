package org.deferredsync.backup;

import java.io.IOException;
import java.util.List;
import org.deferredsync.backup.RestoreStep.Begin;
import org.deferredsync.backup.RestoreStep.Data;
import org.deferredsync.backup.RestoreStep.Drop;
import org.deferredsync.backup.RestoreStep.End;
import org.deferredsync.backup.RestoreStep.Enter;
import org.deferredsync.backup.RestoreStep.Leave;
import org.deferredsync.backup.RestoreStep.Link;
import org.deferredsync.backup.Snapshot.Node;
import org.deferredsync.backup.SnapshotWalk.Found;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Restores into an empty directory. The calling thread walks through the snapshot, reads and
 * hashes; a second one alone makes files, since a file system is slower under two.
 */
final class DirectoryRestore {
  private final Snapshot snapshot;
  private final Posix posix;
  private final Metadata metadata;
  private final Restoration done;
  private final Logger log;
  private final int remembered;

  /**
   * @param remembered of how many files with several names the place is remembered
   */
  DirectoryRestore(
      Snapshot snapshot, Metadata metadata, Restoration done, Logger log, int remembered) {
    this.remembered = remembered;
    this.snapshot = snapshot;
    this.posix = snapshot.reader().posix();
    this.metadata = metadata;
    this.done = done;
    this.log = log;
  }

  void restore(RestoreSet set, int root) throws IOException {
    try (DirectoryTree tree = new DirectoryTree(posix, root, FilePath.ROOT, false);
        ContentReader again = new ContentReader(snapshot, log);
        ContentReader bytes = new ContentReader(snapshot, log)) {
      RestoreWriter writer = new RestoreWriter(posix, tree, metadata, again, done);
      try (RestoreQueue queue = new RestoreQueue(writer)) {
        Reading reading = new Reading(set, queue, bytes);
        SnapshotWalk walk = new SnapshotWalk(snapshot);
        for (Node top : set.tops()) {
          reading.begin(top.path());
          walk.walk(top, reading);
        }
        queue.end();
      } finally {
        writer.abandon();
      }
    }
  }

  /** Turns what the walk finds into steps. */
  private final class Reading implements SnapshotWalk.Visitor {
    private final RestoreSet set;
    private final RestoreQueue queue;
    private final ContentReader bytes;
    private final LinkGroups groups;
    private @Nullable FilePath directory;
    private FilePath place = FilePath.ROOT;

    private Reading(RestoreSet set, RestoreQueue queue, ContentReader bytes) {
      this.set = set;
      this.queue = queue;
      this.bytes = bytes;
      this.groups = new LinkGroups(snapshot, set, remembered);
    }

    private void begin(FilePath top) throws IOException {
      FilePath parent = placeOf(top).parent();
      if (parent != null && !parent.isRoot()) {
        queue.add(new Enter(parent, parent, false));
      }
    }

    private FilePath placeOf(FilePath path) {
      FilePath parent = path.parent();
      if (parent == null) {
        return FilePath.ROOT;
      }
      if (!parent.equals(directory)) {
        FilePath own = set.place(path).orElseThrow();
        FilePath above = own.parent();
        directory = above == null ? null : parent;
        place = above == null ? FilePath.ROOT : above;
        return own;
      }
      return place.child(path.name());
    }

    @Override
    public boolean enter(FilePath path, @Nullable Version version) throws IOException {
      queue.add(new Enter(path, placeOf(path), version != null));
      return true;
    }

    @Override
    public void leave(FilePath path, @Nullable Version version) throws IOException {
      if (version != null) {
        queue.add(new Leave(path, placeOf(path), version, done.attributes(path, version)));
      }
    }

    @Override
    public void refuse(String what, String why) {
      done.fail(what, "the catalogue has been changed: " + why);
    }

    @Override
    public void visit(Found found) throws IOException {
      FilePath at = placeOf(found.path());
      Version version = found.version();
      if (version.type() == FileType.SYMLINK && version.linkTarget() == null) {
        refuse(found.path().toString(), "a symbolic link to nothing");
        return;
      }
      ExtendedAttributes attributes = done.attributes(found.path(), version);
      List<FilePath> others = groups.places(found);
      groups.put(found, at);
      if (!others.isEmpty()) {
        queue.add(new Link(found, at, attributes, others));
      } else if (version.type() == FileType.FILE) {
        String why = bytes.read(found, new Steps(found, at, attributes));
        if (why != null) {
          done.fail(found.path(), why);
        }
      } else {
        queue.add(new RestoreStep.Node(found, at, attributes));
      }
    }

    /** A regular file as steps. */
    private final class Steps implements ContentSink {
      private final Found found;
      private final FilePath at;
      private final ExtendedAttributes attributes;

      private Steps(Found found, FilePath at, ExtendedAttributes attributes) {
        this.found = found;
        this.at = at;
        this.attributes = attributes;
      }

      @Override
      public void begin() throws IOException {
        queue.add(new Begin(found, at, attributes));
      }

      @Override
      public void data(long position, byte[] part, int length) throws IOException {
        queue.add(new Data(position, part, length));
      }

      @Override
      public void end(long size) throws IOException {
        queue.add(new End(size));
      }

      @Override
      public void drop() throws IOException {
        queue.add(new Drop());
      }
    }
  }
}
