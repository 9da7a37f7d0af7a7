package org.deferredsync.backup;

import java.io.IOException;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;

/**
 * Makes everything written to the target so far durable: one syncfs on a descriptor that was open
 * before the first write of the run, so that no write-back error since then goes unseen. An error
 * fails the batch; nobody syncs again and trusts it.
 *
 * <p>syncfs is believed only where it reports such errors: Linux 5.8 and later, on the file systems
 * named here.
 */
final class Barrier {
  private static final Set<String> TRUSTED = Set.of("ext4", "xfs", "btrfs", "f2fs", "zfs", "tmpfs");
  private static final Pattern RELEASE = Pattern.compile("([0-9]+)\\.([0-9]+).*");

  private final Posix posix;
  private final int descriptor;
  private final boolean wholeFileSystem;
  private final boolean names;

  private Barrier(Posix posix, int descriptor, boolean wholeFileSystem, boolean names) {
    this.posix = posix;
    this.descriptor = descriptor;
    this.wholeFileSystem = wholeFileSystem;
    this.names = names;
  }

  /**
   * The barrier of the target that {@code descriptor} is the root of.
   *
   * @param kernelRelease as {@code uname -r} prints it
   */
  static Barrier of(Posix posix, int descriptor, String kernelRelease) throws IOException {
    boolean trusted =
        posix.syncsFileSystems()
            && reportsErrors(kernelRelease)
            && TRUSTED.contains(posix.space(descriptor).kind());
    boolean names = trusted || posix.syncDirectory(descriptor);
    return new Barrier(posix, descriptor, trusted, names);
  }

  /** Whether names of files can be made durable, too. */
  boolean coversNames() {
    return names;
  }

  static boolean reportsErrors(String kernelRelease) {
    Matcher matcher = RELEASE.matcher(kernelRelease);
    if (!matcher.matches()) {
      return false;
    }
    int major = Integer.parseInt(matcher.group(1));
    int minor = Integer.parseInt(matcher.group(2));
    return major > 5 || (major == 5 && minor >= 8);
  }

  /** Returns when all that was written before is on the disk. */
  void pass() throws IOException {
    try {
      posix.syncFileSystem(descriptor);
    } catch (PosixException e) {
      if (wholeFileSystem || !e.is(Errno.ENOSYS)) {
        throw e;
      }
      posix.syncDirectory(
          descriptor); // a system without syncfs: each file was synced as it was written
    }
  }

  /** Syncs one open file where {@link #pass} could not be believed for it. */
  void written(int file) throws IOException {
    if (!wholeFileSystem) {
      posix.syncDirectory(file); // of a regular file EINVAL is no answer
    }
  }
}
