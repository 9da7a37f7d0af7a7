package org.deferredsync.remote;

import java.nio.file.Path;

/**
 * Where a target lies here and its copy on another host, and the rsync that goes between them.
 *
 * @param restricted whether the host runs rrsync(1) for us
 * @param directory there, in which the copy lies
 * @param copy its own path there
 * @param target here
 * @param scratch a directory here of this copy's own, mode 0700
 */
record CopyPlace(
    Rsync rsync,
    boolean restricted,
    RemotePath directory,
    RemotePath copy,
    Path target,
    Path scratch) {
  /** What is the program's own in a target and in its copy. */
  static final String OWN = ".deferred-sync";

  /** What the original left in a directory that it pushed to, and is not ours to delete. */
  static final String ORIGINAL = "/_backup_[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]";

  /** For people: the host, and where it lies there. */
  @Override
  public String toString() {
    return rsync.host() + " " + copy;
  }

  /** The same result, of an rsync that did all that it was to do. */
  RsyncResult good(RsyncResult result) throws RemoteException {
    if (!result.succeeded()) {
      throw result.trouble(toString());
    }
    return result;
  }
}
