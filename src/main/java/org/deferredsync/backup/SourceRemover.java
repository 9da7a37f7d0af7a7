package org.deferredsync.backup;

import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.CatalogueException;
import org.deferredsync.catalogue.Contents.Content;
import org.deferredsync.catalogue.Directories.Known;
import org.deferredsync.catalogue.Expiry.Old;
import org.deferredsync.catalogue.Pending.Kind;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.ContentHash;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Removes a source that nobody wants any more from a target: its snapshots, its history and its
 * mirror, which holds the last copies. What another source holds, shows or needs stays. Files go
 * only after the catalogue has forgotten them, in steps of which each leaves the target whole; cut
 * short, it goes on when it is asked for again.
 */
final class SourceRemover {
  private static final int CHUNK = 2_000;
  private static final int PAGE = 500;

  private final Posix posix;
  private final Clock clock;
  private final Target target;
  private final Catalogue catalogue;
  private final Pruner pruner;
  private final Forgetter forgetter;
  private final Logger log;
  private final FilePath source;
  private final Set<FilePath> below = new HashSet<>();
  private final Set<FilePath> above = new HashSet<>();

  /** Files that stay, and every directory above them: each is looked up once an entry. */
  private final Set<FilePath> staying = new HashSet<>();

  private long stayingFiles;
  private List<Going> chunk = new ArrayList<>();
  private long deleted;

  /**
   * @param others every other source that is configured, or has a snapshot
   */
  SourceRemover(
      Engine engine,
      Target target,
      Catalogue catalogue,
      Pruner pruner,
      Forgetter forgetter,
      Logger log,
      FilePath source,
      Set<FilePath> others) {
    this.posix = engine.posix();
    this.clock = engine.clock();
    this.target = target;
    this.catalogue = catalogue;
    this.pruner = pruner;
    this.forgetter = forgetter;
    this.log = log;
    this.source = source;
    for (FilePath other : others) {
      if (source.contains(other)) {
        below.add(other);
      } else if (other.contains(source)) {
        above.add(other);
      }
    }
  }

  /** One current entry, and the object in the mirror that goes with it; 0 if none does. */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  private record Going(
      long directory, byte[] name, FilePath path, Version version, long mirrorInode) {}

  /**
   * What became of it.
   *
   * @param deleted how many files, links and directories
   * @param staying how many files of its mirror stay because snapshots of another source need them,
   *     or because they are not what was stored there
   */
  record Outcome(long deleted, long staying) {}

  /** Removes it, or what an earlier attempt left of it. */
  Outcome remove() throws IOException {
    catalogue.transaction(() -> catalogue.runs().beginRemoval(source));
    removeHistory(); // what the history still names afterwards is needed by another source
    if (above.isEmpty()) {
      removeMirror();
    }
    for (Run run : catalogue.runs().list()) {
      String increment = run.increment();
      if (increment != null) {
        IncrementFiles.removeEmpty(posix, target, increment, source);
      }
    }
    if (staying.isEmpty()) {
      catalogue.transaction(() -> catalogue.runs().endRemoval(source));
    }
    pruner.removeEmptyIncrements();
    return new Outcome(deleted, stayingFiles);
  }

  private void removeMirror() throws IOException {
    FilePath last = null;
    for (List<Known> page = page(last); !page.isEmpty(); page = page(last)) {
      for (Known directory : page) {
        last = directory.path();
        if (!isOfAnother(directory.path())) {
          removeEntries(directory);
        }
      }
    }
    FilePath parent = source.parent();
    if (parent != null) {
      Optional<Known> directory = catalogue.directories().find(parent);
      if (directory.isPresent()) {
        Optional<Entry> row = catalogue.entries().find(directory.get().id(), source.name());
        if (row.isPresent()) {
          going(directory.get().id(), source, row.get());
        }
      }
    }
    flush();
    if (parent != null && staying.isEmpty()) {
      removeScaffolding(parent);
    }
  }

  private void removeEntries(Known directory) throws IOException {
    byte[] last = null;
    for (List<Entry> page = entries(directory, last);
        !page.isEmpty();
        page = entries(directory, last)) {
      for (Entry row : page) {
        last = row.name();
        going(directory.id(), directory.path().child(row.name()), row);
      }
    }
  }

  private List<Entry> entries(Known directory, byte @Nullable [] last) throws IOException {
    return catalogue.entries().listAfter(directory.id(), last, CHUNK);
  }

  private List<Known> page(@Nullable FilePath last) throws IOException {
    return catalogue.directories().treeDeepestFirst(source, last, PAGE);
  }

  private boolean isOfAnother(FilePath path) {
    return below.stream().anyMatch(other -> other.contains(path));
  }

