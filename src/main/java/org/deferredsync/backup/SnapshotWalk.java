package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.deferredsync.backup.Snapshot.Node;
import org.deferredsync.backup.Snapshot.SourceAt;
import org.deferredsync.catalogue.Contents.Content;
import org.deferredsync.catalogue.Directories.Known;
import org.deferredsync.catalogue.Listings.Row;
import org.deferredsync.logging.Printable;
import org.deferredsync.snapshot.ContentHash;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * Goes through all that a snapshot has at and below a path, a directory before what is in it, and
 * tells when one is done. Holds a page of names a level of depth, however many a directory has.
 * What no backup can have stored, because somebody changed the catalogue, is refused and left out.
 */
final class SnapshotWalk {
  static final int PAGE = 1000;

  private final Snapshot snapshot;
  private final TargetReader reader;

  SnapshotWalk(Snapshot snapshot) {
    this.snapshot = snapshot;
    this.reader = snapshot.reader();
  }

  /**
   * What is not a directory.
   *
   * @param hash of a regular file's bytes; null if the catalogue has none
   * @param shared whether its content may have a second name in the snapshot
   * @param current whether the mirror should have it at this path
   */
  record Found(
      FilePath path,
      Version version,
      @Nullable ContentHash hash,
      boolean shared,
      boolean current) {}

  /** Takes what is found, in the order of the walk. */
  interface Visitor {
    /**
     * A directory begins.
     *
     * @param version null for one above the sources, of which nothing is known
     * @return whether to go into it; if not, it is not left either
     */
    boolean enter(FilePath path, @Nullable Version version) throws IOException;

    /** Anything but a directory. */
    void visit(Found found) throws IOException;

    /** All in the directory has been visited. */
    void leave(FilePath path, @Nullable Version version) throws IOException;

    /**
     * An entry that cannot be.
     *
     * @param what its path, printable
     */
    void refuse(String what, String why) throws IOException;
  }

  void walk(Node top, Visitor visitor) throws IOException {
    Version version = top.version();
    if (!top.isDirectory() && version != null) {
      visitor.visit(found(top.path(), version));
      return;
    }
    Deque<Level> levels = new ArrayDeque<>();
    enter(top.path(), version, false, levels, visitor);
    while (!levels.isEmpty()) {
      Level level = levels.peek();
      Directory next = level.next(visitor);
      if (next == null) {
        levels.pop();
        visitor.leave(level.path, level.version);
      } else {
        enter(next.path(), next.version(), level.plain, levels, visitor);
      }
    }
  }

  private void enter(
      FilePath path, @Nullable Version version, boolean plain, Deque<Level> levels, Visitor visitor)
      throws IOException {
    if (visitor.enter(path, version)) {
      levels.push(new Level(path, version, plain));
    }
  }

  private Found found(FilePath path, Version version) throws IOException {
    Long id = version.content();
    Optional<Content> content = Optional.empty();
    if (id != null) {
      synchronized (reader) {
        content = reader.catalogue().contents().find(id);
      }
    }
    return new Found(path, version, content.map(Content::hash).orElse(null), true, true);
  }

  private record Directory(FilePath path, @Nullable Version version) {}

  /** A directory on the way down. */
  private final class Level {
    private final FilePath path;
    private final @Nullable Version version;

    /** Whether all that is below belongs to one source. */
    private final boolean plain;

    private final Deque<Directory> waiting = new ArrayDeque<>();
    private byte @Nullable [] last;
    private boolean read;

    private Level(FilePath path, @Nullable Version version, boolean plain) {
      this.path = path;
      this.version = version;
      this.plain = plain || holdsOneSource(path);
    }

    /** The next directory in this one; visits what lies before it. Null at the end. */
    private @Nullable Directory next(Visitor visitor) throws IOException {
      while (waiting.isEmpty() && !read) {
        if (plain) {
          page(visitor);
        } else {
          read = true;
          mixed(visitor);
        }
      }
      return waiting.poll();
    }

    private void page(Visitor visitor) throws IOException {
      List<Row> rows;
      synchronized (reader) {
        Optional<Known> known = reader.catalogue().directories().find(path);
        Optional<SourceAt> source = snapshot.sourceOf(path);
        rows =
            known.isEmpty() || source.isEmpty()
                ? List.of()
                : reader
                    .catalogue()
                    .listings()
                    .page(known.get().id(), source.get().run(), last, PAGE);
      }
      for (Row row : rows) {
        take(row, visitor);
      }
      read = rows.size() < PAGE;
      if (!read) {
        last = rows.get(rows.size() - 1).name();
      }
    }

    private void take(Row row, Visitor visitor) throws IOException {
      Found found;
      try {
        FilePath child = path.child(row.name());
        checkName(row.name());
        byte[] hash = row.sha256();
        found =
            new Found(
                child,
                row.version(),
                hash == null ? null : new ContentHash(hash),
                row.shared(),
                row.current());
        if (row.version().type() == FileType.DIRECTORY) {
          waiting.add(new Directory(child, row.version()));
          return;
        }
      } catch (IllegalArgumentException e) {
        String slash = path.isRoot() ? "" : path.toString();
        visitor.refuse(slash + "/" + Printable.of(row.name()), String.valueOf(e.getMessage()));
        return;
      }
      visitor.visit(found);
    }

    /** Where sources meet there are few names; or many, once in a tree. */
    private void mixed(Visitor visitor) throws IOException {
      List<Node> nodes;
      try {
        synchronized (reader) {
          nodes = new ArrayList<>(snapshot.children(path));
        }
      } catch (IllegalArgumentException e) {
        visitor.refuse(path + "/*", String.valueOf(e.getMessage()));
        return;
      }
      for (Node node : nodes) {
        Version of = node.version();
        if (node.isDirectory() || of == null) {
          waiting.add(new Directory(node.path(), of));
        } else {
          visitor.visit(found(node.path(), of));
        }
      }
    }
  }

  /** The operating system has no longer names. */
  private static void checkName(byte[] name) {
    if (name.length > 255) {
      throw new IllegalArgumentException("a name of " + name.length + " bytes");
    }
  }

  private boolean holdsOneSource(FilePath directory) {
    return snapshot.sourceOf(directory).isPresent()
        && snapshot.sources().stream()
                .filter(
                    source ->
                        directory.contains(source.path()) || source.path().contains(directory))
                .count()
            == 1;
  }
}
