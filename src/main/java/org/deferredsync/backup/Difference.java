package org.deferredsync.backup;

import java.io.IOException;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.deferredsync.backup.SortedPaths.Rows;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Contents.Content;
import org.deferredsync.catalogue.Directories;
import org.deferredsync.catalogue.History;
import org.deferredsync.catalogue.History.Dated;
import org.deferredsync.catalogue.History.Directory;
import org.deferredsync.snapshot.ContentHash;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * What differs between two snapshots, whichever of them is the older. Reads, beside one look at
 * when each current entry was stored, only directories in which something changed.
 */
public final class Difference {
  private final Catalogue catalogue;
  private final Snapshot from;
  private final Snapshot to;
  private final RunsByPath runs;

  public Difference(Snapshot from, Snapshot to) {
    this.catalogue = from.reader().catalogue();
    this.from = from;
    this.to = to;
    this.runs = new RunsByPath(List.of(from, to));
  }

  /** How a path differs. */
  public enum Kind {
    ADDED('+'),
    REMOVED('-'),
    /** Other bytes, another target of a symbolic link, another device. */
    CONTENT('M'),
    /** The same bytes with other metadata or links. */
    METADATA('m'),
    /** Another type. */
    TYPE('T');

    private final char letter;

    Kind(char letter) {
      this.letter = letter;
    }

    public char letter() {
      return letter;
    }
  }

  /**
   * How one path differs.
   *
   * @param before null if it was added
   * @param after null if it was removed
   */
  public record Change(Kind kind, @Nullable Version before, @Nullable Version after) {}

  /** Takes one path after the other, in the order of their bytes. */
  public interface Sink {
    void take(FilePath path, Change change) throws IOException;
  }

  /**
   * Everything that differs at and below {@code top}.
   *
   * @throws BackupException if that is in neither of the snapshots
   */
  public void each(FilePath top, Sink sink) throws BackupException, IOException {
    if (from.find(top).isEmpty() && to.find(top).isEmpty()) {
      throw to.missing(top);
    }
    Span span = span(runs.ofSourcesBelow(top), runs.of(top));
    if (span == null) {
      return;
    }
    ofTop(top, sink);
    BitSet changed = catalogue.history().changedDirectories(top, span.first(), span.last());
    new SortedPaths<Change>(
            catalogue,
            directory ->
                changed.get(Math.toIntExact(directory.id())) ? rows(directory) : () -> null)
        .each(top, sink::take);
  }

  /** The runs between which the snapshots differ. */
  private record Span(long first, long last) {}

  /** That of all these pairs of runs, or null if each is twice the same run. */
  private static @Nullable Span span(List<long[]> pairs, long[] another) {
    long first = Long.MAX_VALUE;
    long last = 0;
    for (long[] pair : Stream.concat(pairs.stream(), Stream.of(another)).toList()) {
      if (pair[0] != pair[1]) {
        first = Math.min(first, Math.min(pair[0], pair[1]));
        last = Math.max(last, Math.max(pair[0], pair[1]));
      }
    }
    return last == 0 ? null : new Span(first, last);
  }

  /** The entry of {@code top} itself is its parent's. */
  private void ofTop(FilePath top, Sink sink) throws IOException {
    FilePath parent = top.parent();
    Optional<Directories.Known> directory =
        parent == null ? Optional.empty() : catalogue.directories().find(parent);
    if (directory.isPresent()) {
      Change change =
          change(catalogue.history().of(directory.get().id(), top.name()), runs.of(top));
      if (change != null) {
        sink.take(top, change);
      }
    }
  }

  private Rows<Change> rows(Directory directory) {
    FilePath path = directory.path();
    long[] ofDirectory = runs.of(path);
    Span span = span(runs.ofSourcesIn(path), ofDirectory);
    if (span == null) {
      return () -> null;
    }
    NameVersions names =
        new NameVersions(
            catalogue,
            new History.Range(directory.id(), span.first(), span.last(), false),
            name -> true);
    return names.told(path, (child, versions) -> change(versions, runs.of(child, ofDirectory)));
  }

  private @Nullable Change change(List<Dated> versions, long[] pair) throws IOException {
    Version before = Finder.at(versions, pair[0]);
    Version after = Finder.at(versions, pair[1]);
    if (before == null && after == null) {
      return null;
    }
    if (before == null || after == null) {
      return new Change(before == null ? Kind.ADDED : Kind.REMOVED, before, after);
    }
    return before.equals(after) ? null : new Change(kind(before, after), before, after);
  }

  private Kind kind(Version before, Version after) throws IOException {
    if (before.type() != after.type()) {
      return Kind.TYPE;
    }
    boolean same =
        before.size() == after.size()
            && before.rdev() == after.rdev()
            && Arrays.equals(before.linkTarget(), after.linkTarget())
            && (before.type() != FileType.FILE || hash(before).equals(hash(after)));
    return same ? Kind.METADATA : Kind.CONTENT;
  }

  private Optional<ContentHash> hash(Version version) throws IOException {
    Long content = version.content();
    return content == null
        ? Optional.empty()
        : catalogue.contents().find(content).map(Content::hash);
  }
}
