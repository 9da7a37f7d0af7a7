package org.deferredsync.backup;

import java.util.concurrent.atomic.AtomicLong;
import org.deferredsync.catalogue.CatalogueException;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.PosixException;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/** What a restore has done so far and what it could not do; each path of these is named once. */
final class Restoration {
  private static final int NAMED = 100;

  private final TargetReader reader;
  private final Logger log;
  final AtomicLong files = new AtomicLong();
  final AtomicLong directories = new AtomicLong();
  final AtomicLong bytes = new AtomicLong();
  final AtomicLong links = new AtomicLong();
  final AtomicLong same = new AtomicLong();
  final AtomicLong aside = new AtomicLong();
  private final AtomicLong needingRoot = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();

  Restoration(TargetReader reader, Logger log) {
    this.reader = reader;
    this.log = log;
  }

  /** The attributes of a version; none, and the path counts as not restored, if they are lost. */
  ExtendedAttributes attributes(FilePath path, Version version) {
    if (version.xattr() == null) {
      return ExtendedAttributes.NONE;
    }
    try {
      synchronized (reader) {
        return reader.catalogue().xattrs().find(version.xattr());
      }
    } catch (CatalogueException e) {
      fail(path, "its extended attributes: " + e.getMessage());
      return ExtendedAttributes.NONE;
    }
  }

  long failed() {
    return failed.get();
  }

  /** The path was not restored. */
  void fail(Object path, @Nullable String why) {
    long count = failed.incrementAndGet();
    if (count <= NAMED) {
      log.error("{}: not restored: {}", path, why);
    } else {
      log.debug("{}: not restored: {}", path, why);
    }
    if (count == NAMED + 1) {
      log.error("more paths were not restored; -v names them all");
    }
  }

  /**
   * The same by a system call.
   *
   * @throws PosixException the failure, if what follows would fail alike
   */
  void fail(FilePath path, PosixException e) throws PosixException {
    fail(path, e.getMessage());
    if (e.is(Errno.ENOSPC) || e.is(Errno.EDQUOT) || e.is(Errno.EROFS) || e.is(Errno.EIO)) {
      throw e;
    }
  }

  /** The path lies in a directory that was not restored: counted, not named. */
  void failBelow(FilePath path) {
    failed.incrementAndGet();
    log.debug("{}: not restored: its directory was not", path);
  }

  /** The path is one that only root can make: said once, counted as not restored. */
  void needsRoot(FilePath path) {
    failed.incrementAndGet();
    if (needingRoot.getAndIncrement() == 0) {
      log.error(
          "{}: not restored: only root can make devices; restore as root. Said once, there may be"
              + " more.",
          path);
    } else {
      log.debug("{}: not restored: only root can make devices", path);
    }
  }
}
