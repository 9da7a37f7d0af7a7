package org.deferredsync.plugin.dump;

import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.logging.Printable;
import org.deferredsync.logging.Progress;
import org.deferredsync.process.ByteSink;
import org.jspecify.annotations.Nullable;

/**
 * A dump in the making: a file of ours alone beside the one that it will replace. Whatever happens
 * before {@link #publish}, the last good dump is in place; closing removes what was not published.
 * Who hands over the contents follows them; a thread of its own compresses and writes.
 */
final class DumpFile implements ByteSink, Closeable {
  private static final int MODE = 0600;
  private static final int BUFFER = 64 * 1024;
  private static final int AHEAD = 16;

  /** What no name of somebody else ends with, so that what was left behind is known. */
  private static final String TEMPORARY = ".deferred-sync";

  private static final Chunk END = new Chunk(new byte[0], -1);

  private final DumpDirectory directory;
  private final Posix posix;
  private final String name;
  private final String temporary;
  private final int descriptor;
  private final Contents contents;
  private final Progress progress;
  private final FileStream file;
  private final BlockingQueue<Chunk> queue = new ArrayBlockingQueue<>(AHEAD);
  private final Queue<byte[]> spare = new ArrayBlockingQueue<>(AHEAD);
  private final Thread writer;
  private volatile @Nullable Throwable failure;
  private long taken;
  private boolean published;

  /** The first {@code length} bytes of an array, on their way to the writer; -1 for the end. */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  private record Chunk(byte[] bytes, int length) {}

  /** What was written: how many bytes of contents, and the file with them. */
  record Written(long contentBytes, long fileBytes, String fileHash) {}

  private DumpFile(
      DumpDirectory directory,
      DumpName name,
      Compression compression,
      Contents contents,
      Progress progress,
      int descriptor) {
    this.directory = directory;
    this.posix = directory.posix();
    this.name = name.file(compression);
    this.temporary = temporary(this.name);
    this.descriptor = descriptor;
    this.contents = contents;
    this.progress = progress;
    this.file = new FileStream(posix, descriptor);
    this.writer =
        new Thread(() -> write(compression, name.contents()), "dump of " + name.contents());
    writer.setDaemon(true);
    writer.setUncaughtExceptionHandler((thread, e) -> end(e));
  }

  /** Removes what killed dumps have left in the directory, whatever they were of. */
  static void removeLeftovers(DumpDirectory directory) throws IOException {
    Posix posix = directory.posix();
    for (byte[] bytes : directory.names()) {
      String left = new String(bytes, StandardCharsets.UTF_8);
      if (left.startsWith(".") && left.endsWith(TEMPORARY)) {
        removeLeftover(posix, directory, bytes);
      }
    }
  }

  private static void removeLeftover(Posix posix, DumpDirectory directory, byte[] name)
      throws IOException {
    try {
      int there = posix.openFile(directory.descriptor(), name);
      try {
        if (directory.isOurs(posix.stat(there)) && posix.lock(there, 0, false)) {
          posix.unlink(directory.descriptor(), name);
        }
      } finally {
        posix.close(there);
      }
    } catch (PosixException e) {
      if (!e.is(Errno.ENOENT) && !e.is(Errno.ELOOP)) {
        throw e;
      }
    }
  }

  /**
   * Begins a dump. What a killed one has left is removed.
   *
   * @param contents follows what is written
   * @throws IOException if there can be no such file, or another process is writing it
   */
  static DumpFile create(
      DumpDirectory directory,
      DumpName name,
      Compression compression,
      Contents contents,
      Progress progress)
      throws IOException {
    int descriptor = open(directory, temporary(name.file(compression)));
    DumpFile dump = new DumpFile(directory, name, compression, contents, progress, descriptor);
    dump.writer.start();
    return dump;
  }

  private static String temporary(String name) {
    return "." + name + TEMPORARY;
  }

  private static int open(DumpDirectory directory, String temporary) throws IOException {
    Posix posix = directory.posix();
    byte[] bytes = DumpDirectory.bytes(temporary);
    int file;
    try {
      file = posix.createFile(directory.descriptor(), bytes, MODE);
    } catch (PosixException e) {
      if (!e.is(Errno.EEXIST)) {
        throw e;
      }
      requireLeft(directory, temporary);
      posix.unlink(directory.descriptor(), bytes);
      file = posix.createFile(directory.descriptor(), bytes, MODE);
    }
    if (!posix.lock(file, 0, true)) {
      posix.close(file);
      throw new IOException(directory.pathOf(temporary) + " is being written by another process");
    }
    return file;
  }

