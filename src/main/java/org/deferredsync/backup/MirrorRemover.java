package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.CatalogueException;
import org.deferredsync.catalogue.Directories.Known;
import org.deferredsync.catalogue.Pending.Kind;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Removes the current entries of a source that nobody wants any more, with what the mirror has of
 * them: the deepest directory first, and nothing that another source holds or is the last copy of
 * what a past version there needs.
 */
final class MirrorRemover {
  private static final int CHUNK = 2_000;
  private static final int PAGE = 500;

  private final Target target;
  private final Catalogue catalogue;
  private final MirrorCheck mirror;
  private final Forgetter forgetter;
  private final Logger log;
  private final FilePath source;
  private final Set<FilePath> below;

  /** Files that stay, and every directory above them: each is looked up once an entry. */
  private final Set<FilePath> staying = new HashSet<>();

  private long stayingFiles;
  private List<Going> chunk = new ArrayList<>();
  private long deleted;

  /**
   * @param below other sources in it, that are configured or have a snapshot
   */
  MirrorRemover(
      Target target,
      Catalogue catalogue,
      MirrorCheck mirror,
      Forgetter forgetter,
      Logger log,
      FilePath source,
      Set<FilePath> below) {
    this.target = target;
    this.catalogue = catalogue;
    this.mirror = mirror;
    this.forgetter = forgetter;
    this.log = log;
    this.source = source;
    this.below = Set.copyOf(below);
  }

  /** One current entry, and the object in the mirror that goes with it; 0 if none does. */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  private record Going(
      long directory, byte[] name, FilePath path, Version version, long mirrorInode) {}

  /** How many files of it stay. */
  long staying() {
    return stayingFiles;
  }

  /** Answers how many files, links and directories are gone. */
  long remove() throws IOException {
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
    return deleted;
  }

  private List<Known> page(@Nullable FilePath last) throws IOException {
    return catalogue.directories().treeDeepestFirst(source, last, PAGE);
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
    if (there != null && !mirror.isStored(path, there, version)) {
      log.warn("{}: not what was stored there; it stays in the mirror.", path);
      there = null;
    }
    chunk.add(new Going(directory, row.name(), path, version, there == null ? 0 : there.inode()));
    if (chunk.size() >= CHUNK) {
      flush();
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
                forget(one, doomed, directories);
              }
              catalogue.expiry().forgetUnnamed(directories);
            });
  }

  /**
   * A file with another name in another source may lie in the mirror alone, here, and be what a
   * past version there needs.
   */
  private boolean isNeeded(Going one) throws CatalogueException {
    Long content = one.version().content();
    return content != null && catalogue.expiry().isLastCopyOfPast(content);
  }

  private void keep(FilePath file) {
    stayingFiles++;
    for (FilePath path = file; path != null && staying.add(path); path = path.parent()) {
      // above a path that is in it everything is
    }
  }

  private void forget(Going one, Forgetter.Doomed doomed, Set<Long> directories)
      throws CatalogueException {
    doomed.add(
        catalogue.expiry().forgetCurrent(one.directory(), one.name(), one.version().content()));
    directories.add(one.directory());
    catalogue
        .directories()
        .find(one.path())
        .ifPresent(directory -> directories.add(directory.id()));
    catalogue.directories().setDigest(one.directory(), null);
    if (one.mirrorInode() != 0) {
      boolean directory = one.version().type() == FileType.DIRECTORY;
      doomed.add(directory ? Kind.REMOVE_DIRECTORY : Kind.REMOVE, one.path(), one.mirrorInode());
    }
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
}
