package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Contents;
import org.deferredsync.catalogue.History;
import org.deferredsync.catalogue.History.Dated;
import org.deferredsync.catalogue.InodeNumbers;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.logging.Progress;
import org.deferredsync.snapshot.ContentHash;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.Evidence;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Makes up, from what lies in mirror and increments, the rows that no manifest tells of. What is
 * found counts as having been there for as long as nothing says otherwise: rather too much is
 * restored than too little.
 */
final class Reconciler implements AutoCloseable {
  private static final int PAGE = 1000;

  private final Posix posix;
  private final Target target;
  private final Catalogue catalogue;
  private final ContentDigest digest;
  private final FileCopy reading;
  private final Progress progress;
  private final Logger log;
  private final long first;
  private final long last;
  private final InodeNumbers contentOf = InodeNumbers.open();
  private final InodeNumbers groupOf = InodeNumbers.open();
  private final NavigableMap<Long, DirectoryTree> increments = new TreeMap<>();
  private final List<Integer> descriptors = new ArrayList<>();
  private long lastContent;
  private long lastGroup;
  private long found;

  /**
   * @param first the earliest run whose rows may be lacking
   * @param last the latest one
   */
  Reconciler(Engine engine, Target target, Catalogue catalogue, Logger log, long first, long last)
      throws IOException {
    this.posix = engine.posix();
    this.target = target;
    this.catalogue = catalogue;
    this.digest = ContentDigest.beside();
    this.reading = new FileCopy(posix, engine.clock(), engine.progress(), digest);
    this.progress = engine.progress();
    this.log = log;
    this.first = first;
    this.last = last;
    this.lastContent = catalogue.contents().lastId();
    // A run takes its own id times 2^32 for its groups: these are in between.
    this.lastGroup = (last << 32) + (1L << 31);
  }

  /** How many versions were found that no manifest tells of. */
  long found() {
    return found;
  }