  private void going(long directory, FilePath path, Entry row) throws IOException {
    if (isOfAnother(path) || staying.contains(path)) {
      return;
    }
    Version version = row.version();
    boolean scaffolding = below.stream().anyMatch(path::contains);
    Stat there = scaffolding ? null : target.mirror().statOrNull(path);
    if (there != null && !isStored(path, there, version)) {
      log.warn("{}: not what was stored there; it stays in the mirror.", path);
      there = null;
    }
    chunk.add(new Going(directory, row.name(), path, version, there == null ? 0 : there.inode()));
    if (chunk.size() >= CHUNK) {
      flush();
    }
  }

  /** Whether the mirror has what the catalogue stored; where times differ, the bytes decide. */
  private boolean isStored(FilePath path, Stat there, Version version) throws IOException {
    if (FileType.ofMode(there.mode()) != version.type()) {
      return false;
    }
    return switch (version.type()) {
      case FILE ->
          there.size() == version.size()
              && (there.mtimeNs() == version.mtimeNs() || hasBytesOf(path, version));
      case SYMLINK ->
          Arrays.equals(
              version.linkTarget(),
              posix.readLink(
                  target.mirror().open(Objects.requireNonNull(path.parent())), path.name()));
      default -> true;
    };
  }

  private boolean hasBytesOf(FilePath path, Version version) throws IOException {
    Long id = version.content();
    Optional<Content> content = id == null ? Optional.empty() : catalogue.contents().find(id);
    int file =
        posix.openFile(target.mirror().open(Objects.requireNonNull(path.parent())), path.name());
    try {
      ContentHash hash = new FileCopy(posix, clock).read(file, -1).hash();
      return content.isPresent() && content.get().hash().equals(hash);
    } catch (SourceException e) {
      return false; // what cannot be read is not known to be ours
    } finally {
      posix.close(file);
    }
  }

  private void flush() throws IOException {
    List<Going> all = chunk;
    chunk = new ArrayList<>();
    if (all.isEmpty()) {
      return;
    }
    deleted +=
        forgetter.step(
            doomed -> {
              Set<Long> directories = new HashSet<>();
              for (Going one : all) {
                if (staying.contains(one.path())) {
                  continue;
                }
                if (isNeeded(one)) {
                  keep(one.path());
                  continue;
                }
                doomed.add(
                    catalogue
                        .expiry()
                        .forgetCurrent(one.directory(), one.name(), one.version().content()));
                directories.add(one.directory());
                catalogue
                    .directories()
                    .find(one.path())
                    .ifPresent(directory -> directories.add(directory.id()));
                catalogue.directories().setDigest(one.directory(), null);
                if (one.mirrorInode() != 0) {
                  boolean directory = one.version().type() == FileType.DIRECTORY;
                  doomed.add(
                      directory ? Kind.REMOVE_DIRECTORY : Kind.REMOVE,
                      one.path(),
                      one.mirrorInode());
                }
              }
              catalogue.expiry().forgetUnnamed(directories);
            });
  }

  private void keep(FilePath file) {
    stayingFiles++;
    for (FilePath path = file; path != null && staying.add(path); path = path.parent()) {
      // above a path that is in it everything is
    }
  }

  /**
   * A file with another name in another source may lie in the mirror alone, here, and be what a
   * past version there needs.
   */
  private boolean isNeeded(Going one) throws CatalogueException {
    Long content = one.version().content();
    return content != null && catalogue.expiry().isLastCopyOfPast(content);
  }

  /** The directories above the source that nothing else is in. */
  private void removeScaffolding(FilePath parent) throws IOException {
    for (FilePath path = parent; !path.isRoot(); path = path.above()) {
      FilePath here = path;
      Stat there = target.mirror().statOrNull(here);
      if (there == null) {
        continue; // gone when an earlier attempt was cut short
      }
      if (!there.isDirectory() || catalogue.entries().find(here).isPresent()) {
        return;
      }
      forgetter.step(doomed -> doomed.add(Kind.REMOVE_DIRECTORY, here, there.inode()));
      if (target.mirror().statOrNull(here) != null) {
        return; // not empty
      }
    }
  }

  private void removeHistory() throws IOException {
    KeptRuns kept = new KeptRuns(catalogue.runs().list());
    FilePath last = null;
    for (List<Known> page = page(last); !page.isEmpty(); page = page(last)) {
      for (Known directory : page) {
        last = directory.path();
        removeHistory(directory, source, kept);
      }
    }
    FilePath parent = source.parent();
    if (parent != null) {
      Optional<Known> directory = catalogue.directories().find(parent);
      if (directory.isPresent()) {
        removeHistory(directory.get(), source, kept);
      }
    }
  }

  private void removeHistory(Known directory, FilePath within, KeptRuns kept) throws IOException {
    Old after = null;
    for (List<Old> page = past(directory, after); !page.isEmpty(); page = past(directory, after)) {
      after = page.get(page.size() - 1);
      List<Old> own = page.stream().filter(old -> within.contains(old.path())).toList();
      deleted += pruner.forget(own, kept);
    }
  }

  private List<Old> past(Known directory, @Nullable Old after) throws IOException {
    return catalogue.expiry().past(directory, after, CHUNK);
  }
}
