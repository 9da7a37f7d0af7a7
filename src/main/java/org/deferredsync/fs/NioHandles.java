package org.deferredsync.fs;

import static org.deferredsync.fs.NioErrors.translated;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** The numbers that stand for open files; none is given out twice. */
final class NioHandles {
  /** An open file or directory and the bytes of it that are locked; a directory has no channel. */
  record Handle(Path path, @Nullable FileChannel channel, Map<Long, FileLock> locks) {
    /** The channel of something that can be read. */
    FileChannel file(Errno otherwise, String call) throws PosixException {
      if (channel == null) {
        throw new PosixException(otherwise, call, String.valueOf(path));
      }
      return channel;
    }

    /** Locks one byte anew, without waiting; false if somebody else holds it. */
    boolean lock(long position, boolean exclusive, String object) throws IOException {
      FileChannel file = file(Errno.EINVAL, "fcntl");
      unlock(position);
      try {
        FileLock lock = translated("fcntl", object, () -> file.tryLock(position, 1, !exclusive));
        if (lock == null) {
          return false;
        }
        locks.put(position, lock);
        return true;
      } catch (OverlappingFileLockException e) {
        return false;
      }
    }

    void unlock(long position) throws IOException {
      FileLock lock = locks.remove(position);
      if (lock != null) {
        lock.release();
      }
    }
  }

  private final Map<Integer, Handle> handles = new ConcurrentHashMap<>();

  /** Above what programs take for standard input and output. */
  private final AtomicInteger next = new AtomicInteger(3);

  int add(Path path, @Nullable FileChannel channel) {
    int number = next.getAndIncrement();
    handles.put(number, new Handle(path, channel, new ConcurrentHashMap<>()));
    return number;
  }

  Handle get(int number, String call) throws PosixException {
    Handle handle = handles.get(number);
    if (handle == null) {
      throw new PosixException(Errno.EBADF, call, "descriptor " + number);
    }
    return handle;
  }

  void close(int number) throws IOException {
    Handle handle = handles.remove(number);
    if (handle == null) {
      throw new PosixException(Errno.EBADF, "close", "descriptor " + number);
    }
    FileChannel channel = handle.channel();
    if (channel != null) {
      channel.close();
    }
  }
}