  /** Opens the increment of a run, if it is there; to be called for all before any is taken. */
  void open(long run, String name) throws IOException {
    int descriptor;
    try {
      descriptor = Increment.open(posix, target, name);
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        return;
      }
      throw e;
    }
    descriptors.add(descriptor);
    increments.put(run, new DirectoryTree(posix, descriptor, FilePath.ROOT, true));
  }

  /** Takes what lies in the increment of the run; to be called for all of them in their order. */
  void increment(long run, String name, Collection<FilePath> sources) throws IOException {
    DirectoryTree tree = increments.get(run);
    if (tree == null) {
      return;
    }
    long before = found;
    for (FilePath source : sources) {
      Stat stat = tree.statOrNull(source);
      if (stat != null) {
        displaced(run, tree, source, stat);
      }
    }
    if (found > before) {
      log.warn(
          "{}: {} versions are known by their files alone; what else there was in the runs before"
              + " it, and what was not there, is not known.",
          name,
          found - before);
    }
  }

  private void displaced(long run, DirectoryTree tree, FilePath path, Stat stat)
      throws IOException {
    if (stat.isDirectory()) {
      if (wasReplaced(run, path)) {
        pastDirectory(run, tree, path, stat);
      }
      for (byte[] name : names(tree.open(path))) {
        FilePath child = path.child(name);
        Stat below = tree.statOrNull(child);
        if (below != null) {
          displaced(run, tree, child, below);
        }
      }
    } else {
      Optional<Contents.Held> held = catalogue.contents().heldIn(run, path);
      if (held.isEmpty()) {
        pastFile(run, tree, path, stat);
      } else if (!held.get().unknown()) {
        toldFile(run, tree, path, stat, held.get().content());
      }
    }
  }

  /** A file of which it is told that it was displaced, but perhaps not what had come before. */
  private void toldFile(
      long run, DirectoryTree tree, FilePath path, Stat stat, @Nullable Long content)
      throws IOException {
    Optional<Long> since = freeBefore(path, run);
    if (since.isPresent() && stat.isRegular() == (content != null)) {
      addPast(path, since.get(), run, versionOf(tree, path, stat, groupIfAny(stat), content));
    }
  }

  /**
   * Whether the path of a directory was none any more, as the mirror or a later increment shows.
   */
  private boolean wasReplaced(long run, FilePath path) throws IOException {
    Stat mirror = target.mirror().statOrNull(path);
    if (mirror == null || !mirror.isDirectory()) {
      return true;
    }
    for (DirectoryTree later : increments.tailMap(run, false).values()) {
      Stat stat = later.statOrNull(path);
      if (stat != null && !stat.isDirectory()) {
        return true;
      }
    }
    return false;
  }

  private void pastDirectory(long run, DirectoryTree tree, FilePath path, Stat stat)
      throws IOException {
    Optional<Long> since = freeBefore(path, run);
    if (since.isPresent()) {
      Version version = versionOf(tree, path, stat, null, null);
      catalogue.directories().idOf(path);
      addPast(path, since.get(), run, version);
    }
  }

  private void pastFile(long run, DirectoryTree tree, FilePath path, Stat stat) throws IOException {
    for (Dated known : versions(path)) {
      if (known.since() < run
          && known.until() >= run
          && isStored(tree, path, stat, known.version())) {
        if (known.until() == History.OPEN) {
          catalogue.entries().end(directoryId(path), ManifestRow.nameOf(path), run);
        } else {
          // What was told to end later had come after it.
          catalogue
              .entries()
              .addPast(directoryId(path), known.name(), known.since(), run, known.version());
        }
        catalogue.contents().addPlace(run, path, known.version().content(), false);
        return;
      }
    }
    Optional<Long> since = freeBefore(path, run);
    if (since.isEmpty()) {
      catalogue.contents().addPlace(run, path, null, true);
      return;
    }
    Long content = stat.isRegular() ? contentOf(tree, path, stat) : null;
    addPast(path, since.get(), run, versionOf(tree, path, stat, groupIfAny(stat), content));
    catalogue.contents().addPlace(run, path, content, false);
  }

  /** The run from which on nothing else is known of the path until this one. */
  private Optional<Long> freeBefore(FilePath path, long run) throws IOException {
    long since = first;
    for (Dated known : versions(path)) {
      if (known.until() <= run) {
        since = Math.max(since, known.until());
      } else if (known.since() < run) {
        return Optional.empty();
      }
    }
    return since < run ? Optional.of(since) : Optional.empty();
  }

  private void addPast(FilePath path, long since, long until, Version version) throws IOException {
    found++;
    catalogue.entries().addPast(directoryId(path), ManifestRow.nameOf(path), since, until, version);
  }

  /** Takes what lies in the mirror at and below a source, behind all increments. */
  void mirror(FilePath source) throws IOException {
    long before = found;
    if (!source.isRoot()) {
      Stat root = target.mirror().statOrNull(source);
      Optional<Entry> row = catalogue.entries().find(source);
      if (row.isPresent()) {
        check(source, row.get());
      }
      if (root != null && catalogue.entries().find(source).isEmpty()) {
        addCurrent(source, root);
      }
    }
    if (source.isRoot() || target.mirror().statOrNull(source) != null) {
      catalogue.directories().idOf(source);
    }
    FilePath after = null;
    for (List<History.Directory> one = next(source, after);
        !one.isEmpty();
        one = next(source, after)) {
      after = one.get(0).path();
      checkRows(one.get(0).id(), after);
      addLacking(one.get(0).id(), after);
    }
    if (found > before) {
      log.warn(
          "{}: {} entries are known by what lies in the mirror alone; since when they are as they"
              + " are, is not known.",
          source,
          found - before);
    }
  }

  private List<History.Directory> next(FilePath source, @Nullable FilePath after)
      throws IOException {
    return catalogue.history().directories(source, after, 1);
  }

  private void checkRows(long directory, FilePath path) throws IOException {
    byte[] name = null;
    for (List<Entry> page = catalogue.entries().listAfter(directory, name, PAGE);
        !page.isEmpty();
        page = catalogue.entries().listAfter(directory, name, PAGE)) {
      name = page.get(page.size() - 1).name();
      for (Entry row : page) {
        check(path.child(row.name()), row);
      }
    }
  }

  /** Ends a version that the mirror no longer has, if a run that nothing tells of may have. */
  private void check(FilePath path, Entry row) throws IOException {
    Version version = row.version();
    Stat there = target.mirror().statOrNull(path);
    boolean isRecorded = there == null && isSpecial(version);
    if (isRecorded || (there != null && isStored(target.mirror(), path, there, version))) {
      return;
    }
    for (Map.Entry<Long, DirectoryTree> increment : increments.entrySet()) {
      Stat old = increment.getValue().statOrNull(path);
      if (increment.getKey() > row.since()
          && old != null
          && isStored(increment.getValue(), path, old, version)) {
        catalogue.entries().end(directoryId(path), row.name(), increment.getKey());
        return;
      }
    }
    if (last > row.since()) {
      catalogue.entries().end(directoryId(path), row.name(), last);
    }
  }

  /** What stands in the catalogue alone where the user could not make it. */
  private static boolean isSpecial(Version version) {
    return switch (version.type()) {
      case FILE, SYMLINK, DIRECTORY -> false;
      default -> true;
    };
  }

  private void addLacking(long directory, FilePath path) throws IOException {
    int descriptor;
    try {
      descriptor = target.mirror().open(path);
    } catch (PosixException e) {
      if (e.isGone()) {
        return; // a directory of the past
      }
      throw e;
    }
    for (byte[] name : names(descriptor)) {
      if (path.isRoot() && Target.isOurs(name)) {
        continue;
      }
      FilePath child = path.child(name);
      Stat stat = target.mirror().statOrNull(child);
      if (stat != null && catalogue.entries().find(directory, name).isEmpty()) {
        addCurrent(child, stat);
      }
    }
  }

  private void addCurrent(FilePath path, Stat stat) throws IOException {
    long since = first;
    for (Dated known : versions(path)) {
      since = Math.max(since, known.until());
    }
    DirectoryTree mirror = target.mirror();
    Long content = stat.isRegular() ? contentOf(mirror, path, stat) : null;
    Version version = versionOf(mirror, path, stat, groupIfAny(stat), content);
    Evidence unseen = new Evidence(0, 0, stat.isDirectory() ? 1 : stat.nlink(), true, false);
    if (stat.isDirectory()) {
      catalogue.directories().idOf(path);
    }
    found++;
    catalogue
        .entries()
        .add(directoryId(path), new Entry(ManifestRow.nameOf(path), since, version, unseen));
  }

  private long directoryId(FilePath path) throws IOException {
    return catalogue.directories().idOf(ManifestRow.directoryOf(path));
  }

  private List<Dated> versions(FilePath path) throws IOException {
    return catalogue.history().of(directoryId(path), ManifestRow.nameOf(path));
  }

  private Version versionOf(
      DirectoryTree tree, FilePath path, Stat stat, @Nullable Long group, @Nullable Long content)
      throws IOException {
    int parent = tree.open(ManifestRow.directoryOf(path));
    byte[] link = stat.isSymlink() ? posix.readLink(parent, path.name()) : null;
    ExtendedAttributes attributes = Metadata.attributes(posix, parent, path.name());
    return Versions.of(stat, link, group, content, false)
        .withXattr(catalogue.xattrs().idOf(attributes));
  }

  private @Nullable Long groupIfAny(Stat stat) throws IOException {
    return stat.isRegular() || stat.isDirectory() || stat.nlink() < 2 ? null : groupOf(stat);
  }

  private long groupOf(Stat stat) throws IOException {
    Optional<Long> known = groupOf.find(stat.inode());
    if (known.isPresent()) {
      return known.get();
    }
    groupOf.set(stat.inode(), ++lastGroup);
    return lastGroup;
  }

  private long contentOf(DirectoryTree tree, FilePath path, Stat stat) throws IOException {
    if (stat.nlink() > 1) {
      Optional<Long> known = contentOf.find(stat.inode());
      if (known.isPresent()) {
        return known.get();
      }
    }
    ContentHash hash = hash(tree, path);
    progress.advance(1, 0);
    catalogue.contents().add(++lastContent, hash, stat.size(), 0);
    if (stat.nlink() > 1) {
      contentOf.set(stat.inode(), lastContent);
    }
    return lastContent;
  }

  private ContentHash hash(DirectoryTree tree, FilePath path) throws IOException {
    int file = posix.openFile(tree.open(ManifestRow.directoryOf(path)), path.name());
    try {
      return reading.read(file, -1).hash();
    } catch (SourceException e) {
      throw new IOException(
          path + ": " + e.getMessage() + "; rebuild again when it can be read", e);
    } finally {
      posix.close(file);
    }
  }

  /** Whether an object is the stored one; the bytes decide where the time does not. */
  private boolean isStored(DirectoryTree tree, FilePath path, Stat there, Version version)
      throws IOException {
    if (FileType.ofMode(there.mode()) != version.type()) {
      return false;
    }
    Long content = version.content();
    return switch (version.type()) {
      case FILE ->
          there.size() == version.size()
              && content != null
              && (there.mtimeNs() == version.mtimeNs()
                  || catalogue
                      .contents()
                      .find(content)
                      .orElseThrow()
                      .hash()
                      .equals(hash(tree, path)));
      case SYMLINK ->
          Arrays.equals(
              version.linkTarget(),
              posix.readLink(tree.open(ManifestRow.directoryOf(path)), path.name()));
      default -> true;
    };
  }

  private List<byte[]> names(int directory) throws IOException {
    List<byte[]> names = new ArrayList<>();
    posix.list(directory, entry -> names.add(entry.name()));
    return names;
  }

  @Override
  public void close() throws IOException {
    for (DirectoryTree tree : increments.values()) {
      tree.close();
    }
    for (int descriptor : descriptors) {
      posix.close(descriptor);
    }
    digest.close();
    contentOf.close();
    groupOf.close();
  }
}
