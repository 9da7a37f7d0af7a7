package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.deferredsync.backup.Snapshot.Node;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Contents.Content;
import org.deferredsync.catalogue.Directories;
import org.deferredsync.catalogue.History.Dated;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/** What was at one path, from the first snapshot to the last. */
public final class PathHistory {
  private final Catalogue catalogue;
  private final List<Snapshot> snapshots;

  /** Looks in these snapshots, oldest first. */
  public PathHistory(TargetReader reader, List<Snapshot> snapshots) {
    this.catalogue = reader.catalogue();
    this.snapshots = List.copyOf(snapshots);
  }

  /**
   * Snapshots, one after the other, that have the same at the path.
   *
   * @param snapshots their ids
   * @param node what they have, or null if nothing
   * @param content the bytes of a regular file
   */
  public record Stretch(List<Long> snapshots, @Nullable Node node, Optional<Content> content) {}

  /** The whole history of the path, oldest first. */
  public List<Stretch> of(FilePath path) throws IOException {
    List<Dated> versions = versions(path);
    List<Stretch> stretches = new ArrayList<>();
    List<Long> ids = new ArrayList<>();
    Node current = null;
    for (Snapshot snapshot : snapshots) {
      Node node = node(snapshot, path, versions);
      if (!ids.isEmpty() && !Objects.equals(node, current)) {
        stretches.add(stretch(ids, current));
        ids = new ArrayList<>();
      }
      ids.add(snapshot.run().id());
      current = node;
    }
    if (!ids.isEmpty()) {
      stretches.add(stretch(ids, current));
    }
    return stretches;
  }

  private List<Dated> versions(FilePath path) throws IOException {
    FilePath parent = path.parent();
    if (parent == null) {
      return List.of();
    }
    Optional<Directories.Known> directory = catalogue.directories().find(parent);
    return directory.isEmpty()
        ? List.of()
        : catalogue.history().of(directory.get().id(), path.name());
  }

  private static @Nullable Node node(Snapshot snapshot, FilePath path, List<Dated> versions)
      throws IOException {
    Optional<Snapshot.SourceAt> source = snapshot.sourceOf(path);
    if (source.isEmpty() || path.isRoot()) {
      return snapshot.find(path).orElse(null);
    }
    Version version = Finder.at(versions, source.get().run());
    return version == null ? null : new Node(path, version);
  }

  private Stretch stretch(List<Long> ids, @Nullable Node node) throws IOException {
    Version version = node == null ? null : node.version();
    Long content = version == null ? null : version.content();
    return new Stretch(
        List.copyOf(ids),
        node,
        content == null ? Optional.empty() : catalogue.contents().find(content));
  }
}
