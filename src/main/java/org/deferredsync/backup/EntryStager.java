package org.deferredsync.backup;

import java.io.IOException;
import org.deferredsync.backup.Listing.Listed;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;

/**
 * Stages single entries of one source. What cannot be read is noted as a problem and answered as
 * null: then the older version stays.
 */
final class EntryStager {
  private final RunContext context;
  private final Problems problems;

  EntryStager(RunContext context, Problems problems) {
    this.context = context;
    this.problems = problems;
  }

  /** Reads or writes one thing of the source. */
  private interface Step<T> {
    T run() throws SourceException, IOException;
  }

  private <T> @Nullable T noted(FilePath path, Step<T> step) throws IOException {
    try {
      return step.run();
    } catch (SourceException e) {
      note(path, e.reason());
      return null;
    } catch (PosixException e) {
      throw new IOException(path + ": " + e.getMessage(), e); // the target's error: the end
    }
  }

  private void note(FilePath path, IOException reason) {
    if (reason instanceof PosixException posix && posix.is(Errno.ENOENT)) {
      problems.vanished(path);
    } else {
      problems.unreadable(path, reason);
    }
  }

  /** Stages anything but a directory under a name in staging; it is there when this returns. */
  @Nullable Staged stageNow(FilePath path, int from, Listed listed, String to) throws IOException {
    Stager stager = context.stager();
    return counted(
        path,
        noted(
            path,
            () ->
                listed.stat().isRegular()
                    ? stager.file(from, listed.name(), path, to)
                    : other(path, from, listed, stager.directory(), Stager.bytes(to))));
  }

  /** The same; a regular file is there only after {@link Stager#drain}. */
  @Nullable Staged stage(FilePath path, int from, Listed listed, String to) throws IOException {
    return stageInside(path, from, listed, context.stager().directory(), Stager.bytes(to));
  }

  /** The same in a staged directory. */
  @Nullable Staged stageInside(FilePath path, int from, Listed listed, int into, byte[] to)
      throws IOException {
    return counted(
        path,
        noted(
            path,
            () ->
                listed.stat().isRegular()
                    ? context.stager().fileLater(from, listed.name(), path, into, to)
                    : other(path, from, listed, into, to)));
  }

  /** Reads a regular file once without storing it; one that changes meanwhile is not noted. */
  @Nullable Staged readOnly(FilePath path, int from, byte[] name) throws IOException {
    Staged read = noted(path, () -> context.reader().readOnly(from, name));
    if (read != null) {
      context.batch().count(1, 0);
    }
    return read;
  }

  /** Reads all of what is neither a regular file nor a directory. */
  @Nullable Seen see(FilePath path, int from, Listed listed) throws IOException {
    return noted(path, () -> context.reader().see(from, listed.name(), listed.stat()));
  }

  /** Reads the attributes of a directory. */
  @Nullable ExtendedAttributes attributes(FilePath path, int from, byte[] name) throws IOException {
    return noted(
        path, () -> SourceException.reading(() -> context.reader().attributes(from, name)));
  }

  /** Reads those of one that is open. */
  @Nullable ExtendedAttributes attributes(FilePath path, int directory) throws IOException {
    return noted(
        path, () -> SourceException.reading(() -> Metadata.attributes(context.posix(), directory)));
  }

  private Staged other(FilePath path, int from, Listed listed, int into, byte[] to)
      throws SourceException, IOException {
    Seen seen = context.reader().see(from, listed.name(), listed.stat());
    try {
      return context.stager().other(seen, path, into, to);
    } catch (PosixException e) {
      if (seen.stat().isSymlink() || !(e.is(Errno.EPERM) || e.is(Errno.ENOSYS))) {
        throw e;
      }
      context.unkept().add("special files", path, e.errno().text());
      return new Staged(
          seen.stat(),
          seen.attributes(),
          null,
          null,
          false,
          context.reader().isRacy(seen.stat()),
          true);
    }
  }

  private @Nullable Staged counted(FilePath path, @Nullable Staged staged) {
    if (staged != null) {
      context.batch().count(1, staged.bytes());
      noteInconsistent(path, staged);
    }
    return staged;
  }

  private void noteInconsistent(FilePath path, Staged staged) {
    if (staged.inconsistent()) {
      problems.inconsistent(path);
    }
  }

  /** Whether what was stored may not be what was listed. */
  static boolean isDoubtful(Staged staged, Stat listed) {
    return staged.racy()
        || staged.inconsistent()
        || staged.source().ctimeNs() != listed.ctimeNs()
        || staged.source().inode() != listed.inode();
  }
}
