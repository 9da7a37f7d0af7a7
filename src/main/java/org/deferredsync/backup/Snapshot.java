package org.deferredsync.backup;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Directories;
import org.deferredsync.catalogue.Entries;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.RunSource;
import org.deferredsync.snapshot.SourceState;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * The state at one run: each source as at its last complete or partial run up to then. Directories
 * above sources are there too, without metadata of their own.
 */
public final class Snapshot {
  private final TargetReader reader;
  private final Catalogue catalogue;
  private final Run run;
  private final List<SourceAt> sources;
  private final Map<Long, Set<FilePath>> sourcesOfRun = new HashMap<>();

  Snapshot(TargetReader reader, Run run, List<Run> runs) {
    this.reader = reader;
    this.catalogue = reader.catalogue();
    this.run = run;
    this.sources = sources(run, runs);
    for (Run each : runs) {
      sourcesOfRun.put(
          each.id(), each.sources().stream().map(RunSource::source).collect(Collectors.toSet()));
    }
  }

  /**
   * A source in this snapshot.
   *
   * @param run the id of the run whose state it is in
   * @param reason what is missing from it, if it is partial
   */
  public record SourceAt(FilePath path, long run, SourceState state, String reason) {}

  /**
   * A path in this snapshot.
   *
   * @param version null for a directory above the sources
   */
  public record Node(FilePath path, @Nullable Version version) {
    public FileType type() {
      return version == null ? FileType.DIRECTORY : version.type();
    }

    public boolean isDirectory() {
      return type() == FileType.DIRECTORY;
    }
  }

  private static List<SourceAt> sources(Run until, List<Run> runs) {
    TreeMap<FilePath, SourceAt> last = new TreeMap<>();
    for (Run run : runs) {
      if (run.id() <= until.id()) {
        for (RunSource source : run.sources()) {
          if (source.state().restorable() && !source.expired()) {
            last.put(
                source.source(),
                new SourceAt(source.source(), run.id(), source.state(), source.reason()));
          }
        }
      }
    }
    return List.copyOf(last.values());
  }

  /** The run. */
  public Run run() {
    return run;
  }

  /** Its sources by path. */
  public List<SourceAt> sources() {
    return sources;
  }

  /** The source that holds the path, or empty for a path above or beside all of them. */
  public Optional<SourceAt> sourceOf(FilePath path) {
    return sources.stream()
        .filter(source -> source.path().contains(path))
        .filter(source -> !isTakenOver(source, path))
        .max(Comparator.comparingInt(source -> source.path().length()));
  }

  /**
   * Whether another source that holds the path was backed up later, in a run that did not know this
   * one.
   */
  private boolean isTakenOver(SourceAt source, FilePath path) {
    return sources.stream()
        .filter(other -> other.run() > source.run() && other.path().contains(path))
        .anyMatch(
            other -> !sourcesOfRun.getOrDefault(other.run(), Set.of()).contains(source.path()));
  }

  /** What was at the path. */
  public Optional<Node> find(FilePath path) throws IOException {
    Optional<SourceAt> source = sourceOf(path);
    if (source.isEmpty() || (path.isRoot() && source.get().path().isRoot())) {
      boolean above = sources.stream().anyMatch(below -> path.contains(below.path()));
      return above ? Optional.of(new Node(path, null)) : Optional.empty();
    }
    FilePath parent = path.parent();
    if (parent == null) {
      return Optional.empty();
    }
    Optional<Directories.Known> directory = catalogue.directories().find(parent);
    return directory.isEmpty()
        ? Optional.empty()
        : catalogue
            .entries()
            .findAt(directory.get().id(), path.name(), source.get().run())
            .map(version -> new Node(path, version));
  }

  /** That the path is not here, and where to look for it. */
  public BackupException missing(FilePath path) throws IOException {
    FilePath above = path.parent();
    while (above != null && find(above).isEmpty()) {
      above = above.parent();
    }
    return BackupException.failure(
        path
            + ": not in snapshot "
            + run.id()
            + "; see \"deferred-sync ls --at "
            + run.id()
            + " "
            + (above == null ? FilePath.ROOT : above)
            + "\"");
  }

  /** What the directory held, by name; empty for what is no directory. */
  public List<Node> children(FilePath directory) throws IOException {
    TreeMap<ByteBuffer, Node> children =
        new TreeMap<>(Comparator.comparing(ByteBuffer::array, java.util.Arrays::compareUnsigned));
    Optional<SourceAt> source = sourceOf(directory);
    Optional<Directories.Known> known = catalogue.directories().find(directory);
    if (source.isPresent() && known.isPresent()) {
      for (Entries.Named named : catalogue.entries().listAt(known.get().id(), source.get().run())) {
        Node node = new Node(directory.child(named.name()), named.version());
        if (sourceOf(node.path()).equals(source)) {
          children.put(ByteBuffer.wrap(named.name()), node);
        }
      }
    }
    for (SourceAt below : sources) {
      if (!below.path().equals(directory) && directory.contains(below.path())) {
        FilePath child = childTowards(directory, below.path());
        ByteBuffer name = ByteBuffer.wrap(child.name());
        if (!children.containsKey(name)) {
          find(child).ifPresent(node -> children.put(name, node));
        }
      }
    }
    return new ArrayList<>(children.values());
  }

  private static FilePath childTowards(FilePath directory, FilePath below) {
    int depth = directory.names().size();
    return directory.child(below.names().get(depth));
  }

  /** Where the bytes of a regular file in this snapshot are. */
  ContentFinder contents() {
    return new ContentFinder(reader);
  }

  TargetReader reader() {
    return reader;
  }
}
