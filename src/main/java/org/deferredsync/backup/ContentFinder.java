package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.deferredsync.catalogue.Contents.Place;
import org.deferredsync.catalogue.Pending.Kind;
import org.deferredsync.catalogue.Pending.Operation;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;

/**
 * Finds the files of ours that may hold a content: in staging while its publishing is pending, in
 * the mirror, in increments. Which of them does is for the hash to say. Used by one thread; several
 * may have one each over the same reader.
 */
final class ContentFinder implements AutoCloseable {
  private static final String STAGED = "/" + Target.OWN + "/staging/";
  private final Posix posix;
  private final Target target;
  private final TargetReader reader;
  private final DirectoryTree mirror;
  private final Map<FilePath, String> staged = new HashMap<>();
  private final Map<FilePath, String> stagedDirectories = new HashMap<>();
  private final Map<String, DirectoryTree> increments = new HashMap<>();
  private final List<Integer> descriptors = new ArrayList<>();
  private boolean pending;
  private @Nullable List<String> newer;

  ContentFinder(TargetReader reader) {
    this.posix = reader.posix();
    this.target = reader.target();
    this.reader = reader;
    this.mirror = new DirectoryTree(posix, target.root(), FilePath.ROOT, true);
    take(reader.pending());
  }

  private void take(List<Operation> operations) {
    pending = !operations.isEmpty();
    staged.clear();
    stagedDirectories.clear();
    for (Operation operation : operations) {
      String name = operation.staged();
      if (name != null) {
        (operation.kind() == Kind.PUT ? staged : stagedDirectories).put(operation.path(), name);
      }
    }
  }

  /** Whether anything was committed and perhaps not published when that was looked at last. */
  boolean isPending() {
    return pending;
  }

  /** A place where a content may be: to be opened, or to be named in a message. */
  interface Candidate {
    /** Opens the file to read; ENOENT if it is not there. */
    int open() throws IOException;

    /** Its path, printable. */
    String name();
  }

  /** The one place of what the mirror should have at {@code path}, found without asking anybody. */
  Candidate inMirror(FilePath path) {
    return candidate(path::toString, () -> open(mirror, path));
  }

  /** All places where the content may be, the likeliest first. */
  List<Candidate> candidates(long content) throws IOException {
    return withNewer(content, known(content));
  }

  /** The same after what a run may have committed since: that lies in staging, or was published. */
  List<Candidate> candidatesNow(long content) throws IOException {
    return withNewer(content, knownNow(content));
  }

  private List<Candidate> withNewer(long content, List<Candidate> candidates) throws IOException {
    for (String unknown : newerIncrements()) {
      for (FilePath path : paths(content)) {
        candidates.add(candidate(() -> "/" + unknown + path, () -> open(increment(unknown), path)));
      }
    }
    return candidates;
  }

  private List<FilePath> paths(long content) throws IOException {
    synchronized (reader) {
      return reader.catalogue().entries().pathsOf(content);
    }
  }

  /** All places where the content is by the catalogue, the likeliest first. */
  List<Candidate> known(long content) throws IOException {
    return known(content, false);
  }

  /** The same after what a run may have committed since. */
  List<Candidate> knownNow(long content) throws IOException {
    return known(content, true);
  }

  private List<Candidate> known(long content, boolean now) throws IOException {
    List<FilePath> paths;
    List<Place> places;
    synchronized (reader) {
      paths = reader.catalogue().entries().pathsOf(content);
      places = reader.catalogue().contents().placesOf(content);
      if (now) {
        // Behind the paths: what was published between is there, what was not is in staging.
        take(reader.catalogue().pending().list());
      }
    }
    List<Candidate> candidates = new ArrayList<>();
    for (FilePath path : paths) {
      addStaged(path, candidates);
    }
    for (FilePath path : paths) {
      candidates.add(inMirror(path));
    }
    for (Place place : places) {
      candidates.add(
          candidate(
              () -> "/" + place.increment() + place.path(),
              () -> open(increment(place.increment()), place.path())));
    }
    return candidates;
  }

  /**
   * Increments that the catalogue does not know, oldest first. In a copy on another host that a
   * push is bringing up to date, or was when it was cut short, they hold what the catalogue there
   * still looks for in the mirror.
   */
  private List<String> newerIncrements() throws IOException {
    List<String> found = newer;
    if (found == null) {
      Set<String> known = new HashSet<>();
      synchronized (reader) {
        reader.catalogue().runs().list().forEach(run -> known.add(String.valueOf(run.increment())));
      }
      found =
          Increment.names(posix, target).stream()
              .filter(name -> !known.contains(name))
              .sorted()
              .toList();
      newer = found;
    }
    return found;
  }

  private void addStaged(FilePath path, List<Candidate> candidates) {
    String own = staged.get(path);
    if (own != null) {
      candidates.add(candidate(() -> STAGED + own, () -> openStaged(own, List.of())));
    }
    List<byte[]> names = new ArrayList<>();
    FilePath above = path;
    while (!stagedDirectories.isEmpty() && above != null) {
      String name = stagedDirectories.get(above);
      if (name != null && !names.isEmpty()) {
        List<byte[]> below = List.copyOf(names);
        candidates.add(candidate(() -> STAGED + name, () -> openStaged(name, below)));
      }
      if (!above.isRoot()) {
        names.add(0, above.name());
      }
      above = above.parent();
    }
  }

  private interface Opening {
    int open() throws IOException;
  }

  /**
   * @param below its path below the target
   */
  private Candidate candidate(Supplier<String> below, Opening opening) {
    return new Candidate() {
      @Override
      public int open() throws IOException {
        return opening.open();
      }

      @Override
      public String name() {
        return target.path() + below.get();
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

  /** Opens a staged file, or one at {@code below} in a staged directory. */
  private int openStaged(String name, List<byte[]> below) throws IOException {
    int directory = posix.openDirectory(target.own(), Target.STAGING);
    byte[] last = Stager.bytes(name);
    try {
      for (byte[] next : below) {
        int inner = posix.openDirectory(directory, last);
        posix.close(directory);
        directory = inner;
        last = next;
      }
      return posix.openFile(directory, last);
    } finally {
      posix.close(directory);
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
    mirror.close();
    for (DirectoryTree tree : increments.values()) {
      tree.close();
    }
    for (int descriptor : descriptors) {
      posix.close(descriptor);
    }
  }
}
