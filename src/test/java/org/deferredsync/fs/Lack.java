package org.deferredsync.fs;

/** What an implementation of {@link Posix} says it cannot keep; everything else it must. */
enum Lack {
  /** Names that are not text in the file-name charset are refused. */
  NAMES_OF_ANY_BYTES,
  /** FIFOs, sockets and devices are refused with ENOSYS. */
  NODES,
  /** Under a umask that takes the owner's own bits, nothing can be made. */
  UMASK_OVER_OWNER,
  /** Times of symbolic links, and the full range of nanoseconds. */
  TIMES_OF_LINKS,
  /** Reading leaves an access time behind. */
  UNTOUCHED_ACCESS_TIME,
  /** Holes are not found. */
  HOLES,
  /** Mount roots are not told. */
  MOUNT_ROOTS,
  /** Two shared locks on one byte within one process. */
  SHARED_LOCKS_IN_ONE_PROCESS,
  /** A descriptor is lost when its directory is renamed. */
  DESCRIPTORS_AFTER_RENAME,
  /** The room is known, the number of files and the kind are not. */
  KIND_OF_FILE_SYSTEM
}
