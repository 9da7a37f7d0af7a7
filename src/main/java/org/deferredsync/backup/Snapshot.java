package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Directories;
import org.deferredsync.catalogue.History;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.SourceState;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * The state at one run: each source as at its last complete or partial run up to then. Directories
 * above sources are there too, without metadata of their own.
 */
public final class Snapshot {
  /** How many entries of a directory are held at a time. */
  private static final int PAGE = 1000;

  private final TargetReader reader;
  private final Catalogue catalogue;
  private final Run run;
  private final List<SourceAt> sources;
  private final Set<FilePath> sourcePaths;
  private final Map<Long, Set<FilePath>> sourcesOfRun;

  /**
   * @param sourcesOfRun which sources each run knew, by its id
   */
  Snapshot(
      TargetReader reader, Run run, List<SourceAt> sources, Map<Long, Set<FilePath>> sourcesOfRun) {
    this.reader = reader;
    this.catalogue = reader.catalogue();
    this.run = run;
    this.sources = List.copyOf(sources);
    this.sourcePaths = sources.stream().map(SourceAt::path).collect(Collectors.toSet());
    this.sourcesOfRun = sourcesOfRun;
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
    if (source.isEmpty() || path.isRoot()) {
      boolean above = sources.stream().anyMatch(below -> path.contains(below.path()));
      return above ? Optional.of(new Node(path, null)) : Optional.empty();
    }
    Optional<Directories.Known> directory = catalogue.directories().find(path.above());
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

  /** Takes one path after the other. */
  public interface NodeSink {
    void take(Node node) throws IOException;
  }

  /** What the directory held, by name; empty for what is no directory. */
  public List<Node> children(FilePath directory) throws IOException {
    List<Node> children = new ArrayList<>();
    eachChild(directory, children::add);
    return children;
  }

  /** The same, one after the other; memory does not grow with the directory. */
  public void eachChild(FilePath directory, NodeSink sink) throws IOException {
    NavigableMap<byte[], FilePath> above = childrenAboveSources(directory);
    Optional<SourceAt> source = sourceOf(directory);
    Optional<Directories.Known> known = catalogue.directories().find(directory);
    if (source.isPresent() && known.isPresent()) {
      long at = source.get().run();
      History.Range range = new History.Range(known.get().id(), at, at, true);
      for (History.Position next = History.Position.START; next != null; ) {
        History.Page page = catalogue.history().page(range, next, name -> true, PAGE);
        for (History.Dated entry : page.versions()) {
          FilePath path = directory.child(entry.name());
          if (!sourcePaths.contains(path) || sourceOf(path).equals(source)) {
            takeUntil(above, entry.name(), sink);
            above.remove(entry.name());
            sink.take(new Node(path, entry.version()));
          }
        }
        next = page.end();
      }
    }
    takeUntil(above, null, sink);
  }

  /** The names in the directory that lead to sources below it. */
  private NavigableMap<byte[], FilePath> childrenAboveSources(FilePath directory) {
    TreeMap<byte[], FilePath> children = new TreeMap<>(Arrays::compareUnsigned);
    for (SourceAt below : sources) {
      if (!below.path().equals(directory) && directory.contains(below.path())) {
        FilePath child = childTowards(directory, below.path());
        children.put(child.name(), child);
      }
    }
    return children;
  }

  private void takeUntil(
      NavigableMap<byte[], FilePath> children, byte @Nullable [] name, NodeSink sink)
      throws IOException {
    while (!children.isEmpty()
        && (name == null || Arrays.compareUnsigned(children.firstKey(), name) < 0)) {
      Optional<Node> node = find(children.pollFirstEntry().getValue());
      if (node.isPresent()) {
        sink.take(node.get());
      }
    }
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
