package org.deferredsync.backup;

import java.io.IOException;
import org.deferredsync.backup.FileMaker.Made;
import org.deferredsync.backup.RestoreStep.Begin;
import org.deferredsync.backup.RestoreStep.Data;
import org.deferredsync.backup.RestoreStep.Drop;
import org.deferredsync.backup.RestoreStep.End;
import org.deferredsync.backup.RestoreStep.Enter;
import org.deferredsync.backup.RestoreStep.Leave;
import org.deferredsync.backup.RestoreStep.Link;
import org.deferredsync.backup.RestoreStep.Node;
import org.deferredsync.backup.SnapshotWalk.Found;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * Carries the steps of a restore out in a directory that was empty, one after the other. A path
 * that fails is named, and what is below it with it; the others go on. Used by one thread.
 */
final class RestoreWriter implements RestoreQueue.Worker {
  private final Posix posix;
  private final DirectoryTree tree;
  private final Metadata metadata;
  private final FileMaker maker;
  private final ContentReader again;
  private final Restoration done;
  private final boolean root;
  private @Nullable Begin begun;
  private @Nullable Made made;
  private @Nullable FilePath lost;

  /**
   * @param again reads what cannot be linked after all
   */
  RestoreWriter(
      Posix posix, DirectoryTree tree, Metadata metadata, ContentReader again, Restoration done) {
    this.posix = posix;
    this.tree = tree;
    this.metadata = metadata;
    this.maker = new FileMaker(posix, metadata);
    this.again = again;
    this.done = done;
    this.root = posix.effectiveUser() == 0;
  }

  @Override
  public void apply(RestoreStep step) throws IOException {
    if (step instanceof Begin begin) {
      begin(begin);
    } else if (step instanceof Data data) {
      inFile(
          file -> {
            file.data(data.position(), data.bytes(), data.length());
            done.part(data.length());
          });
    } else if (step instanceof End end) {
      inFile(
          file -> {
            file.end(end.size());
            done.file(end.size());
          });
      made = null;
    } else if (step instanceof Drop) {
      inFile(Made::drop);
      made = null;
    } else if (step instanceof Node node) {
      one(node.found().path(), node.at(), () -> node(node.found(), node.at(), node.attributes()));
    } else if (step instanceof Link link) {
      one(link.found().path(), link.at(), () -> link(link));
    } else if (step instanceof Enter enter) {
      one(enter.path(), enter.at(), () -> enter(enter));
    } else if (step instanceof Leave leave) {
      one(leave.path(), leave.at(), () -> leave(leave));
    }
  }

  private interface Action {
    void run() throws IOException;
  }

  private void one(FilePath path, FilePath at, Action action) throws IOException {
    if (isLost(path, at)) {
      return;
    }
    try {
      action.run();
    } catch (PosixException e) {
      done.fail(path, e);
    }
  }

  /** What is below a directory that could not be made; said of that one already. */
  private boolean isLost(FilePath path, FilePath at) {
    FilePath top = lost;
    if (top == null || !top.contains(at)) {
      return false;
    }
    if (!top.equals(at)) {
      done.failBelow(path);
    }
    return true;
  }

  private void enter(Enter enter) throws IOException {
    try {
      if (enter.known()) {
        FilePath parent = enter.at().parent();
        if (parent != null) {
          posix.makeDirectory(tree.open(parent), enter.at().name(), 0700);
        }
      }
      tree.openOrMake(enter.at());
      done.directory();
    } catch (PosixException e) {
      lost = enter.at();
      throw e;
    }
  }

  private void leave(Leave leave) throws IOException {
    FilePath parent = leave.at().parent();
    if (parent != null) {
      metadata.set(
          tree.open(parent), leave.at().name(), leave.path(), leave.version(), leave.attributes());
    }
  }

  private void begin(Begin begin) throws IOException {
    made = null;
    begun = begin;
    one(
        begin.found().path(),
        begin.at(),
        () -> {
          Made file =
              maker.file(
                  directoryOf(begin.at()),
                  begin.at().above(),
                  begin.at().name(),
                  begin.found(),
                  begin.attributes());
          file.begin();
          made = file;
        });
  }

  private interface FileAction {
    void run(Made file) throws IOException;
  }

  /** Nothing, if the file has failed already. */
  private void inFile(FileAction action) throws IOException {
    Made file = made;
    Begin begin = begun;
    if (file == null || begin == null) {
      return;
    }
    try {
      action.run(file);
    } catch (PosixException e) {
      made = null;
      file.drop();
      done.fail(begin.found().path(), e);
    }
  }

  private int directoryOf(FilePath at) throws IOException {
    return tree.open(at.above());
  }

  private void node(Found found, FilePath at, ExtendedAttributes attributes) throws IOException {
    try {
      maker.node(directoryOf(at), at.name(), found, attributes);
      done.file(0);
    } catch (PosixException e) {
      if (root || !e.is(Errno.EPERM)) {
        throw e;
      }
      done.needsRoot(found.path());
    }
  }

  private void link(Link link) throws IOException {
    Found found = link.found();
    byte[] name = link.at().name();
    for (FilePath place : link.places()) {
      Stat there = tree.statOrNull(place);
      if (there != null && isIt(there, found.version())) {
        try {
          int into = directoryOf(link.at());
          posix.link(directoryOf(place), place.name(), into, name);
          if (posix.stat(into, name).sameObject(there)) {
            done.link();
            return;
          }
          posix.unlink(into, name); // another file has taken the place's name
        } catch (PosixException e) {
          if (!NoHardLinksException.leavesCopies(e)) {
            throw e;
          }
          done.separate(found.path(), e);
        }
      }
    }
    if (found.version().type() != FileType.FILE) {
      node(found, link.at(), link.attributes());
      return;
    }
    Made file =
        maker.file(directoryOf(link.at()), link.at().above(), name, found, link.attributes());
    String why = again.read(found, file);
    if (why != null) {
      done.fail(found.path(), why);
    } else {
      done.file(found.version().size());
    }
  }

  /** Made by this restore; its time may be another, where a file system does not keep every one. */
  private static boolean isIt(Stat there, Version wanted) {
    return FileType.ofMode(there.mode()) == wanted.type()
        && (wanted.type() != FileType.FILE || there.size() == wanted.size());
  }

  /** Lets go of a file that was never ended. */
  void abandon() throws IOException {
    Made file = made;
    made = null;
    if (file != null) {
      file.drop();
    }
  }
}
