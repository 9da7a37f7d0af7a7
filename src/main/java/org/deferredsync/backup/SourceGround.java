package org.deferredsync.backup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.MountTable;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.logging.Printable;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;
import org.slf4j.Logger;

/**
 * Opens the sources that can be backed up and tells what is wrong with the others. Places are
 * compared by device and inode, so that bind mounts and links do not hide that one directory lies
 * in another.
 */
final class SourceGround {
  private static final byte[] PARENT = {'.', '.'};

  private final Posix posix;
  private final Clock clock;
  private final Logger log;

  SourceGround(Posix posix, Clock clock, Logger log) {
    this.posix = posix;
    this.clock = clock;
    this.log = log;
  }

  /**
   * A source that is left as it is in this run.
   *
   * @param nested whether another source covers it
   */
  record Skipped(int index, FilePath path, String reason, boolean nested) {}

  /** What was opened, and what was not; both in the order of the configuration. */
  record Ground(List<SourceRoot> open, List<Skipped> skipped) {}

  private record Opened(
      int index, Source source, int descriptor, Stat stat, List<Stat> ancestors) {}

  /**
   * Looks whether every source and the target lie apart, and changes nothing.
   *
   * @param targetRoot a descriptor of the target's root
   * @throws BackupException if a source holds the target or lies in it
   */
  void check(List<Source> sources, FilePath target, int targetRoot)
      throws BackupException, IOException {
    for (SourceRoot root : open(sources, target, targetRoot, Set.of(), List.of()).open()) {
      root.close(posix);
    }
  }

  /**
   * Opens every source.
   *
   * @param targetRoot a descriptor of the target's root
   * @param former every source that the target has ever had
   * @param formerMounts every directory that was a mount when it was stored
   * @throws BackupException if a source holds the target or lies in it
   */
  Ground open(
      List<Source> sources,
      FilePath target,
      int targetRoot,
      Set<FilePath> former,
      List<FilePath> formerMounts)
      throws BackupException, IOException {
    List<Skipped> skipped = new ArrayList<>();
    List<Opened> opened = new ArrayList<>();
    try {
      for (int i = 0; i < sources.size(); i++) {
        if (!sources.get(i).path().equals(target) && target.contains(sources.get(i).path())) {
          throw inTarget(sources.get(i).path(), target); // said of an absent one too
        }
        openOne(i, sources.get(i), opened, skipped);
      }
      Stat targetStat = posix.stat(targetRoot);
      List<Stat> targetAncestors = ancestors(posix, targetRoot);
      MountTable mounts = MountTable.ofSystem();
      for (Opened one : opened) {
        checkTarget(one, target, targetStat, targetAncestors);
        checkPlaces(one, target, mounts);
      }
      List<Opened> apart = withoutNested(opened, skipped);
      Set<FilePath> others = new HashSet<>();
      sources.forEach(source -> others.add(source.path()));
      skipped.stream().filter(Skipped::nested).forEach(nested -> others.remove(nested.path()));
      return new Ground(roots(apart, targetStat, others, former, formerMounts), skipped);
    } catch (BackupException | IOException | RuntimeException e) {
      for (Opened one : opened) {
        posix.close(one.descriptor());
      }
      throw e;
    }
  }

  private void openOne(int index, Source source, List<Opened> opened, List<Skipped> skipped)
      throws IOException {
    FilePath path = source.path();
    if (!path.isRoot() && source.filter().excludes(path, true)) {
      skipped.add(
          new Skipped(index, path, "an exclude rule leaves all of it out; mend the rule", false));
      return;
    }
    int descriptor;
    try {
      descriptor = path.isRoot() ? posix.openPath(path.bytes()) : openBelowParent(path);
    } catch (PosixException e) {
      skipped.add(new Skipped(index, path, reason(path, e), false));
      return;
    }
    opened.add(
        new Opened(
            index, source, descriptor, posix.stat(descriptor), ancestors(posix, descriptor)));
  }

  /** The parents as the operator wrote them; the last name must be a directory itself. */
  private int openBelowParent(FilePath path) throws IOException {
    FilePath parentPath = path.parent();
    int parent = posix.openPath((parentPath == null ? FilePath.ROOT : parentPath).bytes());
    try {
      return posix.openDirectory(parent, path.name());
    } finally {
      posix.close(parent);
    }
  }

