package org.deferredsync.fs;

/** What an implementation of {@link Posix} says it cannot keep; everything else it must. */
enum Lack {
  /** Names that are not text in the file-name charset are refused. */
  NAMES_OF_ANY_BYTES,
  /** Link texts with doubled or trailing slashes are refused. */
  LINK_TEXTS_OF_ANY_FORM,
  /** FIFOs, sockets and devices are refused with ENOSYS. */
  NODES,
  /** Times of symbolic links have microseconds. */
  NANOSECONDS_OF_LINKS,
  /** Before 1970 only whole seconds are taken, others refused with EINVAL. */
  FRACTIONS_BEFORE_1970,
  /** Reading leaves an access time behind. */
  UNTOUCHED_ACCESS_TIME,
  /** Holes are not found. */
  HOLES,
  /** Mount roots are not told. */
  MOUNT_ROOTS,
  /** syncfs(2) is refused with ENOSYS. */
  SYNC_OF_A_FILE_SYSTEM,
  /** One process cannot hold a byte shared twice. */
  SHARED_LOCKS_IN_ONE_PROCESS,
  /** A descriptor is lost when its directory is renamed. */
  DESCRIPTORS_AFTER_RENAME
}
