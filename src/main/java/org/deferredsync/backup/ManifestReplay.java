package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.CatalogueException;
import org.deferredsync.catalogue.Directories.Known;
import org.deferredsync.catalogue.Pending.Operation;
import org.deferredsync.snapshot.ContentHash;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.RunSource;
import org.jspecify.annotations.Nullable;

/**
 * Makes the rows of a catalogue again from those of manifests, in the order of their batches. Where
 * some are lacking, what the others say is still taken: a version that is there twice ended in
 * between, one that is not there cannot end.
 */
final class ManifestReplay {
  private final Catalogue catalogue;
  private final TreeMap<Long, ManifestRow.Began> began = new TreeMap<>();
  private final Map<Long, Map<FilePath, RunSource>> sources = new TreeMap<>();
  private final List<FilePath> removals = new ArrayList<>();
  private List<Operation> operations = new ArrayList<>();
  private ManifestRow.@Nullable Reached reached;
  private long after;

  ManifestReplay(Catalogue catalogue) {
    this.catalogue = catalogue;
  }

  /** A manifest begins; what the one before was to publish has been published. */
  void begin() {
    operations = new ArrayList<>();
    after = 0;
  }

  /** The batch of the manifest before, as the one under way says. */
  long after() {
    return after;
  }

  /** The last batch by the list of runs; null if that does not say it. */
  ManifestRow.@Nullable Reached reached() {
    return reached;
  }

  /** The latest run that the manifests tell of, 0 if there is none. */
  long lastRun() {
    return began.isEmpty() ? 0 : began.lastKey();
  }

  /** What the last manifest was to publish. */
  List<Operation> operations() {
    return operations;
  }

  /** Sources that are being removed. */
  List<FilePath> removals() {
    return removals;
  }

  /** The runs that the manifests tell of. */
  List<Run> runs() {
    return began.values().stream()
        .map(
            run ->
                new Run(
                    run.run(),
                    run.started(),
                    run.ended(),
                    run.increment(),
                    List.copyOf(sources.getOrDefault(run.run(), Map.of()).values())))
        .toList();
  }

  /** Forgets all runs: those that follow are all there are. */
  void clearRuns() {
    began.clear();
    sources.clear();
    removals.clear();
    reached = null;
  }

  void take(ManifestRow row) throws IOException {
    if (row instanceof ManifestRow.Stored stored) {
      store(stored);
    } else if (row instanceof ManifestRow.Ended ended) {
      Optional<Known> directory = directory(ended.path());
      if (directory.isPresent()) {
        catalogue.entries().end(directory.get().id(), ended.path().name(), ended.run());
      }
    } else if (row instanceof ManifestRow.Forgotten forgotten) {
      forget(forgotten.path());
    } else if (row instanceof ManifestRow.Seen seen) {
      Optional<Known> directory = directory(seen.path());
      if (directory.isPresent()) {
        catalogue.entries().setEvidence(directory.get().id(), seen.path().name(), seen.evidence());
      }
    } else if (row instanceof ManifestRow.Placed placed) {
      Long content = placed.content();
      ContentHash hash = placed.hash();
      if (content != null && hash != null) {
        addContent(content, hash, placed.size());
      }
      catalogue.contents().addPlace(placed.run(), placed.path(), content, placed.unknown());
    } else if (row instanceof ManifestRow.Pending pending) {
      operations.add(pending.operation());
    } else {
      takeRun(row);
    }
  }

  private void takeRun(ManifestRow row) {
    if (row instanceof ManifestRow.Began run) {
      began.put(run.run(), run);
    } else if (row instanceof ManifestRow.Of of) {
      sources
          .computeIfAbsent(of.run(), id -> new TreeMap<>())
          .put(of.source().source(), of.source());
    } else if (row instanceof ManifestRow.Removing removing) {
      removals.add(removing.source());
    } else if (row instanceof ManifestRow.After before) {
      after = before.batch();
    } else if (row instanceof ManifestRow.Reached last) {
      reached = last;
    }
  }

  private Optional<Known> directory(FilePath path) throws CatalogueException {
    return catalogue.directories().find(path.above());
  }

  private void store(ManifestRow.Stored row) throws CatalogueException {
    long directory = catalogue.directories().idOf(row.path().above());
    byte[] name = row.path().name();
    if (row.version().type() == FileType.DIRECTORY) {
      catalogue.directories().idOf(row.path());
    }
    Long content = row.version().content();
    ContentHash hash = row.hash();
    if (content != null && hash != null) {
      addContent(content, hash, row.version().size());
    }
    Long xattr = catalogue.xattrs().idOf(row.attributes());
    if (row.evidence() == null) {
      catalogue
          .entries()
          .addPast(directory, name, row.since(), row.until(), row.version().withXattr(xattr));
      return;
    }
    if (catalogue.entries().find(directory, name).isPresent()) {
      catalogue.entries().end(directory, name, row.since());
    }
    catalogue
        .entries()
        .add(
            directory,
            new Entry(name, row.since(), row.version().withXattr(xattr), row.evidence()));
  }

  private void addContent(long id, ContentHash hash, long size) throws CatalogueException {
    if (catalogue.contents().find(id).isEmpty()) {
      catalogue.contents().add(id, hash, size, 0);
    }
  }

  private void forget(FilePath path) throws CatalogueException {
    Optional<Known> directory = directory(path);
    if (directory.isEmpty()) {
      return;
    }
    byte[] name = path.name();
    Optional<Entry> entry = catalogue.entries().find(directory.get().id(), name);
    if (entry.isPresent()) {
      @Nullable Long content = entry.get().version().content();
      catalogue.expiry().forgetCurrent(directory.get().id(), name, content);
    }
  }
}
