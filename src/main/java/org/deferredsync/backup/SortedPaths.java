package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.PriorityQueue;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.History.Directory;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;

/**
 * Brings what is found in the directories of a tree into the order of the bytes of the paths, as it
 * comes. Only directories whose path is the beginning of the current one are open at a time, so
 * that memory grows with the depth of the tree and not with its size.
 */
final class SortedPaths<T> {
  private static final int PAGE = 1000;

  private final Catalogue catalogue;
  private final Opening<T> opening;
  private final PriorityQueue<Open<T>> open =
      new PriorityQueue<>(Comparator.comparing((Open<T> each) -> each.head.path()));

  SortedPaths(Catalogue catalogue, Opening<T> opening) {
    this.catalogue = catalogue;
    this.opening = opening;
  }

  /** Something at a path. */
  record Found<T>(FilePath path, T what) {}

  /** What is found in one directory, by name. */
  interface Rows<T> {
    /** The next one, or null at the end. */
    @Nullable Found<T> next() throws IOException;
  }

  /** Begins to read one directory. */
  interface Opening<T> {
    Rows<T> open(Directory directory) throws IOException;
  }

  /** Takes one after the other. */
  interface Sink<T> {
    void take(FilePath path, T what) throws IOException;
  }

  private record Open<T>(Rows<T> rows, Found<T> head) {}

  /** Everything in the directories at and below {@code top}. */
  void each(FilePath top, Sink<T> sink) throws IOException {
    Deque<Directory> directories = new ArrayDeque<>();
    FilePath last = null;
    boolean more = true;
    while (true) {
      if (directories.isEmpty() && more) {
        List<Directory> page = catalogue.history().directories(top, last, PAGE);
        directories.addAll(page);
        more = page.size() == PAGE;
        last = page.isEmpty() ? last : page.get(page.size() - 1).path();
      }
      Directory directory = directories.peek();
      Open<T> least = open.peek();
      if (directory != null
          && (least == null || directory.path().compareTo(least.head.path()) <= 0)) {
        directories.remove();
        advance(opening.open(directory));
      } else if (least != null) {
        open.remove();
        sink.take(least.head.path(), least.head.what());
        advance(least.rows);
      } else {
        return;
      }
    }
  }

  private void advance(Rows<T> rows) throws IOException {
    Found<T> head = rows.next();
    if (head != null) {
      open.add(new Open<>(rows, head));
    }
  }
}
