package org.deferredsync.backup;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.deferredsync.backup.Restorer.Result;
import org.deferredsync.backup.Snapshot.Node;
import org.deferredsync.backup.Snapshot.SourceAt;
import org.deferredsync.catalogue.CatalogueException;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.PosixException;
import org.deferredsync.logging.Progress;
import org.deferredsync.logging.Progress.Phase;
import org.deferredsync.snapshot.Counts;
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
  private final Progress progress;
  private final AtomicLong files = new AtomicLong();
  private final AtomicLong directories = new AtomicLong();
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicLong links = new AtomicLong();
  private final AtomicLong same = new AtomicLong();
  private final AtomicLong aside = new AtomicLong();
  private final AtomicLong needingRoot = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();
  private final AtomicBoolean separated = new AtomicBoolean();

  Restoration(TargetReader reader, Logger log) {
    this.reader = reader;
    this.log = log;
    this.progress = reader.progress();
  }

  /** Lets whoever watches know how much there is to do, if that is known: of whole sources. */
  void begin(RestoreSet set, Snapshot snapshot) throws IOException {
    Counts all = Counts.NONE;
    boolean known = true;
    for (Node top : set.tops()) {
      boolean whole = false;
      for (SourceAt source : snapshot.sources()) {
        if (top.path().contains(source.path())) {
          all = all.plus(reader.countsOf(source.path(), source.run()));
          whole = true;
        }
      }
      known &= whole;
    }
    progress.begin(
        Phase.RESTORE,
        known ? all.files() : Progress.UNKNOWN,
        known ? all.bytes() : Progress.UNKNOWN);
  }

  void end() {
    progress.end();
  }

  /** Bytes are written that belong to a file that is not complete. */
  void part(long length) {
    progress.advance(0, length);
  }

  /** A file, link or special file was made; {@code size} bytes were copied for it. */
  void file(long size) {
    files.incrementAndGet();
    bytes.addAndGet(size);
    progress.advance(1, 0);
  }

  /** A further name of a file was made. */
  void link() {
    links.incrementAndGet();
    file(0);
  }

  void directory() {
    directories.incrementAndGet();
  }

  /** It was there already. */
  void same(boolean isDirectory, long size) {
    same.incrementAndGet();
    progress.advance(isDirectory ? 0 : 1, size);
  }

  void aside() {
    aside.incrementAndGet();
  }

  Result result(List<FilePath> asides) {
    return new Result(
        files.get(),
        directories.get(),
        bytes.get(),
        links.get(),
        same.get(),
        aside.get(),
        failed(),
        List.copyOf(asides));
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
   * @throws EndedException if what follows would fail alike
   */
  void fail(FilePath path, PosixException e) throws EndedException {
    fail(path, e.getMessage());
    if (e.is(Errno.ENOSPC) || e.is(Errno.EDQUOT) || e.is(Errno.EROFS) || e.is(Errno.EIO)) {
      throw new EndedException(path, e);
    }
  }

  /** No path can be restored any more; the one where that showed is named already. */
  static final class EndedException extends IOException {
    private static final long serialVersionUID = 1L;

    private EndedException(FilePath path, PosixException cause) {
      super(WriteTrouble.ofRestore(path, cause), cause);
    }
  }

  /** The path becomes a file of its own instead of a further name of one: said once. */
  void separate(FilePath path, PosixException e) {
    if (!separated.getAndSet(true)) {
      log.warn(
          "{}: a file of its own, not a further name of another: {}. Said once, there may be more.",
          path,
          e.errno().text());
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
