package org.deferredsync.backup;

import java.io.IOException;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.deferredsync.backup.ContentFinder.Candidate;
import org.deferredsync.backup.FileCopy.Reading;
import org.deferredsync.backup.Snapshot.Node;
import org.deferredsync.catalogue.Contents.Content;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Writes paths of a snapshot into an empty directory, each file checked against its hash while it
 * is copied. Follows no link, writes nothing outside that directory, and goes on after a path that
 * fails.
 */
public final class Restorer {
  private final Snapshot snapshot;
  private final Posix posix;
  private final FileCopy copy;
  private final Metadata metadata;
  private final Logger log;
  private long files;
  private long directories;
  private long bytes;
  private long failed;

  public Restorer(Snapshot snapshot, Clock clock, Logger log) {
    this.snapshot = snapshot;
    this.posix = snapshot.reader().posix();
    this.copy = new FileCopy(posix, clock);
    this.metadata = Metadata.ofRestore(posix, new Unkept(log, "what was restored"));
    this.log = log;
  }

  /** What was brought back, and how many paths were not. */
  public record Result(long files, long directories, long bytes, long failed) {}

  /**
   * Restores {@code paths} below {@code to}, which is made if it does not exist: a single one as
   * its last name, several as their full paths.
   *
   * @throws BackupException if a path is not in the snapshot or {@code to} is not empty; nothing is
   *     written then
   */
  public Result restore(List<FilePath> paths, FilePath to) throws BackupException, IOException {
    List<Node> nodes = new ArrayList<>();
    List<FilePath> distinct = paths.stream().distinct().toList();
    for (FilePath path : distinct) {
      Optional<Node> node = snapshot.find(path);
      if (node.isEmpty()) {
        throw snapshot.missing(path);
      }
      boolean covered =
          paths.stream().anyMatch(other -> !other.equals(path) && other.contains(path));
      if (!covered && nodes.stream().noneMatch(other -> other.path().equals(path))) {
        nodes.add(node.get());
      }
    }
    int root = openEmpty(to);
    try (DirectoryTree tree = new DirectoryTree(posix, root, FilePath.ROOT, false);
        ContentFinder finder = snapshot.contents()) {
      for (Node node : nodes) {
        if (isBelowAnother(node.path(), distinct)) {
          continue;
        }
        FilePath at =
            paths.size() == 1 && !node.path().isRoot()
                ? FilePath.ROOT.child(node.path().name())
                : node.path();
        FilePath parent = at.parent();
        if (parent != null) {
          tree.openOrMake(parent);
        }
        tree(node, at, tree, finder);
      }
    } finally {
      posix.close(root);
    }
    return new Result(files, directories, bytes, failed);
  }

  /** Restored with the other, at the same place. */
  private static boolean isBelowAnother(FilePath path, List<FilePath> paths) {
    return paths.stream().anyMatch(other -> !other.equals(path) && other.contains(path));
  }

  private int openEmpty(FilePath to) throws BackupException, IOException {
    FilePath parentPath = to.parent();
    if (parentPath == null) {
      throw BackupException.failure("/: not empty; restore into a directory of its own");
    }
    int parent;
    try {
      parent = posix.openPath(parentPath.bytes());
    } catch (PosixException e) {
      throw BackupException.failure(parentPath + ": " + e.errno().text() + "; make it first");
    }
    try {
      checkOutside(parent, to);
      posix.makeDirectory(parent, to.name(), 0700);
    } catch (PosixException e) {
      if (!e.is(Errno.EEXIST)) {
        throw BackupException.failure(
            to + ": cannot be made: " + e.errno().text() + "; restore elsewhere");
      }
    } finally {
      posix.close(parent);
    }
    int root;
    try {
      root = posix.openPath(to.bytes());
    } catch (PosixException e) {
      throw BackupException.failure(
          to + ": " + e.errno().text() + "; restore into an empty or a new directory");
    }
    try {
      checkOutside(root, to);
      List<byte[]> names = new ArrayList<>();
      posix.list(root, entry -> names.add(entry.name()));
      if (!names.isEmpty()) {
        throw BackupException.failure(to + ": not empty; restore into an empty or a new directory");
      }
      return root;
    } catch (BackupException | IOException | RuntimeException e) {
      posix.close(root);
      throw e;
    }
  }

  /** What is restored into the target would be taken for a part of the mirror. */
  private void checkOutside(int directory, FilePath to) throws BackupException, IOException {
    Target target = snapshot.reader().target();
    Stat targetStat = posix.stat(target.root());
    for (Stat above : SourceGround.ancestors(posix, directory)) {
      if (above.sameObject(targetStat)) {
        throw BackupException.failure(
            to + ": lies in the target " + target.path() + "; restore elsewhere");
      }
    }
  }

