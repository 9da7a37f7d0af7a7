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
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.logging.Printable;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Hold;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/** Opens the sources that can be backed up and tells what is wrong with the others. */
final class SourceGround {
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
   * @param kind what the guard calls it; null for what is wrong with the configuration
   */
  record Skipped(
      int index, FilePath path, String reason, boolean nested, Hold.@Nullable Kind kind) {}

  /** What was opened, and what was not; both in the order of the configuration. */
  record Ground(List<SourceRoot> open, List<Skipped> skipped) {}

  /** A source that could be opened, and the directories above it. */
  record Opened(int index, Source source, int descriptor, Stat stat, List<Stat> ancestors) {}

  /**
   * Looks whether every source and the target lie apart, and changes nothing.
   *
   * @param targetRoot a descriptor of the target's root
   * @throws BackupException if a source holds the target or lies in it
   */
  void check(List<Source> sources, FilePath target, int targetRoot)
      throws BackupException, IOException {
    for (SourceRoot root :
        open(sources, target, targetRoot, Set.of(), LostMounts.Expected.NOTHING).open()) {
      root.close(posix);
    }
  }

  /**
   * Opens every source.
   *
   * @param targetRoot a descriptor of the target's root
   * @param former every source that the target has ever had
   * @param mounts what ought to be mounted in them or around them
   * @throws BackupException if a source holds the target or lies in it
   */
  Ground open(
      List<Source> sources,
      FilePath target,
      int targetRoot,
      Set<FilePath> former,
      LostMounts.Expected mounts)
      throws BackupException, IOException {
    List<Skipped> skipped = new ArrayList<>();
    List<Opened> opened = new ArrayList<>();
    try {
      for (int i = 0; i < sources.size(); i++) {
        if (!sources.get(i).path().equals(target) && target.contains(sources.get(i).path())) {
          throw SourceOverlap.inTarget(sources.get(i).path(), target); // said of an absent one too
        }
        openOne(i, sources.get(i), mounts.required(), opened, skipped);
      }
      SourceOverlap.check(posix, opened, target, targetRoot);
      List<Opened> apart = SourceOverlap.withoutNested(opened, skipped);
      Set<FilePath> others = new HashSet<>();
      sources.forEach(source -> others.add(source.path()));
      skipped.stream().filter(Skipped::nested).forEach(nested -> others.remove(nested.path()));
      List<SourceRoot> roots = roots(apart, posix.stat(targetRoot), others, former, mounts);
      for (Opened one : opened) {
        if (!apart.contains(one)) {
          posix.close(one.descriptor());
        }
      }
      return new Ground(roots, skipped);
    } catch (BackupException | IOException | RuntimeException e) {
      for (Opened one : opened) {
        posix.close(one.descriptor());
      }
      throw e;
    }
  }

  private void openOne(
      int index, Source source, RequiredMounts required, List<Opened> opened, List<Skipped> skipped)
      throws IOException {
    FilePath path = source.path();
    Optional<FilePath> absent = required.absentAround(path);
    if (absent.isEmpty()) {
      absent =
          RequiredMounts.look(posix, source.own().requiredMounts()).absent().stream().findFirst();
    }
    if (absent.isPresent()) {
      String reason = "needs " + RequiredMounts.describe(absent.get());
      skipped.add(new Skipped(index, path, reason, false, Hold.Kind.UNMOUNTED));
      return;
    }
    if (!path.isRoot() && source.filter().excludes(path, true)) {
      String reason = "an exclude rule leaves all of it out; mend the rule";
      skipped.add(new Skipped(index, path, reason, false, null));
      return;
    }
    try {
      int descriptor = path.isRoot() ? posix.openPath(path.bytes()) : openBelowParent(path);
      opened.add(lookedAt(index, source, descriptor));
    } catch (PosixException e) {
      skipped.add(new Skipped(index, path, reason(path, e), false, Hold.Kind.MISSING));
    } catch (ForeignLinkException e) {
      skipped.add(
          new Skipped(index, path, String.valueOf(e.getMessage()), false, Hold.Kind.MISSING));
    }
  }

  private Opened lookedAt(int index, Source source, int descriptor) throws IOException {
    try {
      return new Opened(
          index,
          source,
          descriptor,
          posix.stat(descriptor),
          SourceOverlap.ancestors(posix, descriptor));
    } catch (IOException | RuntimeException e) {
      posix.close(descriptor);
      throw e;
    }
  }

  /** The parents as the operator wrote them; the last name must be a directory itself. */
  private int openBelowParent(FilePath path) throws IOException {
    int parent = OperatorPath.open(posix, path.above());
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

  private List<SourceRoot> roots(
      List<Opened> opened,
      Stat target,
      Set<FilePath> others,
      Set<FilePath> former,
      LostMounts.Expected mounts)
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
      LostMounts lost = LostMounts.find(posix, one.source(), tree, mounts);
      boundaries.addAll(lost.there());
      List<FilePath> unjudged = new ArrayList<>(others(one.source(), others, former));
      for (FilePath beyond : beyond(one, tree, former, mounts.former())) {
        unjudged.add(beyond);
        Stat there = seen(tree, beyond);
        if (there != null) {
          boundaries.add(there);
        }
      }
      unjudged.addAll(lost.paths());
      roots.add(
          new SourceRoot(
              one.index(),
              path,
              one.descriptor(),
              one.stat(),
              tree,
              new ListingReader(
                  posix,
                  clock,
                  one.source().filter(),
                  one.source().omissions(),
                  one.stat(),
                  boundaries,
                  problems),
              problems,
              lost,
              one.source().omissions().oneFileSystem() ? Set.of() : mounts.former(),
              List.copyOf(unjudged)));
    }
    return roots;
  }

  /** The other sources, and former ones that a rule keeps the walk of this one out of. */
  private static List<FilePath> others(Source source, Set<FilePath> others, Set<FilePath> former) {
    Set<FilePath> all = new HashSet<>(others);
    former.stream()
        .filter(path -> source.path().contains(path) && SourceOverlap.isExcluded(source, path))
        .forEach(all::add);
    all.remove(source.path());
    return List.copyOf(all);
  }

  /** Former sources on other file systems, now or when stored, if this one leaves these out. */
  private static List<FilePath> beyond(
      Opened one, DirectoryTree tree, Set<FilePath> former, Set<FilePath> mounts)
      throws IOException {
    List<FilePath> beyond = new ArrayList<>();
    if (one.source().omissions().oneFileSystem()) {
      for (FilePath path : former) {
        if (one.source().path().contains(path) && isBeyond(one, tree, path, mounts)) {
          beyond.add(path);
        }
      }
    }
    return beyond;
  }

  private static boolean isBeyond(
      Opened one, DirectoryTree tree, FilePath path, Set<FilePath> mounts) throws IOException {
    for (FilePath at = path; !at.equals(one.source().path()); at = at.above()) {
      Stat there = seen(tree, at);
      if (mounts.contains(at)
          || (there != null && there.isDirectory() && OmissionPass.isBeyond(there, one.stat()))) {
        return true;
      }
    }
    return false;
  }

  /** Null also for what cannot be looked at: that is the scan's to tell. */
  private static @Nullable Stat seen(DirectoryTree tree, FilePath path) throws IOException {
    try {
      return tree.statOrNull(path);
    } catch (PosixException e) {
      return null;
    }
  }
}
