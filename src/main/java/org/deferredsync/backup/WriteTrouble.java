package org.deferredsync.backup;

import java.io.IOException;
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

/** Tells a target that is full, or read-only, from what else may fail, and says what to do. */
final class WriteTrouble {
  /** With less, the catalogue cannot write a page and what belongs to it. */
  private static final long LITTLE = 256 << 10;

  private WriteTrouble() {}

  /** The same as {@code failure}, in better words if there are. */
  static BackupException explain(Posix posix, int root, FilePath target, IOException failure)
      throws IOException {
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
    String trouble = trouble(posix.space(root), failure);
    if (failure instanceof DamagedCatalogueException) {
      return failed(String.valueOf(failure.getMessage()), failure);
    }
    if (trouble == null
        && failure instanceof CatalogueException
        && !(failure instanceof CommitOutcomeUnknownException)) {
      trouble = "its catalogue cannot be read or written";
    }
    if (trouble == null) {
      throw failure;
    }
    return failed(
        target
            + ": "
            + trouble
            + " ("
            + failure.getMessage()
            + "); nothing that was stored is lost, the next run goes on from there",
        failure);
  }

  private static BackupException failed(String line, IOException cause) {
    return new BackupException(BackupException.Kind.FAILURE, line, cause);
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

  private static @Nullable String trouble(Space space, IOException failure) {
    boolean catalogue = false;
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof PosixException posix) {
        if (posix.is(Errno.EROFS)) {
          return "has become read-only; see why, its disk may be failing";
        }
        if (posix.is(Errno.EDQUOT)) {
          return "its quota is used up; make room";
        }
        if (posix.is(Errno.ENOSPC)) {
          return full(space);
        }
        if (posix.is(Errno.EFBIG)) {
          return "a file is larger than may be written; raise the limit (ulimit -f), or see what its"
              + " file system takes";
        }
        if (posix.is(Errno.EIO)) {
          return "its disk fails; see the kernel's log, verify what it still has, and replace it";
        }
        if (posix.isShortage()) {
          return "the system has no more of what it takes to write there; end what uses most of it";
        }
      }
      catalogue |= cause instanceof CatalogueException;
    }
    return catalogue && (space.freeBytes() < LITTLE || space.freeInodes() == 0)
        ? full(space)
        : null;
  }

  private static String full(Space space) {
    return space.freeInodes() == 0
        ? "no inode is left; remove files from it, or make its file system with more"
        : "full, " + Sizes.text(space.freeBytes()) + " free; make room";
  }
}
