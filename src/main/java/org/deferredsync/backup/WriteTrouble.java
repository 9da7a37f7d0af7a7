package org.deferredsync.backup;

import java.io.IOException;
import java.nio.file.FileSystemException;
import org.deferredsync.catalogue.CatalogueException;
import org.deferredsync.catalogue.CommitOutcomeUnknownException;
import org.deferredsync.catalogue.DamagedCatalogueException;
import org.deferredsync.catalogue.TemporaryStoreException;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Space;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;

/** Says of a failure where it was, what it is to the operator, and what to do. */
final class WriteTrouble {
  /** With less, the catalogue cannot write a page and what belongs to it. */
  private static final long LITTLE = 256 << 10;

  private static final String NOTHING_LOST = "nothing that was stored is lost, ";
  private static final String NEXT_RUN = "the next run goes on from there";

  private WriteTrouble() {}

  /**
   * The same as {@code failure}, with the target's path and what to do.
   *
   * @param root the target's descriptor, or -1 where it is not open
   */
  static BackupException explain(Posix posix, int root, FilePath target, IOException failure)
      throws IOException {
    return explain(posix, root, target, failure, NEXT_RUN);
  }

  /**
   * The same where something else than the next run goes on.
   *
   * @param then how it goes on
   */
  static BackupException explain(
      Posix posix, int root, FilePath target, IOException failure, String then) throws IOException {
    if (failure instanceof NoHardLinksException) {
      return BackupException.prerequisite("BACKUPTO=" + target + ": " + NoHardLinksException.TEXT);
    }
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof TemporaryStoreException) {
        return failed(
            cause.getMessage()
                + "; make room there, or name another directory in the environment as SQLITE_TMPDIR",
            failure);
      }
    }
    if (failure instanceof DamagedCatalogueException) {
      return failed(String.valueOf(failure.getMessage()), failure);
    }
    if (failure instanceof PosixException refused && refused.is(Errno.EXDEV)) {
      return new BackupException(
          BackupException.Kind.PREREQUISITE,
          "BACKUPTO="
              + target
              + ": something is mounted in it; unmount it and run again: "
              + failure.getMessage(),
          failure);
    }
    String trouble = trouble(posix, root, failure);
    if (trouble == null
        && failure instanceof CatalogueException
        && !(failure instanceof CommitOutcomeUnknownException)) {
      trouble = "its catalogue cannot be read or written";
    }
    if (trouble != null) {
      return failed(
          target + ": " + trouble + " (" + failure.getMessage() + "); " + NOTHING_LOST + then,
          failure);
    }
    if (failure instanceof PosixException) {
      return failed(target + ": " + failure.getMessage() + "; " + NOTHING_LOST + then, failure);
    }
    if (failure instanceof FileSystemException) {
      throw failure; // whose message may be a path alone
    }
    String where = failure instanceof CommitOutcomeUnknownException ? target + ": " : "";
    return failed(where + failure.getMessage(), failure);
  }

  private static BackupException failed(String line, IOException cause) {
    return new BackupException(BackupException.Kind.FAILURE, line, cause);
  }

  /** What ends a restore at a path, what that is to the operator, and what to do. */
  static String ofRestore(Object path, PosixException failure) {
    String remedy =
        switch (failure.errno()) {
          case ENOSPC -> "; make room there";
          case EDQUOT -> "; its quota is used up, make room";
          case EROFS -> "; see why nothing can be written there, its disk may be failing";
          case EIO -> "; a disk fails, see the kernel's log";
          default -> "";
        };
    return path + ": " + failure.getMessage() + remedy + "; what is restored stays, restore again";
  }

  /** Refuses a target that was read-only before anything was done. */
  static BackupException refuse(FilePath target, PosixException failure) throws IOException {
    if (!failure.is(Errno.EROFS)) {
      throw failure;
    }
    return new BackupException(
        BackupException.Kind.PREREQUISITE,
        "BACKUPTO="
            + target
            + ": mounted read-only; see why (its disk may be failing), and mount it to be written",
        failure);
  }

  private static @Nullable String trouble(Posix posix, int root, IOException failure) {
    boolean catalogue = false;
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof PosixException refused) {
        if (refused.is(Errno.EROFS)) {
          return "has become read-only; see why, its disk may be failing";
        }
        if (refused.is(Errno.EDQUOT)) {
          return "its quota is used up; make room";
        }
        if (refused.is(Errno.ENOSPC)) {
          return full(posix, root);
        }
        if (refused.is(Errno.EFBIG)) {
          return "a file is larger than may be written; raise the limit (ulimit -f), or see what its"
              + " file system takes";
        }
        if (refused.is(Errno.EIO)) {
          return "its disk fails; see the kernel's log, verify what it still has, and replace it";
        }
        if (refused.isShortage()) {
          return "the system has no more of what it takes to write there; end what uses most of it";
        }
      }
      catalogue |= cause instanceof CatalogueException;
    }
    return catalogue && isFull(posix, root) ? full(posix, root) : null;
  }

  private static boolean isFull(Posix posix, int root) {
    try {
      Space space = posix.space(root);
      return space.freeBytes() < LITTLE || space.freeInodes() == 0;
    } catch (IOException e) {
      return false; // what failed first is told
    }
  }

  private static String full(Posix posix, int root) {
    try {
      Space space = posix.space(root);
      return space.freeInodes() == 0
          ? "no inode is left; remove files from it, or make its file system with more"
          : "full, " + Sizes.text(space.freeBytes()) + " free; make room";
    } catch (IOException e) {
      return "full; make room";
    }
  }
}