  private String reason(FilePath path, PosixException e) throws IOException {
    if (e.is(Errno.ENOENT)) {
      return "does not exist; mount it, or take it out of BACKUPDIRS";
    }
    if (e.is(Errno.ELOOP) || e.is(Errno.ENOTDIR)) {
      Optional<String> link = linkTarget(path);
      return link.isPresent()
          ? "is a symbolic link to " + link.get()
          : "is no directory; BACKUPDIRS takes directories only";
    }
    return "cannot be opened: " + e.errno().text();
  }

  /** Where the link leads and what to do about it; empty for what is no link. */
  private Optional<String> linkTarget(FilePath path) throws IOException {
    FilePath parentPath = path.parent();
    if (parentPath == null) {
      return Optional.empty();
    }
    try {
      int parent = posix.openPath(parentPath.bytes());
      try {
        return Optional.of(describe(path, posix.readLink(parent, path.name())));
      } finally {
        posix.close(parent);
      }
    } catch (PosixException e) {
      return Optional.empty(); // no link, or gone meanwhile: the first error says enough
    }
  }

  private static String describe(FilePath link, byte[] text) {
    try {
      Path real = Path.of(new String(link.bytes(), StandardCharsets.UTF_8)).toRealPath();
      return Printable.of(real.toString())
          + (Files.isDirectory(real)
              ? "; write that path into BACKUPDIRS"
              : ", which is no directory; BACKUPDIRS takes directories only");
    } catch (IOException | InvalidPathException e) {
      return Printable.of(text) + ", where nothing is; mend the link, or take it out of BACKUPDIRS";
    }
  }

  /** The directory's own stat first, then each one above it up to the root. */
  static List<Stat> ancestors(Posix posix, int directory) throws IOException {
    List<Stat> chain = new ArrayList<>();
    int current = directory;
    try {
      while (true) {
        Stat stat = posix.stat(current);
        if (!chain.isEmpty() && chain.get(chain.size() - 1).sameObject(stat)) {
          return chain;
        }
        chain.add(stat);
        int up;
        try {
          up = posix.openDirectory(current, PARENT);
        } catch (PosixException e) {
          if (e.is(Errno.EACCES)) {
            return chain; // an ordinary user sees no further up
          }
          throw e;
        }
        if (current != directory) {
          posix.close(current);
        }
        current = up;
      }
    } finally {
      if (current != directory) {
        posix.close(current);
      }
    }
  }

  private static void checkTarget(
      Opened source, FilePath target, Stat targetStat, List<Stat> targetAncestors)
      throws BackupException {
    FilePath path = source.source().path();
    if (source.stat().sameObject(targetStat)) {
      throw BackupException.prerequisite(
          "BACKUPDIRS: " + path + " is the target " + target + " itself; take it out");
    }
    if (contains(source.ancestors(), targetStat)) {
      throw inTarget(path, target);
    }
    if (contains(targetAncestors, source.stat())
        && !(path.isRoot() && isExcluded(source.source(), target))) {
      throw holdsTarget(path, target);
    }
  }

  /** The same of what bind mounts show. */
  private static void checkPlaces(Opened source, FilePath target, MountTable mounts)
      throws BackupException {
    FilePath path = source.source().path();
    Optional<Place> ofSource = Place.of(path, mounts);
    Optional<Place> ofTarget = Place.of(target, mounts);
    if (ofSource.isEmpty() || ofTarget.isEmpty()) {
      return;
    }
    if (ofTarget.get().contains(ofSource.get())) {
      throw inTarget(path, target);
    }
    if (ofSource.get().contains(ofTarget.get()) && !isExcluded(source.source(), target)) {
      throw holdsTarget(path, target);
    }
  }

  private static BackupException holdsTarget(FilePath path, FilePath target) {
    return BackupException.prerequisite(
        "BACKUPDIRS: "
            + path
            + " contains the target "
            + target
            + "; take it out, or move BACKUPTO elsewhere");
  }

