package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Supplier;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;

/**
 * Visits every directory of a tree by several threads, which it starts and ends. Each directory is
 * opened below its parent, the deepest first, with no link followed; few are open at a time, and of
 * those to come only the names are kept.
 */
final class Walk implements AutoCloseable {
  private static final int OPEN = 64;

  private final Posix posix;
  private final PathBuffer topPath;
  private final WalkDirectory top;
  private final int topDescriptor;
  private final Supplier<? extends Visitor> visitors;
  private final List<Thread> threads = new ArrayList<>();

  // All guarded by this.
  private final WalkDescriptors descriptors;
  private final Deque<ToVisit> stack = new ArrayDeque<>();
  private int visiting;
  private @Nullable Throwable failure;

  private record ToVisit(WalkDirectory directory, NameList names) {}

  /** What one thread does with the directories it comes to. */
  interface Visitor {
    /**
     * Lists an open directory.
     *
     * @param path good until this returns
     * @return which of its names are directories to be visited; null if none is
     */
    @Nullable Found visit(int descriptor, PathBuffer path) throws IOException;

    /** A directory that could not be opened, or not be listed. */
    void failed(PathBuffer path, PosixException cause) throws IOException;

    /** The thread visits nothing any more, whatever the reason. */
    void end();
  }

  /** The directories in a directory. */
  record Found(Stat self, NameList names) {}

  /**
   * @param topDescriptor stays its owner's, open until the walk has ended
   * @param visitors makes one for each thread
   */
  Walk(
      Posix posix,
      FilePath topPath,
      int topDescriptor,
      Stat topStat,
      Supplier<? extends Visitor> visitors) {
    this.posix = posix;
    this.topPath = new PathBuffer().set(topPath);
    this.top = WalkDirectory.top(this.topPath.length(), topStat);
    this.topDescriptor = topDescriptor;
    this.visitors = visitors;
    this.descriptors = new WalkDescriptors(posix, top, topDescriptor, OPEN);
  }

  /** Begins. */
  void start(int count) {
    visiting = 1; // the top, which the first thread visits
    for (int i = 0; i < count; i++) {
      Visitor visitor = visitors.get();
      boolean first = i == 0;
      Thread thread = new Thread(() -> run(visitor, first), "scan-" + (i + 1));
      thread.setDaemon(true);
      threads.add(thread);
    }
    threads.forEach(Thread::start);
  }

  private void run(Visitor visitor, boolean first) {
    PathBuffer path = new PathBuffer();
    try {
      if (first) {
        visitTop(visitor, path);
      }
      while (visitNext(visitor, path)) {
        // on to the next one
      }
    } catch (IOException | RuntimeException | Error e) {
      fail(e);
    } finally {
      visitor.end();
    }
  }

  private void visitTop(Visitor visitor, PathBuffer path) throws IOException {
    try {
      path.setLength(topPath.length());
      System.arraycopy(topPath.array(), 0, path.array(), 0, topPath.length());
      Found found = visitor.visit(topDescriptor, path);
      if (found != null) {
        push(top, found.names());
      }
    } catch (PosixException e) {
      visitor.failed(path, e);
    } finally {
      visited();
    }
  }

  private boolean visitNext(Visitor visitor, PathBuffer path) throws IOException {
    WalkDirectory directory;
    byte[] name;
    synchronized (this) {
      while (stack.isEmpty() && visiting > 0 && failure == null) {
        try {
          wait();
        } catch (InterruptedException e) {
          throw new IllegalStateException("a thread of the walk was interrupted", e);
        }
      }
      if (stack.isEmpty() || failure != null) {
        return false;
      }
      ToVisit next = stack.peek();
      directory = next.directory();
      name = next.names().next();
      if (next.names().isEmpty()) {
        stack.pop();
      }
      visiting++;
    }
    directory.writePath(topPath, name, path);
    try {
      visit(visitor, directory, name, path);
    } catch (PosixException e) {
      visitor.failed(path, e);
    } finally {
      visited();
    }
    return true;
  }

  private void visit(Visitor visitor, WalkDirectory parent, byte[] name, PathBuffer path)
      throws IOException {
    int descriptor;
    int above = use(parent);
    try {
      descriptor = posix.openDirectory(above, name);
    } finally {
      release(parent);
    }
    boolean kept = false;
    try {
      Found found = visitor.visit(descriptor, path);
      if (found != null) {
        WalkDirectory directory = WalkDirectory.below(parent, name, found.self());
        kept = true;
        keep(directory, descriptor);
        push(directory, found.names());
      }
    } finally {
      if (!kept) {
        posix.close(descriptor);
      }
    }
  }

  private synchronized int use(WalkDirectory directory) throws IOException {
    return descriptors.use(directory);
  }

  private synchronized void release(WalkDirectory directory) {
    descriptors.release(directory);
  }

  private synchronized void keep(WalkDirectory directory, int descriptor) throws IOException {
    descriptors.add(directory, descriptor);
  }

  private synchronized void push(WalkDirectory directory, NameList names) {
    stack.push(new ToVisit(directory, names));
    notifyAll();
  }

  private synchronized void visited() {
    visiting--;
    if (visiting == 0) {
      notifyAll();
    }
  }

  private synchronized void fail(Throwable e) {
    if (failure == null) {
      failure = e;
    }
    notifyAll();
  }

  /** Lets the threads visit nothing more. */
  void stop() {
    fail(new IllegalStateException("the walk was stopped"));
  }

  /**
   * Waits for the end of all threads.
   *
   * @throws IOException what ended one of them
   */
  void finish() throws IOException {
    join();
    Throwable cause;
    synchronized (this) {
      cause = failure;
    }
    if (cause instanceof IOException io) {
      throw io;
    }
    if (cause instanceof RuntimeException unchecked) {
      throw unchecked;
    }
    if (cause instanceof Error error) {
      throw error;
    }
  }

  private void join() {
    boolean interrupted = false;
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true; // they end soon, and the descriptors are theirs until then
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ends the threads and closes what they had opened. */
  @Override
  public void close() throws IOException {
    stop();
    join();
    synchronized (this) {
      descriptors.closeAll();
    }
  }
}