  /** Who writes a dump holds a lock on it until it is published, or until the process is gone. */
  private static void requireLeft(DumpDirectory directory, String temporary) throws IOException {
    Posix posix = directory.posix();
    int there;
    try {
      there = posix.openFile(directory.descriptor(), DumpDirectory.bytes(temporary));
    } catch (PosixException e) {
      if (e.is(Errno.ELOOP) || e.is(Errno.ENOENT)) {
        return;
      }
      throw e;
    }
    try {
      if (posix.stat(there).isRegular() && !posix.lock(there, 0, false)) {
        throw new IOException(directory.pathOf(temporary) + " is being written by another process");
      }
    } finally {
      posix.close(there);
    }
  }

  /** Takes contents; an error of the disk comes out at one of the next calls. */
  @Override
  public void take(byte[] bytes, int length) throws IOException {
    contents.take(bytes, length);
    byte[] copy = length > BUFFER ? null : spare.poll();
    copy = copy == null ? new byte[Math.max(BUFFER, length)] : copy;
    System.arraycopy(bytes, 0, copy, 0, length);
    hand(new Chunk(copy, length));
    taken += length;
    progress.advance(0, length);
  }

  private void hand(Chunk chunk) throws IOException {
    try {
      while (!queue.offer(chunk, 1, TimeUnit.SECONDS)) {
        check();
      }
      check();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** A writer that has died, of whatever, has not written all: never is that a dump. */
  private void check() throws IOException {
    Throwable known = failure;
    if (known instanceof IOException e) {
      throw new IOException(text(e), e);
    } else if (known != null) {
      throw new IOException("it cannot be written: " + known, known);
    }
  }

  private String text(IOException e) {
    boolean full =
        e instanceof PosixException posixError
            && (posixError.is(Errno.ENOSPC) || posixError.is(Errno.EDQUOT));
    String cause = Printable.of(String.valueOf(e.getMessage()));
    return full ? "no room in " + directory.path() + " (" + cause + "); free some" : cause;
  }

  private void write(Compression compression, String entry) {
    try (OutputStream out = compression.to(new BufferedOutputStream(file, BUFFER), entry)) {
      for (Chunk chunk = queue.take(); chunk.length() >= 0; chunk = queue.take()) {
        out.write(chunk.bytes(), 0, chunk.length());
        spare.offer(chunk.bytes());
      }
    } catch (IOException | InterruptedException e) {
      end(e);
    }
  }

  /** Whoever waits for room in the queue finds the failure next. */
  private void end(Throwable e) {
    failure = e;
    queue.clear();
  }

  /**
   * Ends the compression and puts the file on the disk, still under its temporary name.
   *
   * @throws IOException if any of it could not be written
   */
  Written finish() throws IOException, InterruptedException {
    hand(END);
    writer.join();
    check();
    try {
      posix.sync(descriptor);
    } catch (IOException e) {
      throw new IOException(text(e), e);
    }
    return new Written(taken, file.size(), file.hash());
  }

  /** The contents of the finished file, from its beginning; to be closed before it is published. */
  InputStream reread() throws IOException {
    posix.seek(descriptor, 0);
    return Compression.contents(new DescriptorStream(posix, descriptor, false));
  }

  /** Puts the finished file in the place of the last one, for good. */
  void publish() throws IOException {
    Stat ours = posix.stat(descriptor);
    byte[] from = DumpDirectory.bytes(temporary);
    if (!posix.stat(directory.descriptor(), from).sameObject(ours)) {
      throw new IOException(directory.pathOf(temporary) + " was exchanged by somebody else");
    }
    posix.rename(directory.descriptor(), from, directory.descriptor(), DumpDirectory.bytes(name));
    published = true;
    posix.sync(directory.descriptor());
  }

  @Override
  public void close() throws IOException {
    try {
      if (writer.isAlive()) {
        writer.interrupt();
        joinWriter();
      }
      if (!published) {
        byte[] bytes = DumpDirectory.bytes(temporary);
        if (posix.stat(directory.descriptor(), bytes).sameObject(posix.stat(descriptor))) {
          posix.unlink(directory.descriptor(), bytes);
        }
      }
    } catch (PosixException e) {
      if (!e.is(Errno.ENOENT)) {
        throw e;
      }
    } finally {
      posix.close(descriptor);
    }
  }

  private void joinWriter() {
    boolean interrupted = Thread.interrupted();
    while (writer.isAlive()) {
      try {
        writer.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
