package org.deferredsync.snapshot;

/**
 * What tells whether a file must be looked at again; never restored, and changed in place without a
 * new version.
 *
 * @param ctimeNs nanoseconds since 1970-01-01 UTC
 * @param racy whether it was read so soon after its last change that a further one could hide
 * @param mountRoot whether the directory was the root of a mount
 */
public record Evidence(long ctimeNs, long inode, int nlink, boolean racy, boolean mountRoot) {}