  /** A directory is done when all below it is: only then does it get its own mode and time. */
  private record Step(Node node, FilePath at, boolean finish) {}

  private void tree(Node top, FilePath topAt, DirectoryTree tree, ContentFinder finder)
      throws IOException {
    Deque<Step> steps = new ArrayDeque<>();
    steps.push(new Step(top, topAt, false));
    while (!steps.isEmpty()) {
      Step step = steps.pop();
      try {
        if (!step.node().isDirectory()) {
          other(step.node(), step.at(), tree, finder);
        } else if (step.finish()) {
          finishDirectory(step.node(), step.at(), tree);
        } else {
          tree.openOrMake(step.at());
          directories++;
          steps.push(new Step(step.node(), step.at(), true));
          for (Node child : snapshot.children(step.node().path())) {
            steps.push(new Step(child, step.at().child(child.path().name()), false));
          }
        }
      } catch (PosixException e) {
        fail(step.node().path(), e.getMessage());
        stopIfFull(e);
      }
    }
  }

  private static void stopIfFull(PosixException e) throws PosixException {
    if (e.is(Errno.ENOSPC) || e.is(Errno.EDQUOT) || e.is(Errno.EROFS) || e.is(Errno.EIO)) {
      throw e;
    }
  }

  private void fail(FilePath path, @Nullable String why) {
    failed++;
    log.error("{}: not restored: {}", path, why);
  }

  private void finishDirectory(Node node, FilePath at, DirectoryTree tree) throws IOException {
    Version version = node.version();
    FilePath parent = at.parent();
    if (version != null && parent != null) {
      int directory = tree.open(parent);
      metadata.set(directory, at.name(), node.path(), version, attributes(version));
    }
  }

  private ExtendedAttributes attributes(Version version) throws IOException {
    return snapshot.reader().catalogue().xattrs().find(version.xattr());
  }

  private void other(Node node, FilePath at, DirectoryTree tree, ContentFinder finder)
      throws IOException {
    Version version = node.version();
    FilePath parent = at.parent();
    if (version == null || parent == null) {
      throw new IllegalStateException("only directories are without a version");
    }
    int directory = tree.open(parent);
    if (version.type() == FileType.FILE) {
      if (!file(node.path(), version, directory, at.name(), finder)) {
        return;
      }
    } else if (version.type() == FileType.SYMLINK) {
      byte[] link = version.linkTarget();
      posix.makeSymlink(directory, at.name(), link == null ? new byte[0] : link);
    } else {
      posix.makeNode(directory, at.name(), (version.mode() & ~07777) | 0600, version.rdev());
    }
    files++;
    metadata.set(directory, at.name(), node.path(), version, attributes(version));
  }

  /** Tries every place of the content, and all of them once more: a run may just have moved it. */
  private boolean file(
      FilePath path, Version version, int directory, byte[] name, ContentFinder finder)
      throws IOException {
    Long id = version.content();
    Optional<Content> content =
        id == null ? Optional.empty() : snapshot.reader().catalogue().contents().find(id);
    if (id == null || content.isEmpty()) {
      fail(path, "the catalogue has no content for it");
      return false;
    }
    List<String> tried = new ArrayList<>();
    for (int round = 0; round < 2; round++) {
      for (Candidate candidate : finder.candidates(id)) {
        if (copyFrom(candidate, content.get(), directory, name)) {
          bytes += version.size();
          return true;
        }
        tried.add(candidate.name());
      }
    }
    fail(
        path,
        "no file in the target has its bytes (SHA-256 "
            + content.get().hash()
            + "); looked at "
            + String.join(", ", tried.stream().distinct().toList()));
    return false;
  }

  private boolean copyFrom(Candidate candidate, Content content, int directory, byte[] name)
      throws IOException {
    int from;
    try {
      from = candidate.open();
    } catch (PosixException e) {
      return false; // absent, or no file any more: another place may have it
    }
    try {
      int to = posix.createFile(directory, name, 0600);
      boolean good = false;
      try {
        Reading reading = copy.read(from, to);
        good = reading.hash().equals(content.hash());
      } catch (SourceException e) {
        log.warn("{}: {}", candidate.name(), e.reason().getMessage());
      } finally {
        posix.close(to);
        if (!good) {
          posix.unlink(directory, name);
        }
      }
      return good;
    } finally {
      posix.close(from);
    }
  }
}
