package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Contents.Place;
import org.deferredsync.catalogue.Pending.Kind;
import org.deferredsync.catalogue.Pending.Operation;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.snapshot.FilePath;

/**
 * Finds the files of ours that may hold a content: in staging while its publishing is pending, in
 * the mirror, in increments. Which of them does is for the hash to say.
 */
final class ContentFinder implements AutoCloseable {
  private final Posix posix;
  private final Target target;
  private final Catalogue catalogue;
  private final List<Operation> pending;
  private final Map<String, DirectoryTree> increments = new HashMap<>();
  private final List<Integer> descriptors = new ArrayList<>();

  ContentFinder(TargetReader reader) {
    this.posix = reader.posix();
    this.target = reader.target();
    this.catalogue = reader.catalogue();
    this.pending = reader.pending();
  }

  /** A place where a content may be: to be opened, or to be named in a message. */
  interface Candidate {
    /** Opens the file to read; ENOENT if it is not there. */
    int open() throws IOException;

    /** Its path below the target, printable. */
    String name();
  }

  /** All places of the content, the likeliest first. */
  List<Candidate> candidates(long content) throws IOException {
    List<Candidate> candidates = new ArrayList<>();
    List<FilePath> paths = catalogue.entries().pathsOf(content);
    for (FilePath path : paths) {
      addStaged(path, candidates);
    }
    for (FilePath path : paths) {
      candidates.add(candidate(path.toString(), () -> open(target.mirror(), path)));
    }
    for (Place place : catalogue.contents().placesOf(content)) {
      candidates.add(
          candidate(
              "/" + place.increment() + place.path(),
              () -> open(increment(place.increment()), place.path())));
    }
    return candidates;
  }

  private void addStaged(FilePath path, List<Candidate> candidates) {
    for (Operation operation : pending) {
      String staged = operation.staged();
      if (staged == null) {
        continue;
      }
      if (operation.kind() == Kind.PUT && operation.path().equals(path)) {
        candidates.add(candidate("staging/" + staged, () -> openStaged(staged)));
      } else if (operation.kind() == Kind.PUT_DIRECTORY && operation.path().equals(path.parent())) {
        candidates.add(candidate("staging/" + staged, () -> openStaged(staged, path.name())));
      }
    }
  }

  private interface Opening {
    int open() throws IOException;
  }

  private static Candidate candidate(String name, Opening opening) {
    return new Candidate() {
      @Override
      public int open() throws IOException {
        return opening.open();
      }

      @Override
      public String name() {
        return name;
      }
    };
  }

  private int open(DirectoryTree tree, FilePath path) throws IOException {
    FilePath parent = path.parent();
    if (parent == null) {
      throw new PosixException(Errno.EISDIR, "openat", path.toString());
    }
    return posix.openFile(tree.open(parent), path.name());
  }

  private int openStaged(String name) throws IOException {
    int staging = posix.openDirectory(target.own(), Target.STAGING);
    try {
      return posix.openFile(staging, Stager.bytes(name));
    } finally {
      posix.close(staging);
    }
  }

  private int openStaged(String directory, byte[] name) throws IOException {
    int staging = posix.openDirectory(target.own(), Target.STAGING);
    try {
      int inner = posix.openDirectory(staging, Stager.bytes(directory));
      try {
        return posix.openFile(inner, name);
      } finally {
        posix.close(inner);
      }
    } finally {
      posix.close(staging);
    }
  }

  private DirectoryTree increment(String name) throws IOException {
    DirectoryTree tree = increments.get(name);
    if (tree == null) {
      int descriptor = Increment.open(posix, target, name);
      descriptors.add(descriptor);
      tree = new DirectoryTree(posix, descriptor, FilePath.ROOT, true);
      increments.put(name, tree);
    }
    return tree;
  }

  @Override
  public void close() throws IOException {
    for (DirectoryTree tree : increments.values()) {
      tree.close();
    }
    for (int descriptor : descriptors) {
      posix.close(descriptor);
    }
  }
}
