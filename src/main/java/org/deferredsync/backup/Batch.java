package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.deferredsync.catalogue.Pending.Kind;
import org.deferredsync.catalogue.Pending.Operation;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;

/**
 * What is committed and published together: rows for the catalogue, operations on the mirror, both
 * in their order. Bounded by the number of files and of bytes.
 */
final class Batch {
  /** A file takes about three rows; where nothing but rows change, they alone fill a batch. */
  private static final int ROWS = 8;

  private final long run;
  private final Limits limits;
  private final RowQueue rows;
  private final List<Operation> operations = new ArrayList<>();
  private final List<Operation> oldNames = new ArrayList<>();
  private final Set<FilePath> touched = new LinkedHashSet<>();
  private final Set<FilePath> staged = new HashSet<>();
  private final Set<FilePath> adopted = new HashSet<>();
  private final Set<FilePath> left = new HashSet<>();
  private final Set<Long> joined = new HashSet<>();
  private final Set<FilePath> displaced = new HashSet<>();
  private final Set<FilePath> moved = new HashSet<>();
  private final Set<FilePath> replaced = new HashSet<>();
  private final Set<FilePath> linked = new HashSet<>();
  private int files;
  private long bytes;
  private int writes;

  Batch(long run, Limits limits, RowQueue rows) {
    this.run = run;
    this.limits = limits;
    this.rows = rows;
  }

  /** When a batch is full; what makes it so is still part of it. */
  record Limits(int files, long bytes) {
    static final Limits USUAL = new Limits(20_000, 4L << 30);
  }

  /** Writes rows within the batch's transaction. */
  void write(RowQueue.Rows more) throws IOException {
    writes++;
    rows.add(more);
  }

  /** A staged file, link or special file goes to {@code path}. */
  void put(FilePath path, String stagedName, long displacedInode) {
    add(Kind.PUT, stagedName, path, displacedInode);
    touched.remove(path); // a directory whose files went in this batch, and that is none any more
    touchParent(path);
  }

  /** The same, unless it could only be recorded: then the mirror has nothing there. */
  void put(FilePath path, String stagedName, Staged staged, long displacedInode) {
    if (!staged.recordedOnly()) {
      put(path, stagedName, displacedInode);
    } else if (displacedInode != 0) {
      remove(path, displacedInode);
    }
  }

  /** A staged directory goes to {@code path}, with what is in it. */
  void putDirectory(FilePath path, String stagedName, long displacedInode) {
    add(Kind.PUT_DIRECTORY, stagedName, path, displacedInode);
    staged.add(path);
    touched.add(path);
    touchParent(path);
  }

  void remove(FilePath path, long displacedInode) {
    add(Kind.REMOVE, null, path, displacedInode);
    touchParent(path);
  }

  void removeDirectory(FilePath path, long displacedInode) {
    add(Kind.REMOVE_DIRECTORY, null, path, displacedInode);
    touched.remove(path);
    touchParent(path);
  }

  /** The path keeps its bytes and gets the metadata of its entry. */
  void set(FilePath path) {
    touched.add(path);
  }

  /** Counts what was staged for the batch. */
  void count(int moreFiles, long moreBytes) {
    files += moreFiles;
    bytes += moreBytes;
  }

  /** A directory that this batch makes; it is not in the mirror yet. */
  void makes(FilePath directory) {
    staged.add(directory);
  }

  /** A directory of the mirror that was only scaffolding gets its entry in this batch. */
  void adopts(FilePath directory) {
    adopted.add(directory);
    touched.add(directory);
  }

  /** Whether the entry of the directory is among the rows of this batch. */
  boolean isStoredHere(FilePath directory) {
    return staged.contains(directory) || adopted.contains(directory);
  }

  boolean isMadeHere(FilePath directory) {
    return staged.contains(directory);
  }

  /** The name stops being one of a file of ours that has several. */
  void leaves(FilePath path) {
    left.add(path);
  }

  /** Whether {@link #leaves} was told of this name. */
  boolean hasLeft(FilePath path) {
    return left.contains(path);
  }

  /** The file of ours that holds {@code content} gets one more name. */
  void joins(long content) {
    joined.add(content);
  }

  /** Whether the file that holds {@code content} gets a name in this batch. */
  boolean isJoined(long content) {
    return joined.contains(content);
  }

  /** What was at the path gives way in this batch. */
  void displaces(FilePath path) {
    displaced.add(path);
  }

  boolean hasDisplaced(FilePath path) {
    return displaced.contains(path);
  }

  /** A name of a file that has several is put at the path. */
  void links(FilePath path) {
    linked.add(path);
  }

  boolean hasLinked(FilePath path) {
    return linked.contains(path);
  }

  /** Whether {@link #links} was told of a path below this one. */
  boolean linksBelow(FilePath path) {
    return linked.stream().anyMatch(other -> path.contains(other) && !path.equals(other));
  }

  /** Whether something below the path is put, removed or changed in this batch. */
  boolean changesBelow(FilePath path) {
    Predicate<FilePath> below = other -> path.contains(other) && !path.equals(other);
    return operations.stream().map(Operation::path).anyMatch(below)
        || oldNames.stream().map(Operation::path).anyMatch(below)
        || touched.stream().anyMatch(below)
        || staged.stream().anyMatch(below);
  }

  /** The directory at the path, with all below it, gives way in this batch to what is none. */
  void replacesDirectory(FilePath path) {
    replaced.add(path);
  }

  /**
   * Whether the path is, or lies below, a directory that gives way in this batch. The catalogue,
   * where the batch is yet to be seen, still has that directory; so may the source, again.
   */
  boolean hasReplaced(FilePath path) {
    if (replaced.isEmpty()) {
      return false;
    }
    for (FilePath at = path; at != null; at = at.parent()) {
      if (replaced.contains(at)) {
        return true;
      }
    }
    return false;
  }

  /** The file of ours at {@code from}, with this inode, has another name in this batch. */
  void moves(FilePath from, long inode) {
    moved.add(from);
    oldNames.add(new Operation(0, run, Kind.REMOVE, null, from, inode));
    touchParent(from);
  }

  /** Whether {@link #moves} was told of this name, the row of which is still to be seen. */
  boolean hasMoved(FilePath path) {
    return moved.contains(path);
  }

  boolean hasMoves() {
    return !moved.isEmpty();
  }

  boolean isFull() {
    return files + operations.size() + oldNames.size() + touched.size() >= limits.files()
        || writes >= ROWS * limits.files()
        || bytes >= limits.bytes();
  }

  boolean isEmpty() {
    return writes == 0 && operations.isEmpty() && touched.isEmpty();
  }

  /**
   * All operations: old names of moved files go when they have their new ones, and what is metadata
   * comes last, since whatever else happens to a directory changes its time.
   */
  List<Operation> operations(long number) {
    List<Operation> all = new ArrayList<>(operations.size() + oldNames.size() + touched.size());
    for (List<Operation> part : List.of(operations, oldNames)) {
      for (Operation o : part) {
        all.add(new Operation(number, run, o.kind(), o.staged(), o.path(), o.displacedInode()));
      }
    }
    for (FilePath path : touched) {
      all.add(new Operation(number, run, Kind.SET, null, path, 0));
    }
    return all;
  }

  private void add(Kind kind, @Nullable String stagedName, FilePath path, long displaced) {
    operations.add(new Operation(0, run, kind, stagedName, path, displaced));
  }

  private void touchParent(FilePath path) {
    FilePath parent = path.parent();
    if (parent != null) {
      touched.add(parent);
    }
  }
}
