package org.deferredsync.backup;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.deferredsync.backup.PushSource.Changes;
import org.deferredsync.catalogue.Remotes.Touched;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.jspecify.annotations.Nullable;

/**
 * Sorts the names that changed by what a push has to do about them, looking at each of them on
 * disk.
 */
final class PushChanges implements AutoCloseable {
  private final Posix posix;
  private final OpenTarget open;
  private final String treeName;
  private final Map<String, ByteArrayOutputStream> increments = new TreeMap<>();
  private final Set<FilePath> contents = new LinkedHashSet<>();
  private final Set<FilePath> moved = new LinkedHashSet<>();
  private final Set<FilePath> metadata = new LinkedHashSet<>();

  /** Directories that get another time when a name comes to them, and then their own again. */
  private final Set<FilePath> parents = new LinkedHashSet<>();

  private final Set<FilePath> removed = new LinkedHashSet<>();
  private final Set<FilePath> gone = new HashSet<>();
  private final Map<Long, String> names = new LinkedHashMap<>();
  private @Nullable MovedTree tree;
  private long bytes;

  /**
   * @param treeName of the tree of what moved, if something did; no other has it
   */
  PushChanges(Posix posix, OpenTarget open, String treeName) {
    this.posix = posix;
    this.open = open;
    this.treeName = treeName;
  }

  Changes collect(List<Touched> touched) throws IOException {
    for (Run run : open.catalogue().runs().list()) {
      String increment = run.increment();
      if (increment != null) {
        names.put(run.id(), increment);
      }
    }
    List<Touched> there = new ArrayList<>();
    for (Touched one : touched) {
      if (one.run() != 0) {
        inIncrement(one);
      } else if (look(one.path()) == null) {
        gone(one);
      } else {
        there.add(one);
      }
    }
    for (Touched one : there) {
      inMirror(one);
    }
    metadata.removeAll(contents);
    metadata.removeAll(moved);
    metadata.addAll(parents);
    Map<String, byte[]> lists = new TreeMap<>();
    increments.forEach((name, list) -> lists.put(name, list.toByteArray()));
    String place = tree == null ? "" : tree.path().toString();
    return new Changes(
        lists, list(contents), list(moved), place, list(metadata), list(removed), bytes);
  }

  private void gone(Touched one) throws IOException {
    if (remove(one.path()) && one.contents() == 1) {
      gone.add(one.path()); // and was there before, as it last was
    }
  }

  private void inMirror(Touched one) throws IOException {
    Stat stat = posix.stat(open.target().mirror().open(one.path().above()), one.path().name());
    if (stat.isDirectory()) {
      contents.add(one.path()); // beside files, for which a connection is made anyway
      if (one.contents() > 0) {
        filesIn(one.path());
      }
    } else if (one.contents() == 0 && stat.isRegular()) {
      metadata.add(one.path());
    } else if (!stat.isRegular() || !move(one.path(), stat)) {
      contents.add(one.path());
      bytes += stat.isRegular() ? stat.size() : 0;
      withLinks(one.path(), stat);
    }
  }

  /** A new directory came with the files in it. */
  private void filesIn(FilePath path) throws IOException {
    List<byte[]> files = new ArrayList<>();
    int directory = open.target().mirror().open(path);
    posix.list(directory, entry -> files.add(entry.name()));
    for (byte[] name : files) {
      FilePath file = path.child(name);
      Stat stat = posix.stat(open.target().mirror().open(path), name);
      if (!stat.isDirectory() && !metadata.contains(file) && !move(file, stat)) {
        metadata.add(file);
      }
    }
  }

  /** A file whose old name is gone needs no bytes, if the host had it under that. */
  private boolean move(FilePath path, Stat stat) throws IOException {
    if (moved.contains(path)) {
      return true;
    } else if (gone.isEmpty() || !stat.isRegular()) {
      return false;
    }
    Optional<Entry> entry = open.catalogue().entries().find(path);
    Long content = entry.isEmpty() ? null : entry.get().version().content();
    if (content != null && open.catalogue().entries().pathsOf(content).size() == 1) {
      for (FilePath former : open.catalogue().entries().formerPathsOf(content)) {
        if (gone.contains(former)) {
          return move(former, path);
        }
      }
    }
    return false;
  }

  private boolean move(FilePath from, FilePath to) throws IOException {
    MovedTree links = tree;
    if (links == null) {
      links = MovedTree.make(posix, open.target(), treeName);
      tree = links;
    }
    if (!links.add(from, to)) {
      return false;
    }
    moved.add(from);
    moved.add(to);
    for (FilePath path : List.of(from, to)) {
      FilePath above = path.above();
      while (!above.isRoot() && look(above) == null) {
        above = above.above();
      }
      if (!above.isRoot()) {
        parents.add(above);
      }
    }
    return true;
  }

  /** A name that came to a file that was there is a link only beside the others. */
  private void withLinks(FilePath path, Stat stat) throws IOException {
    if (stat.isRegular() && stat.nlink() > 1) {
      var entry = open.catalogue().entries().find(path);
      if (entry.isPresent() && entry.get().version().content() != null) {
        long content = entry.get().version().content();
        for (FilePath other : open.catalogue().entries().pathsOf(content)) {
          contents.add(other);
        }
      }
    }
  }

  private void inIncrement(Touched one) throws IOException {
    String name = names.get(one.run());
    if (name == null) {
      return; // the increment is gone whole, which its own name tells
    }
    FilePath path = FilePath.ROOT.child(Stager.bytes(name));
    for (byte[] component : one.path().names()) {
      path = path.child(component);
    }
    if (look(path) == null) {
      remove(path);
    } else {
      ByteArrayOutputStream list =
          increments.computeIfAbsent(name, key -> new ByteArrayOutputStream());
      write(one.path(), list);
    }
  }

  /** The topmost name above it that is gone goes, with all below. */
  private boolean remove(FilePath path) throws IOException {
    FilePath topmost = path;
    FilePath above = path.parent();
    while (above != null && !above.isRoot() && look(above) == null) {
      topmost = above;
      above = above.parent();
    }
    Stat stays = above == null || above.isRoot() ? null : look(above);
    boolean there = stays == null || stays.isDirectory();
    if (there) {
      removed.add(topmost);
    } // else what took the directory's place did away with all in it
    return there;
  }

  private @Nullable Stat look(FilePath path) throws IOException {
    try {
      return posix.stat(open.target().mirror().open(path.above()), path.name());
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT) || e.is(Errno.ENOTDIR) || e.is(Errno.ELOOP)) {
        return null; // a directory on the way gave way to something else
      }
      throw e;
    }
  }

  private byte[] list(Set<FilePath> paths) {
    ByteArrayOutputStream list = new ByteArrayOutputStream();
    paths.forEach(path -> write(path, list));
    return list.toByteArray();
  }

  private void write(FilePath path, ByteArrayOutputStream list) {
    byte[] text = path.bytes();
    list.write(text, 1, text.length - 1);
    list.write(0);
  }

  @Override
  public void close() throws IOException {
    if (tree != null) {
      tree.close();
    }
  }
}
