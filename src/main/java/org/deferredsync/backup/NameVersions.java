package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.function.Predicate;
import org.deferredsync.backup.SortedPaths.Rows;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.History;
import org.deferredsync.catalogue.History.Dated;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;

/** The versions of a directory's names, name by name, read a page at a time. */
final class NameVersions {
  private static final int PAGE = 500;

  private final History history;
  private final History.Range range;
  private final Predicate<byte[]> wanted;
  private final Deque<Dated> read = new ArrayDeque<>();
  private History.@Nullable Position next = History.Position.START;

  NameVersions(Catalogue catalogue, History.Range range, Predicate<byte[]> wanted) {
    this.history = catalogue.history();
    this.range = range;
    this.wanted = wanted;
  }

  /** All versions of the next wanted name, oldest first; empty when there is none any more. */
  List<Dated> next() throws IOException {
    List<Dated> versions = new ArrayList<>();
    while (fill()) {
      Dated first = read.peek();
      if (!versions.isEmpty() && !Arrays.equals(versions.get(0).name(), first.name())) {
        break;
      }
      versions.add(read.remove());
    }
    return versions;
  }

  /** Tells one thing of a name. */
  interface Teller<T> {
    /** What is to be told of the versions of a path; null for nothing. */
    @Nullable T tell(FilePath path, List<Dated> versions) throws IOException;
  }

  /** What is told of the names of {@code directory}, those left out of which nothing is. */
  <T> Rows<T> told(FilePath directory, Teller<T> teller) {
    return () -> {
      for (List<Dated> versions = next(); !versions.isEmpty(); versions = next()) {
        FilePath path = directory.child(versions.get(0).name());
        T what = teller.tell(path, versions);
        if (what != null) {
          return new SortedPaths.Found<>(path, what);
        }
      }
      return null;
    };
  }

  private boolean fill() throws IOException {
    while (read.isEmpty() && next != null) {
      History.Page page = history.page(range, next, wanted, PAGE);
      read.addAll(page.versions());
      next = page.end();
    }
    return !read.isEmpty();
  }
}
