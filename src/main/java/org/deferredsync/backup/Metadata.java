package org.deferredsync.backup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Xattr;
import org.deferredsync.logging.Printable;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.ExtendedAttributes.Attribute;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;

/**
 * Reads and sets the metadata of single objects: owner, then mode, since a new owner clears setuid
 * bits, then extended attributes, since it clears capabilities too and an access list holds the
 * mode's group bits, then the time. What this user or the file system cannot take is left to the
 * catalogue and said once.
 */
final class Metadata {
  private static final int DIRECTORY_USER = 0500;
  private static final int FILE_USER = 0400;
  private static final int OWNER_WRITES = 0200;

  /** Less than this is no full disk but an attribute that the file system has no room for. */
  private static final long ROOM = 1 << 20;

  /** What the system gives to new files by itself; never taken away. */
  private static final Set<String> SYSTEMS =
      Set.of("security.selinux", "security.ima", "security.evm", "security.SMACK64");

  private final Posix posix;
  private final Unkept unkept;
  private final int user;
  private final boolean mirror;

  private Metadata(Posix posix, Unkept unkept, boolean mirror) {
    this.posix = posix;
    this.unkept = unkept;
    this.user = posix.effectiveUser();
    this.mirror = mirror;
  }

  /**
   * As it is kept in the mirror: for an ordinary user always readable by that user. Else what was
   * readable once could not be restored any more after the source took that away.
   */
  static Metadata ofMirror(Posix posix, Unkept unkept) {
    return new Metadata(posix, unkept, true);
  }

  /** As it is to be restored. */
  static Metadata ofRestore(Posix posix, Unkept unkept) {
    return new Metadata(posix, unkept, false);
  }

  /** The attributes of an open file or directory. */
  static ExtendedAttributes attributes(Posix posix, int descriptor) throws IOException {
    return attributes(posix.xattrs(descriptor));
  }

  /** The attributes of a name, no link followed. */
  static ExtendedAttributes attributes(Posix posix, int directory, byte[] name) throws IOException {
    return attributes(posix.xattrs(directory, name));
  }

  private static ExtendedAttributes attributes(List<Xattr> found) {
    if (found.isEmpty()) {
      return ExtendedAttributes.NONE;
    }
    List<Attribute> attributes = new ArrayList<>();
    for (Xattr one : found) {
      attributes.add(new Attribute(one.name(), one.value()));
    }
    return ExtendedAttributes.of(attributes);
  }

  /**
   * Sets everything on a name of any type.
   *
   * @param path how it is called in messages
   */
  void set(
      int directory, byte[] name, FilePath path, Version version, ExtendedAttributes attributes)
      throws IOException {
    if (user == 0) {
      posix.setOwner(directory, name, version.uid(), version.gid());
    } else {
      checkOwner(path, version);
      keepGroup(path, () -> posix.setOwner(directory, name, user, version.gid()));
    }
    List<Xattr> there = posix.xattrs(directory, name);
    int permissions = permissions(version);
    int meanwhile = whileSetting(permissions, there, attributes);
    if (version.type() != FileType.SYMLINK) {
      posix.setMode(directory, name, meanwhile);
    }
    setAttributes(directory, name, path, attributes, there);
    if (meanwhile != permissions) {
      posix.setMode(directory, name, permissions);
    }
    try {
      posix.setTime(directory, name, version.mtimeNs());
    } catch (PosixException e) {
      leaveTime(path, e);
    }
  }

  /** The same on a regular file of ours that is open, made just now and called {@code name}. */
  void setOpen(
      int descriptor,
      int directory,
      byte[] name,
      FilePath path,
      Version version,
      ExtendedAttributes attributes)
      throws IOException {
    if (user == 0) {
      posix.setOwner(descriptor, version.uid(), version.gid());
    } else {
      checkOwner(path, version);
      keepGroup(path, () -> posix.setOwner(descriptor, user, version.gid()));
    }
    List<Xattr> there = posix.xattrs(descriptor);
    int permissions = permissions(version);
    int meanwhile = whileSetting(permissions, there, attributes);
    posix.setMode(descriptor, meanwhile);
    setAttributes(directory, name, path, attributes, there);
    if (meanwhile != permissions) {
      posix.setMode(descriptor, permissions);
    }
    setTime(descriptor, path, version);
  }

