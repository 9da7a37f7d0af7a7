package org.deferredsync.fs;

import static org.deferredsync.fs.NioErrors.translated;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.deferredsync.fs.NioHandles.Handle;
import org.deferredsync.logging.Printable;

/**
 * {@link Posix} over Java's own file API, for Unix systems other than Linux. A descriptor is a path
 * remembered, so what Java cannot do is not kept:
 *
 * <ul>
 *   <li>Only the last component is safe from links; above it a directory exchanged for a link is
 *       followed, and a renamed directory loses its descriptors. {@link #stat(int)} looks at the
 *       path.
 *   <li>Names and link texts that are not text in the file-name charset, and link texts with
 *       doubled or trailing slashes, are refused.
 *   <li>{@link #setMode} looks first and then follows; {@link #makeNode} and {@link
 *       #syncFileSystem} are refused with ENOSYS; nodes are not opened (ENXIO).
 *   <li>Mount roots, holes, types in listings, the number of free files and, of most files, the
 *       allocated blocks are not known. Times of links have microseconds, and before 1970 only
 *       whole seconds are taken (else EINVAL); reading leaves access times behind.
 *   <li>Of the extended attributes only those of the user ({@code user.*}) are seen and set, so
 *       neither access lists nor capabilities.
 *   <li>Locks belong to the process: closing any descriptor of a file drops them all, and one
 *       process cannot hold a byte shared twice.
 * </ul>
 */
final class NioPosix implements Posix {
  private static final Set<String> KINDS = Set.of("ext4", "xfs", "btrfs", "f2fs", "zfs", "tmpfs");

  private final NioHandles handles = new NioHandles();
  private final NioNames names;

  NioPosix(NioNames names) {
    this.names = names;
  }

  @Override
  public int openPath(byte[] absolutePath) throws IOException {
    Path path = names.absolute(absolutePath);
    return translated(
        "open",
        Printable.of(absolutePath),
        () -> {
          Path real = path.toRealPath();
          if (!Files.isDirectory(real, LinkOption.NOFOLLOW_LINKS)) {
            throw new PosixException(Errno.ENOTDIR, "open", Printable.of(absolutePath));
          }
          return handles.add(real, null);
        });
  }

  @Override
  public int openDirectory(int directory, byte[] name) throws IOException {
    Stat stat = stat(directory, name);
    if (!stat.isDirectory()) {
      Errno errno = stat.isSymlink() ? Errno.ELOOP : Errno.ENOTDIR;
      throw new PosixException(errno, "open", Printable.of(name));
    }
    return handles.add(child(directory, name), null);
  }

