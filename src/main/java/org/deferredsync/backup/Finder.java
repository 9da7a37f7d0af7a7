package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.deferredsync.backup.SortedPaths.Rows;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.History;
import org.deferredsync.catalogue.History.Dated;
import org.deferredsync.catalogue.History.Directory;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/** Finds in which snapshots there was a path that looks as wanted. */
public final class Finder {
  private final Catalogue catalogue;
  private final List<Snapshot> snapshots;
  private final RunsByPath runs;

  /** Looks in these snapshots, oldest first. */
  public Finder(TargetReader reader, List<Snapshot> snapshots) {
    this.catalogue = reader.catalogue();
    this.snapshots = List.copyOf(snapshots);
    this.runs = new RunsByPath(snapshots);
  }

  /** Which names in a directory are wanted. */
  public interface Pattern {
    Predicate<byte[]> in(FilePath directory);
  }

  /**
   * A path that was there.
   *
   * @param version its newest
   * @param snapshots the places, in the list of snapshots, of those that have it
   */
  public record Found(Version version, List<Integer> snapshots) {}

  /** Takes one path after the other, in the order of their bytes. */
  public interface Sink {
    void take(FilePath path, Found found) throws IOException;
  }

  /** Everything wanted in the directories at and below {@code top}. */
  public void find(FilePath top, Pattern pattern, Sink sink) throws IOException {
    new SortedPaths<Found>(catalogue, directory -> rows(directory, pattern)).each(top, sink::take);
  }

  private Rows<Found> rows(Directory directory, Pattern pattern) {
    FilePath path = directory.path();
    long[] ofDirectory = runs.of(path);
    long first = Long.MAX_VALUE;
    long last = 0;
    List<long[]> all = new ArrayList<>(runs.ofSourcesIn(path));
    all.add(ofDirectory);
    for (long[] each : all) {
      for (long run : each) {
        first = run == 0 ? first : Math.min(first, run);
        last = Math.max(last, run);
      }
    }
    if (last == 0) {
      return () -> null;
    }
    NameVersions names =
        new NameVersions(
            catalogue, new History.Range(directory.id(), first, last, true), pattern.in(path));
    return names.told(path, (child, versions) -> found(versions, runs.of(child, ofDirectory)));
  }

  private @Nullable Found found(List<Dated> versions, long[] at) {
    List<Integer> having = new ArrayList<>();
    Version newest = null;
    for (int i = 0; i < snapshots.size(); i++) {
      Version version = at(versions, at[i]);
      if (version != null) {
        having.add(i);
        newest = version;
      }
    }
    return newest == null ? null : new Found(newest, having);
  }

  /** The version that the run saw, if any. */
  static @Nullable Version at(List<Dated> versions, long run) {
    for (Dated version : versions) {
      if (version.isAt(run)) {
        return version.version();
      }
    }
    return null;
  }
}
