package org.deferredsync.backup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.CatalogueException;
import org.deferredsync.catalogue.Pending.Operation;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.logging.Progress;
import org.deferredsync.snapshot.Counts;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.RunSource;
import org.jspecify.annotations.Nullable;

/**
 * A target open to read, beside a run that may be writing to it, on a read-only or on a full file
 * system. Changes nothing in the mirror, the increments or the catalogue, and recovers nothing;
 * prune waits for it.
 */
public final class TargetReader implements AutoCloseable {
  private static final String LOG_SUFFIX = "-wal";

  private final Posix posix;
  private final Target target;
  private final int lock;
  private final Catalogue catalogue;
  private final @Nullable Path copy;
  private final List<Operation> pending;
  private boolean besideRun;
  private final long lockedNs;
  private Progress progress = Progress.NONE;

  private TargetReader(
      Posix posix, Target target, int lock, Catalogue catalogue, @Nullable Path copy)
      throws IOException {
    this.posix = posix;
    this.target = target;
    this.lock = lock;
    this.catalogue = catalogue;
    this.copy = copy;
    this.pending = catalogue.pending().list();
    this.besideRun = catalogue.runs().isUnderWay();
    this.lockedNs = posix.stat(lock).mtimeNs();
  }

  /**
   * Opens the target at {@code path}.
   *
   * @throws BackupException if there is none, or it cannot be read now
   */
  public static TargetReader open(Engine engine, FilePath path)
      throws BackupException, IOException {
    return open(engine, path, TargetReader::withCatalogue);
  }

  /**
   * Opens it without making or changing any file in it, not even for a moment; no run may be under
   * way.
   */
  static TargetReader openWithoutWriting(Engine engine, FilePath path)
      throws BackupException, IOException {
    return open(engine, path, TargetReader::withoutWriting);
  }

  /**
   * Opens it without making or changing any file in it. While a run is under way, as any other
   * reader: then its files are all there.
   */
  public static TargetReader openUnchanged(Engine engine, FilePath path)
      throws BackupException, IOException {
    return open(
        engine,
        path,
        (posix, target, lock) -> {
          if (posix.lock(lock, Target.RUN_LOCK, false)) {
            return withoutWriting(posix, target, lock);
          }
          return withCatalogue(posix, target, lock);
        });
  }

  /** A way to open the catalogue of a target whose readers' lock is held. */
  private interface Opening {
    TargetReader open(Posix posix, Target target, int lock) throws BackupException, IOException;
  }

  private static TargetReader open(Engine engine, FilePath path, Opening opening)
      throws BackupException, IOException {
    Posix posix = engine.posix();
    int root = OpenTarget.openRoot(posix, path);
    Target target;
    try {
      target = Target.open(posix, path, root);
    } catch (PosixException e) {
      if (e.is(Errno.ENOENT)) {
        throw BackupException.noTarget(path);
      }
      throw e.in(path.toString());
    }
    int lock = -1;
    try {
      lock = posix.openFile(target.own(), Target.LOCK);
      if (!posix.lock(lock, Target.READER_LOCK, false)) {
        throw BackupException.failure(
            path + ": expired snapshots are being deleted; try again soon");
      }
      TargetCatalogue.require(target);
      TargetReader reader = opening.open(posix, target, lock);
      reader.progress = engine.progress();
      return reader;
    } catch (BackupException | IOException | RuntimeException e) {
      if (lock >= 0) {
        posix.close(lock);
      }
      target.close();
      if (e instanceof PosixException failed) {
        throw failed.in(path.toString());
      }
      throw e;
    }
  }

  private static TargetReader withCatalogue(Posix posix, Target target, int lock)
      throws BackupException, IOException {
    Catalogue catalogue;
    try {
      catalogue = Catalogue.openReader(target.catalogueFile());
    } catch (CatalogueException plain) {
      // a full or read-only disk: SQLite cannot make what it needs beside the database
      try {
        return withoutWriting(posix, target, lock);
      } catch (BackupException | IOException e) {
        e.addSuppressed(plain);
        throw e;
      }
    }
    return opened(posix, target, lock, catalogue, null);
  }

  private static TargetReader withoutWriting(Posix posix, Target target, int lock)
      throws BackupException, IOException {
    if (!posix.lock(lock, Target.RUN_LOCK, false)) {
      throw BackupException.failure(
          target.path() + ": a run is in progress; try again when it has ended");
    }
    Path file = target.catalogueFile();
    Path log = file.resolveSibling(file.getFileName() + LOG_SUFFIX);
    if (!Files.exists(log) || Files.size(log) == 0) {
      return opened(posix, target, lock, Catalogue.openImmutable(file), null);
    }
    Path copy =
        Files.createTempDirectory(
            "deferred-sync-",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    try {
      Path copied = copy.resolve(file.getFileName());
      Files.copy(file, copied);
      Files.copy(log, copied.resolveSibling(copied.getFileName() + LOG_SUFFIX));
      return opened(posix, target, lock, Catalogue.openReader(copied), copy);
    } catch (IOException | RuntimeException e) {
      try {
        remove(copy);
      } catch (IOException also) {
        e.addSuppressed(also);
      }
      throw e;
    }
  }

  private static TargetReader opened(
      Posix posix, Target target, int lock, Catalogue catalogue, @Nullable Path copy)
      throws IOException {
    try {
      return new TargetReader(posix, target, lock, catalogue, copy);
    } catch (IOException e) {
      catalogue.close();
      throw e;
    }
  }

  Posix posix() {
    return posix;
  }

  /** Who is told how far long work has come. */
  Progress progress() {
    return progress;
  }

  /** How much a source had at the end of a run. */
  Counts countsOf(FilePath source, long run) throws IOException {
    return catalogue.runs().list().stream()
        .filter(one -> one.id() == run)
        .flatMap(one -> one.sources().stream())
        .filter(one -> one.source().equals(source))
        .map(RunSource::counts)
        .findFirst()
        .orElse(Counts.NONE);
  }

  /**
   * Whether a run had begun and not ended when it was opened, or has begun since, or somebody has
   * taken the lock of the target to write: whoever does writes his name into its file.
   */
  synchronized boolean isWanted() throws IOException {
    besideRun = besideRun || catalogue.runs().isUnderWay();
    return besideRun || posix.stat(lock).mtimeNs() != lockedNs;
  }

  Target target() {
    return target;
  }

  Catalogue catalogue() {
    return catalogue;
  }

  /** What was committed and perhaps not published when the target was opened. */
  List<Operation> pending() {
    return pending;
  }

  /** Every snapshot that can be restored, oldest first. */
  public Snapshots snapshots() throws IOException {
    return new Snapshots(this, catalogue.runs().list());
  }

  @Override
  public void close() throws IOException {
    try {
      catalogue.close();
      if (copy != null) {
        remove(copy);
      }
    } finally {
      posix.close(lock);
      target.close();
    }
  }

  private static void remove(Path copy) throws IOException {
    List<Path> files = new ArrayList<>();
    try (var names = Files.list(copy)) {
      names.forEach(files::add);
    }
    for (Path file : files) {
      Files.delete(file);
    }
    Files.delete(copy);
  }
}
