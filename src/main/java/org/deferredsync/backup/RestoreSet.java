package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.deferredsync.backup.Snapshot.Node;
import org.deferredsync.backup.Snapshot.SourceAt;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;

/**
 * The paths that one command brings back, none of them below another, and where each of them goes:
 * a single one to its last name, several to their full paths, or all to their own places.
 */
final class RestoreSet {
  private final List<Node> tops;
  private final boolean byLastName;

  private RestoreSet(List<Node> tops, boolean byLastName) {
    this.tops = tops;
    this.byLastName = byLastName;
  }

  /**
   * The set for a directory of its own.
   *
   * @throws BackupException if a path is not in the snapshot
   */
  static RestoreSet below(Snapshot snapshot, List<FilePath> paths)
      throws BackupException, IOException {
    List<Node> tops = tops(snapshot, paths);
    return new RestoreSet(tops, paths.size() == 1 && !tops.get(0).path().isRoot());
  }

  /**
   * The set for the places where the files were: of a path above sources, only these, since nothing
   * is known of what lies between.
   *
   * @throws BackupException if a path is not in the snapshot
   */
  static RestoreSet inPlace(Snapshot snapshot, List<FilePath> paths)
      throws BackupException, IOException {
    List<Node> tops = new ArrayList<>();
    for (Node node : tops(snapshot, paths)) {
      if (node.version() != null || snapshot.sourceOf(node.path()).isPresent()) {
        tops.add(node);
        continue;
      }
      for (SourceAt source : snapshot.sources()) {
        boolean outermost =
            snapshot.sources().stream()
                .noneMatch(
                    other ->
                        !other.path().equals(source.path())
                            && node.path().contains(other.path())
                            && other.path().contains(source.path()));
        if (outermost && node.path().contains(source.path())) {
          snapshot.find(source.path()).ifPresent(tops::add);
        }
      }
    }
    return new RestoreSet(tops, false);
  }

  private static List<Node> tops(Snapshot snapshot, List<FilePath> paths)
      throws BackupException, IOException {
    List<FilePath> distinct = paths.stream().distinct().toList();
    List<Node> tops = new ArrayList<>();
    for (FilePath path : distinct) {
      Optional<Node> node = snapshot.find(path);
      if (node.isEmpty()) {
        throw snapshot.missing(path);
      }
      checkAbove(snapshot, path);
      if (distinct.stream().noneMatch(other -> !other.equals(path) && other.contains(path))) {
        tops.add(node.get());
      }
    }
    return tops;
  }

  /** What a backup stored lies in directories alone, up to the source. */
  private static void checkAbove(Snapshot snapshot, FilePath path)
      throws BackupException, IOException {
    Optional<SourceAt> source = snapshot.sourceOf(path);
    FilePath above = path.parent();
    while (above != null && source.isPresent() && source.get().path().contains(above)) {
      Optional<Node> node = snapshot.find(above);
      if (node.isPresent() && !node.get().isDirectory()) {
        throw BackupException.failure(
            path + ": not restored: " + above + " is no directory in the snapshot");
      }
      above = above.parent();
    }
  }

  List<Node> tops() {
    return tops;
  }

  /** Where a path of the set goes, from the destination's root; empty for one not in the set. */
  Optional<FilePath> place(FilePath path) {
    for (Node top : tops) {
      if (top.path().contains(path)) {
        return Optional.of(byLastName ? without(top.path().parent(), path) : path);
      }
    }
    return Optional.empty();
  }

  private static FilePath without(@Nullable FilePath above, FilePath path) {
    if (above == null || above.isRoot()) {
      return path;
    }
    return FilePath.of(Arrays.copyOfRange(path.bytes(), above.length(), path.length()));
  }
}