  private static BackupException inTarget(FilePath path, FilePath target) {
    return BackupException.prerequisite(
        "BACKUPDIRS: " + path + " lies in the target " + target + "; take it out");
  }

  private static boolean contains(List<Stat> chain, Stat stat) {
    return chain.stream().anyMatch(stat::sameObject);
  }

  /** Whether a rule keeps the walk of the source from ever reaching {@code path}. */
  private static boolean isExcluded(Source source, FilePath path) {
    if (!source.path().contains(path)) {
      return false; // lies there by a bind mount or a link, which no rule tells of
    }
    for (FilePath at = path; at != null && !at.equals(source.path()); at = at.parent()) {
      if (source.filter().excludes(at, true)) {
        return true;
      }
    }
    return false;
  }

  private List<Opened> withoutNested(List<Opened> opened, List<Skipped> skipped)
      throws IOException {
    List<Opened> apart = new ArrayList<>();
    for (Opened inner : opened) {
      Optional<Opened> outer =
          opened.stream()
              .filter(other -> other.index() != inner.index())
              .filter(other -> contains(inner.ancestors(), other.stat()))
              .filter(other -> !isSameAndLater(inner, other))
              .filter(other -> !isExcluded(other.source(), inner.source().path()))
              .findFirst();
      if (outer.isPresent()) {
        skipped.add(
            new Skipped(
                inner.index(),
                inner.source().path(),
                (inner.stat().sameObject(outer.get().stat())
                        ? "is the source " + outer.get().source().path() + " by another name"
                        : "lies in the source " + outer.get().source().path())
                    + "; take one of the two out",
                true));
      } else {
        apart.add(inner);
      }
    }
    for (Opened one : opened) {
      if (!apart.contains(one)) {
        posix.close(one.descriptor());
      }
    }
    return apart;
  }

  /** Of two paths to one directory the first is the source, and the second lies in it. */
  private static boolean isSameAndLater(Opened one, Opened other) {
    return one.stat().sameObject(other.stat()) && other.index() > one.index();
  }

  private List<SourceRoot> roots(
      List<Opened> opened,
      Stat target,
      Set<FilePath> others,
      Set<FilePath> former,
      List<FilePath> formerMounts)
      throws IOException {
    List<SourceRoot> roots = new ArrayList<>();
    for (Opened one : opened) {
      List<Stat> boundaries = new ArrayList<>();
      boundaries.add(target);
      for (Opened other : opened) {
        if (other.index() != one.index()) {
          boundaries.add(other.stat());
        }
      }
      FilePath path = one.source().path();
      Problems problems = new Problems(log);
      DirectoryTree tree = new DirectoryTree(posix, one.descriptor(), path, false);
      LostMounts lost = LostMounts.find(posix, one.source(), tree, formerMounts);
      boundaries.addAll(lost.there());
      List<FilePath> unjudged = new ArrayList<>(others(one.source(), others, former));
      unjudged.addAll(lost.paths());
      roots.add(
          new SourceRoot(
              one.index(),
              path,
              one.descriptor(),
              one.stat(),
              tree,
              new ListingReader(posix, clock, one.source().filter(), boundaries, problems),
              problems,
              lost,
              List.copyOf(unjudged)));
    }
    return roots;
  }

  /** The other sources, and former ones that a rule keeps the walk of this one out of. */
  private static List<FilePath> others(Source source, Set<FilePath> others, Set<FilePath> former) {
    Set<FilePath> all = new HashSet<>(others);
    former.stream()
        .filter(path -> source.path().contains(path) && isExcluded(source, path))
        .forEach(all::add);
    all.remove(source.path());
    return List.copyOf(all);
  }

  /**
   * Why a source that can be opened must not be believed, or empty: it was a mount, or full, and is
   * neither now.
   */
  Optional<String> doubt(SourceRoot source, Catalogue catalogue) throws IOException {
    Optional<Entry> row = catalogue.entries().find(source.path());
    if (row.isPresent() && row.get().evidence().mountRoot() && !source.stat().mountRoot()) {
      return Optional.of("was the root of a mount, and is not mounted now; mount it");
    }
    return Optional.empty();
  }
}