  /** The time alone, of an open file of ours that has everything else. */
  void setTime(int descriptor, FilePath path, Version version) throws IOException {
    try {
      posix.setTime(descriptor, version.mtimeNs());
    } catch (PosixException e) {
      leaveTime(path, e);
    }
  }

  private void checkOwner(FilePath path, Version version) {
    if (version.uid() != user) {
      unkept.add("the owner", path, "that takes root");
    }
  }

  private interface Step {
    void run() throws IOException;
  }

  /** An ordinary user gives a file to any group that the user is in. */
  private void keepGroup(FilePath path, Step step) throws IOException {
    try {
      step.run();
    } catch (PosixException e) {
      boolean refused =
          e.is(Errno.EPERM) || e.is(Errno.EINVAL) || e.is(Errno.EOPNOTSUPP) || e.is(Errno.ENOSYS);
      if (!refused) {
        throw e;
      }
      unkept.add("the group", path, "that takes root, or a member of it");
    }
  }

  /** The mode that a file of ours gets for this version. */
  int permissions(Version version) {
    if (user == 0) {
      return version.permissions();
    }
    int possible = version.uid() == user ? version.permissions() : version.permissions() & 01777;
    return mirror
        ? possible | (version.type() == FileType.DIRECTORY ? DIRECTORY_USER : FILE_USER)
        : possible;
  }

  /** An ordinary user sets attributes only on what that user may write. */
  private int whileSetting(int permissions, List<Xattr> there, ExtendedAttributes wanted) {
    boolean nothing = user == 0 || (there.isEmpty() && wanted.isEmpty());
    return nothing ? permissions : permissions | OWNER_WRITES;
  }

  /** Not every system keeps every time. */
  private void leaveTime(FilePath path, PosixException e) throws PosixException {
    if (!e.is(Errno.EINVAL)) {
      throw e;
    }
    unkept.add("the time of some files", path, e.errno().text());
  }

  private void setAttributes(
      int directory, byte[] name, FilePath path, ExtendedAttributes wanted, List<Xattr> there)
      throws IOException {
    if (there.isEmpty() && wanted.isEmpty()) {
      return;
    }
    for (Xattr one : there) {
      if (wanted.list().stream().noneMatch(other -> Arrays.equals(other.name(), one.name()))
          && !SYSTEMS.contains(text(one.name()))) {
        posix.removeXattr(directory, name, one.name());
      }
    }
    for (Attribute one : wanted.list()) {
      boolean same =
          there.stream()
              .anyMatch(
                  other ->
                      Arrays.equals(other.name(), one.name())
                          && Arrays.equals(other.value(), one.value()));
      if (!same) {
        setAttribute(directory, name, path, one);
      }
    }
  }

  private void setAttribute(int directory, byte[] name, FilePath path, Attribute attribute)
      throws IOException {
    try {
      posix.setXattr(directory, name, new Xattr(attribute.name(), attribute.value()));
    } catch (PosixException e) {
      boolean refused =
          e.is(Errno.EOPNOTSUPP)
              || e.is(Errno.EPERM)
              || e.is(Errno.EACCES)
              || e.is(Errno.EINVAL)
              || e.is(Errno.ERANGE)
              || e.is(Errno.E2BIG)
              || (e.is(Errno.ENOSPC) && posix.space(directory).freeBytes() > ROOM);
      if (!refused) {
        throw e;
      }
      unkept.add("the attribute " + Printable.of(text(attribute.name())), path, e.errno().text());
    }
  }

  private static String text(byte[] name) {
    return new String(name, StandardCharsets.UTF_8);
  }
}