  @Override
  public int openFile(int directory, byte[] name) throws IOException {
    Stat stat = stat(directory, name);
    if (stat.isSymlink()) {
      throw new PosixException(Errno.ELOOP, "open", Printable.of(name));
    }
    if (stat.isDirectory()) {
      return handles.add(child(directory, name), null);
    }
    if (!stat.isRegular()) {
      // Java opens without O_NONBLOCK and would wait for a writer.
      throw new PosixException(Errno.ENXIO, "open", Printable.of(name));
    }
    return open(directory, name, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS), 0);
  }

  @Override
  public int createFile(int directory, byte[] name, int mode) throws IOException {
    Set<OpenOption> options =
        Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
    int descriptor = open(directory, name, options, mode & 0600);
    try {
      setMode(directory, name, mode);
    } catch (PosixException e) {
      close(descriptor);
      unlink(directory, name);
      throw e;
    }
    return descriptor;
  }

  @Override
  public int openOwn(int directory, byte[] name, int mode) throws IOException {
    Stat stat;
    try {
      stat = stat(directory, name);
    } catch (PosixException e) {
      if (!e.is(Errno.ENOENT)) {
        throw e;
      }
      return createFile(directory, name, mode);
    }
    if (!stat.isRegular()) {
      Errno errno =
          stat.isSymlink() ? Errno.ELOOP : stat.isDirectory() ? Errno.EISDIR : Errno.ENXIO;
      throw new PosixException(errno, "open", Printable.of(name));
    }
    Set<OpenOption> options =
        Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
    return open(directory, name, options, 0);
  }

  private int open(int directory, byte[] name, Set<? extends OpenOption> options, int mode)
      throws IOException {
    Path path = child(directory, name);
    return translated(
        "open",
        Printable.of(name),
        () -> handles.add(path, FileChannel.open(path, options, attribute(mode))));
  }

  @Override
  public void close(int descriptor) throws IOException {
    handles.close(descriptor);
  }

  private Path child(int directory, byte[] name) throws PosixException {
    Handle handle = handles.get(directory, "open");
    if (handle.channel() != null) {
      throw new PosixException(Errno.ENOTDIR, "open", Printable.of(name));
    }
    return names.child(handle.path(), name);
  }

  @Override
  public Stat stat(int descriptor) throws IOException {
    return NioMetadata.stat(handles.get(descriptor, "stat").path());
  }

  @Override
  public Stat stat(int directory, byte[] name) throws IOException {
    return NioMetadata.stat(child(directory, name));
  }

  @Override
  public void list(int directory, Consumer<DirectoryEntry> sink) throws IOException {
    Handle handle = handles.get(directory, "readdir");
    String object = Printable.of(handle.path().toString());
    if (handle.channel() != null) {
      throw new PosixException(Errno.ENOTDIR, "readdir", object);
    }
    translated(
        "readdir",
        object,
        () -> {
          try (DirectoryStream<Path> stream = Files.newDirectoryStream(handle.path())) {
            for (Path entry : stream) {
              sink.accept(new DirectoryEntry(names.bytes(entry.getFileName()), 0));
            }
          } catch (DirectoryIteratorException e) {
            throw e.getCause();
          }
          return true;
        });
  }

  @Override
  public byte[] readLink(int directory, byte[] name) throws IOException {
    Path path = child(directory, name);
    return translated("readlink", Printable.of(name), () -> names.readLink(path));
  }

  @Override
  public Space space(int descriptor) throws IOException {
    Handle handle = handles.get(descriptor, "statvfs");
    return translated(
        "statvfs",
        Printable.of(handle.path().toString()),
        () -> {
          FileStore store = Files.getFileStore(handle.path());
          String kind = KINDS.contains(store.type()) ? store.type() : "";
          return new Space(store.getUsableSpace(), Long.MAX_VALUE, kind);
        });
  }

  /** The owner of a file just made: Java has no other way to ask. */
  @Override
  public int effectiveUser() {
    try {
      Path file = Files.createTempFile("user", null);
      try {
        return NioMetadata.stat(file).uid();
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public int read(int descriptor, byte[] buffer, int offset, int length) throws IOException {
    FileChannel channel = handles.get(descriptor, "read").file(Errno.EISDIR, "read");
    int count =
        translated(
            "read",
            "descriptor " + descriptor,
            () -> channel.read(ByteBuffer.wrap(buffer, offset, length)));
    return Math.max(count, 0);
  }

  @Override
  public void write(int descriptor, byte[] buffer, int offset, int length) throws IOException {
    FileChannel channel = handles.get(descriptor, "write").file(Errno.EBADF, "write");
    ByteBuffer bytes = ByteBuffer.wrap(buffer, offset, length);
    while (bytes.hasRemaining()) {
      translated("write", "descriptor " + descriptor, () -> channel.write(bytes));
    }
  }

  @Override
  public void seek(int descriptor, long position) throws IOException {
    FileChannel channel = handles.get(descriptor, "lseek").file(Errno.EISDIR, "lseek");
    if (position < 0) {
      throw new PosixException(Errno.EINVAL, "lseek", "descriptor " + descriptor);
    }
    translated("lseek", "descriptor " + descriptor, () -> channel.position(position));
  }

  @Override
  public long seekData(int descriptor, long position) throws IOException {
    return position < size(descriptor) ? position : -1;
  }

  @Override
  public long seekHole(int descriptor, long position) throws IOException {
    return size(descriptor);
  }

  private long size(int descriptor) throws PosixException {
    FileChannel channel = handles.get(descriptor, "lseek").file(Errno.EISDIR, "lseek");
    return translated("lseek", "descriptor " + descriptor, channel::size);
  }

  @Override
  public void truncate(int descriptor, long size) throws IOException {
    FileChannel channel = handles.get(descriptor, "ftruncate").file(Errno.EINVAL, "ftruncate");
    translated(
        "ftruncate",
        "descriptor " + descriptor,
        () -> {
          long position = channel.position();
          if (size > channel.size()) {
            channel.write(ByteBuffer.allocate(1), size - 1);
          } else {
            channel.truncate(size);
          }
          return channel.position(position);
        });
  }

  @Override
  public void beginWriteBack(int descriptor, long position, long length) {}

  @Override
  public void sync(int descriptor) throws IOException {
    Handle handle = handles.get(descriptor, "fsync");
    translated(
        "fsync",
        Printable.of(handle.path().toString()),
        () -> {
          FileChannel channel = handle.channel();
          if (channel != null) {
            channel.force(true);
            return true;
          }
          try (FileChannel opened = FileChannel.open(handle.path(), StandardOpenOption.READ)) {
            opened.force(true);
          }
          return true;
        });
  }

  @Override
  public boolean syncsFileSystems() {
    return false;
  }

  @Override
  public void syncFileSystem(int descriptor) throws IOException {
    Handle handle = handles.get(descriptor, "syncfs");
    throw new PosixException(Errno.ENOSYS, "syncfs", Printable.of(handle.path().toString()));
  }

  @Override
  public void makeDirectory(int directory, byte[] name, int mode) throws IOException {
    Path path = child(directory, name);
    translated(
        "mkdir", Printable.of(name), () -> Files.createDirectory(path, attribute(mode & 0700)));
    try {
      setMode(directory, name, mode);
    } catch (PosixException e) {
      removeDirectory(directory, name);
      throw e;
    }
  }

  private static FileAttribute<Set<PosixFilePermission>> attribute(int mode) {
    Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
    PosixFilePermission[] all = PosixFilePermission.values();
    for (int i = 0; i < all.length; i++) {
      if ((mode & (0400 >> i)) != 0) {
        permissions.add(all[i]);
      }
    }
    return PosixFilePermissions.asFileAttribute(permissions);
  }

  @Override
  public void makeSymlink(int directory, byte[] name, byte[] target) throws IOException {
    Path path = child(directory, name);
    Path text = names.linkText(target);
    translated("symlink", Printable.of(name), () -> Files.createSymbolicLink(path, text));
  }

  @Override
  public void makeNode(int directory, byte[] name, int mode, long rdev) throws IOException {
    throw new PosixException(Errno.ENOSYS, "mknod", Printable.of(name));
  }

  @Override
  public void link(int fromDirectory, byte[] from, int toDirectory, byte[] to) throws IOException {
    Path path = child(toDirectory, to);
    Path old = child(fromDirectory, from);
    if (NioMetadata.stat(old).isDirectory()) {
      throw new PosixException(Errno.EPERM, "link", Printable.of(from));
    }
    translated("link", Printable.of(to), () -> Files.createLink(path, old));
  }

  @Override
  public void rename(int fromDirectory, byte[] from, int toDirectory, byte[] to)
      throws IOException {
    Path path = child(toDirectory, to);
    Path old = child(fromDirectory, from);
    translated(
        "rename", Printable.of(to), () -> Files.move(old, path, StandardCopyOption.ATOMIC_MOVE));
  }

  @Override
  public void renameNew(int fromDirectory, byte[] from, int toDirectory, byte[] to)
      throws IOException {
    PlainRename.renameNew(this, fromDirectory, from, toDirectory, to);
  }

  @Override
  public void unlink(int directory, byte[] name) throws IOException {
    delete(directory, name, false);
  }

  @Override
  public void removeDirectory(int directory, byte[] name) throws IOException {
    delete(directory, name, true);
  }

  private void delete(int directory, byte[] name, boolean wanted) throws IOException {
    Path path = child(directory, name);
    String call = wanted ? "rmdir" : "unlink";
    if (NioMetadata.stat(path).isDirectory() != wanted) {
      throw new PosixException(wanted ? Errno.ENOTDIR : Errno.EISDIR, call, Printable.of(name));
    }
    translated(
        call,
        Printable.of(name),
        () -> {
          Files.delete(path);
          return true;
        });
  }

  @Override
  public void setOwner(int directory, byte[] name, int uid, int gid) throws IOException {
    NioMetadata.setOwner(child(directory, name), uid, gid);
  }

  @Override
  public void setMode(int directory, byte[] name, int permissions) throws IOException {
    NioMetadata.setMode(child(directory, name), permissions);
  }

  @Override
  public void setTime(int directory, byte[] name, long mtimeNs) throws IOException {
    NioMetadata.setTime(child(directory, name), mtimeNs);
  }

  @Override
  public void setOwner(int descriptor, int uid, int gid) throws IOException {
    NioMetadata.setOwner(handles.get(descriptor, "fchown").path(), uid, gid);
  }

  @Override
  public void setMode(int descriptor, int permissions) throws IOException {
    NioMetadata.setMode(handles.get(descriptor, "fchmod").path(), permissions);
  }

  @Override
  public void setTime(int descriptor, long mtimeNs) throws IOException {
    NioMetadata.setTime(handles.get(descriptor, "futimens").path(), mtimeNs);
  }

  @Override
  public List<Xattr> xattrs(int descriptor) throws IOException {
    return NioXattrs.read(handles.get(descriptor, "flistxattr").path());
  }

  @Override
  public List<Xattr> xattrs(int directory, byte[] name) throws IOException {
    Path path = child(directory, name);
    Stat stat = NioMetadata.stat(path);
    return stat.isRegular() || stat.isDirectory() ? NioXattrs.read(path) : List.of();
  }

  @Override
  public void setXattr(int directory, byte[] name, Xattr attribute) throws IOException {
    NioXattrs.set(userAttributed(directory, name), attribute);
  }

  @Override
  public void removeXattr(int directory, byte[] name, byte[] attribute) throws IOException {
    NioXattrs.remove(userAttributed(directory, name), attribute);
  }

  /** Java follows links here, and the system takes attributes of the user on these types only. */
  private Path userAttributed(int directory, byte[] name) throws IOException {
    Path path = child(directory, name);
    Stat stat = NioMetadata.stat(path);
    if (!stat.isRegular() && !stat.isDirectory()) {
      throw new PosixException(Errno.EOPNOTSUPP, "setxattr", Printable.of(name));
    }
    return path;
  }

  @Override
  public boolean lock(int descriptor, long position, boolean exclusive) throws IOException {
    return handles.get(descriptor, "fcntl").lock(position, exclusive, "descriptor " + descriptor);
  }

  @Override
  public void unlock(int descriptor, long position) throws IOException {
    handles.get(descriptor, "fcntl").unlock(position);
  }
}
