package org.deferredsync.fs;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.deferredsync.logging.Printable;
import org.jspecify.annotations.Nullable;

/**
 * {@link Posix} around a real one, for tests: it counts the calls that change something, logs all,
 * fails or dies where it is told to, and knows which descriptors are open.
 *
 * <p>An object of a call is the path that its descriptor was opened at, with the name behind it, as
 * {@link Printable} text. Safe for use by several threads.
 */
public final class FaultyPosix implements Posix {
  /** The calls, and whether they change something. */
  public enum Call {
    OPEN_PATH(false),
    OPEN_DIRECTORY(false),
    OPEN_FILE(false),
    CREATE_FILE(true),
    /** Counted as a change even if the file is there, so that numbers stay the same. */
    OPEN_OWN(true),
    CLOSE(false),
    /** Of a name. */
    STAT(false),
    STAT_OPEN(false),
    LIST(false),
    READ_LINK(false),
    SPACE(false),
    READ(false),
    WRITE(true),
    SEEK(false),
    TRUNCATE(true),
    BEGIN_WRITE_BACK(true),
    SYNC(true),
    SYNC_FILE_SYSTEM(true),
    MAKE_DIRECTORY(true),
    MAKE_SYMLINK(true),
    MAKE_NODE(true),
    LINK(true),
    RENAME(true),
    RENAME_NEW(true),
    UNLINK(true),
    REMOVE_DIRECTORY(true),
    SET_OWNER(true),
    SET_MODE(true),
    SET_TIME(true),
    XATTRS(false),
    SET_XATTR(true),
    REMOVE_XATTR(true),
    LOCK(false),
    UNLOCK(false);

    private final boolean mutates;

    Call(boolean mutates) {
      this.mutates = mutates;
    }

    /** Whether it changes something on disk, or makes sure of it. */
    public boolean mutates() {
      return mutates;
    }
  }

  /** One call that was made. */
  public record Entry(Call call, List<String> objects) {
    /** {@code RENAME /a/b /a/c}. */
    @Override
    public String toString() {
      return call + " " + String.join(" ", objects);
    }

    private boolean isBelow(String path) {
      return objects.stream().anyMatch(o -> o.equals(path) || o.startsWith(path + "/"));
    }

    private boolean concerns(String name) {
      return objects.stream().anyMatch(o -> o.equals(name) || o.endsWith("/" + name));
    }
  }

  /** Something that the test does to the world. */
  @FunctionalInterface
  public interface Interference {
    void run() throws IOException;
  }

  private static final int CALLERS = 4;

  private final Posix real;
  private final List<Entry> log = new ArrayList<>();
  private final List<Fault> faults = new ArrayList<>();
  private final Map<Integer, String> open = new TreeMap<>();
  private long openLimit = Long.MAX_VALUE;
  private final List<String> closedTwice = new ArrayList<>();
  private final List<String> places = new ArrayList<>();
  private boolean notesPlaces;
  private int mostOpen;
  private int mutations;
  private @Nullable String dyingPath;
  private @Nullable Errno dyingOf;
  private int dyingAt;
  private int callsBelow;
  private int crashBefore;
  private int crashAfter;
  private boolean crashed;

  public FaultyPosix(Posix real) {
    this.real = real;
  }

  /** Around {@link Posix#ofSystem}. */
  public static FaultyPosix ofSystem() {
    return new FaultyPosix(Posix.ofSystem());
  }

  /** Dies before the {@code number}-th mutating call, the first being 1; 0 is never. */
  public synchronized void crashBefore(int number) {
    crashBefore = number;
  }

  /** Dies after the {@code number}-th mutating call has been made, the first being 1. */
  public synchronized void crashAfter(int number) {
    crashAfter = number;
  }

  /** The {@code number}-th such call from now, the first being 1, is not made and fails. */
  public synchronized void failAt(Call call, int number, Errno errno) {
    faults.add(new Fault(call, null, number, errno, null));
  }

  /** Each such call on {@code name} (the last component, or the whole path) fails. */
  public synchronized void failOn(Call call, String name, Errno errno) {
    faults.add(new Fault(call, name, 0, errno, null));
  }

  /** Each such call fails. */
  public synchronized void failAlways(Call call, Errno errno) {
    faults.add(new Fault(call, null, 0, errno, null));
  }

  /** Before the next such call on {@code name}, once, {@code action} changes the world. */
  public synchronized void before(Call call, String name, Interference action) {
    before(call, name, 1, action);
  }

  /** The same before the {@code number}-th such call from now. */
  public synchronized void before(Call call, String name, int number, Interference action) {
    faults.add(new Fault(call, name, number, null, action));
  }

  /** Dies here and now, outside of any call. */
  public synchronized void die(String where) {
    crashed = true;
    throw new CrashError(where);
  }

  /**
   * From the {@code number}-th call on that concerns {@code path} or what is below it, each of them
   * fails, but for giving descriptors back: as of a file system whose server is gone.
   */
  public synchronized void failBelow(String path, int number, Errno errno) {
    dyingPath = path;
    dyingAt = number;
    dyingOf = errno;
  }

  /** How many calls concerned what {@link #failBelow} names. */
  public synchronized int callsBelow() {
    return callsBelow;
  }

  private boolean isDead(Entry entry) {
    String path = dyingPath;
    if (path == null || entry.call() == Call.CLOSE || !entry.isBelow(path)) {
      return false;
    }
    callsBelow++;
    return callsBelow >= dyingAt;
  }

  /** From now on nothing fails any more; a crash stays. */
  public synchronized void heal() {
    faults.clear();
    crashBefore = 0;
    crashAfter = 0;
  }

  /** What the kernel does for a dead process: closes its descriptors, which ends its locks. */
  public synchronized void endProcess() throws IOException {
    for (int descriptor : open.keySet()) {
      real.close(descriptor);
    }
    open.clear();
    crashed = true;
  }

  /** How many mutating calls were made or refused. */
  public synchronized int mutations() {
    return mutations;
  }

  /** All calls in order, those that failed too. */
  public synchronized List<Entry> log() {
    return List.copyOf(log);
  }

  /** The mutating calls in order, as text. */
  public synchronized List<String> changes() {
    return log.stream().filter(e -> e.call().mutates()).map(Entry::toString).toList();
  }

  /** From now on keeps, of each call, where in the program it was made. */
  public synchronized void notePlaces() {
    notesPlaces = true;
  }

  /** Where the calls of {@link #log} were made: the callers nearest to each, classes and lines. */
  public synchronized List<String> places() {
    return List.copyOf(places);
  }

  private static String place() {
    return StackWalker.getInstance()
        .walk(
            frames ->
                frames
                    .filter(frame -> frame.getClassName().startsWith("org.deferredsync."))
                    .filter(frame -> !frame.getClassName().startsWith(FaultyPosix.class.getName()))
                    .limit(CALLERS)
                    .map(frame -> frame.getFileName() + ":" + frame.getLineNumber())
                    .collect(Collectors.joining(" ")));
  }

  /** How many descriptors have been open at the same time. */
  public synchronized int mostOpen() {
    return mostOpen;
  }

  /** Who closed a descriptor that was closed already, and might have been somebody else's. */
  public synchronized List<String> closedTwice() {
    return List.copyOf(closedTwice);
  }

  /** The objects of the descriptors that are open. */
  public synchronized List<String> openObjects() {
    return List.copyOf(open.values());
  }

  private <T> T call(Call call, List<String> objects, IoCall<T> action) throws IOException {
    boolean last = enter(new Entry(call, objects));
    try {
      return action.run();
    } finally {
      if (last) {
        crash(call);
      }
    }
  }

  /** Whether the process dies after this call. */
  private boolean enter(Entry entry) throws IOException {
    List<Interference> actions = new ArrayList<>();
    Errno errno = null;
    int number;
    synchronized (this) {
      if (crashed) {
        throw new CrashError(entry.call() + " (dead)");
      }
      log.add(entry);
      if (notesPlaces) {
        places.add(place());
      }
      if (entry.call().mutates()) {
        mutations++;
      }
      number = entry.call().mutates() ? mutations : -1;
      if (number == crashBefore) {
        crash(entry.call());
      }
      if (isDead(entry)) {
        errno = dyingOf;
      }
      for (Fault fault : faults) {
        if (fault.strikes(entry)) {
          errno = fault.errno == null ? errno : fault.errno;
          if (fault.action != null) {
            actions.add(fault.action);
          }
        }
      }
    }
    for (Interference action : actions) {
      action.run();
    }
    if (errno != null) {
      throw new PosixException(errno, "injected " + entry.call(), entry.objects().toString());
    }
    synchronized (this) {
      return number == crashAfter;
    }
  }

  private synchronized void crash(Call call) {
    crashed = true;
    throw new CrashError(call + " as mutating call number " + mutations);
  }

  private synchronized String object(int descriptor) {
    return open.getOrDefault(descriptor, "descriptor " + descriptor);
  }

  private String object(int directory, byte[] name) {
    String above = object(directory);
    return (above.equals("/") ? "" : above) + "/" + Printable.of(name);
  }

  private synchronized int opened(int descriptor, String object) {
    open.put(descriptor, object);
    mostOpen = Math.max(mostOpen, open.size());
    return descriptor;
  }

  private int open(Call call, String object, IoCall<Integer> action) throws IOException {
    return call(call, List.of(object), () -> opened(action.run(), object));
  }

  private void act(Call call, List<String> objects, Interference action) throws IOException {
    call(
        call,
        objects,
        () -> {
          action.run();
          return true;
        });
  }

  @Override
  public int openPath(byte[] absolutePath) throws IOException {
    return open(Call.OPEN_PATH, Printable.of(absolutePath), () -> real.openPath(absolutePath));
  }

  @Override
  public int openDirectory(int directory, byte[] name) throws IOException {
    return open(
        Call.OPEN_DIRECTORY, object(directory, name), () -> real.openDirectory(directory, name));
  }

  @Override
  public int openFile(int directory, byte[] name) throws IOException {
    return open(Call.OPEN_FILE, object(directory, name), () -> real.openFile(directory, name));
  }

  @Override
  public int createFile(int directory, byte[] name, int mode) throws IOException {
    return open(
        Call.CREATE_FILE, object(directory, name), () -> real.createFile(directory, name, mode));
  }

  @Override
  public int openOwn(int directory, byte[] name, int mode) throws IOException {
    return open(Call.OPEN_OWN, object(directory, name), () -> real.openOwn(directory, name, mode));
  }

  /** Closes even when a fault strikes, as the kernel does. */
  @Override
  public void close(int descriptor) throws IOException {
    try {
      enter(new Entry(Call.CLOSE, List.of(object(descriptor))));
    } catch (PosixException e) {
      closeReally(descriptor);
      throw e;
    }
    closeReally(descriptor);
  }

  private synchronized void closeReally(int descriptor) throws IOException {
    // Out of the table first: once closed, another thread may be given the same number.
    if (open.remove(descriptor) == null) {
      closedTwice.add(String.valueOf(new Throwable("descriptor " + descriptor).getStackTrace()[3]));
      throw new PosixException(Errno.EBADF, "close", "descriptor " + descriptor);
    }
    real.close(descriptor);
  }

  @Override
  public Stat stat(int descriptor) throws IOException {
    return call(Call.STAT_OPEN, List.of(object(descriptor)), () -> real.stat(descriptor));
  }

  @Override
  public Stat stat(int directory, byte[] name) throws IOException {
    return call(Call.STAT, List.of(object(directory, name)), () -> real.stat(directory, name));
  }

  @Override
  public void list(int directory, Consumer<DirectoryEntry> sink) throws IOException {
    act(Call.LIST, List.of(object(directory)), () -> real.list(directory, sink));
  }

  @Override
  public byte[] readLink(int directory, byte[] name) throws IOException {
    return call(
        Call.READ_LINK, List.of(object(directory, name)), () -> real.readLink(directory, name));
  }

  @Override
  public Space space(int descriptor) throws IOException {
    return call(Call.SPACE, List.of(object(descriptor)), () -> real.space(descriptor));
  }

  @Override
  public synchronized int effectiveUser() {
    if (crashed) {
      throw new CrashError("effectiveUser (dead)");
    }
    return real.effectiveUser();
  }

  /** As if no more descriptors could be open at once; nothing is refused for it. */
  public synchronized void limitOpen(long number) {
    openLimit = number;
  }

  @Override
  public synchronized long openLimit() {
    return Math.min(openLimit, real.openLimit());
  }

  @Override
  public int read(int descriptor, byte[] buffer, int offset, int length) throws IOException {
    return call(
        Call.READ,
        List.of(object(descriptor)),
        () -> real.read(descriptor, buffer, offset, length));
  }

  @Override
  public void write(int descriptor, byte[] buffer, int offset, int length) throws IOException {
    act(
        Call.WRITE,
        List.of(object(descriptor)),
        () -> real.write(descriptor, buffer, offset, length));
  }

  @Override
  public void seek(int descriptor, long position) throws IOException {
    act(Call.SEEK, List.of(object(descriptor)), () -> real.seek(descriptor, position));
  }

  @Override
  public long seekData(int descriptor, long position) throws IOException {
    return call(Call.SEEK, List.of(object(descriptor)), () -> real.seekData(descriptor, position));
  }

  @Override
  public long seekHole(int descriptor, long position) throws IOException {
    return call(Call.SEEK, List.of(object(descriptor)), () -> real.seekHole(descriptor, position));
  }

  @Override
  public void truncate(int descriptor, long size) throws IOException {
    act(Call.TRUNCATE, List.of(object(descriptor)), () -> real.truncate(descriptor, size));
  }

  @Override
  public void beginWriteBack(int descriptor, long position, long length) throws IOException {
    act(
        Call.BEGIN_WRITE_BACK,
        List.of(object(descriptor)),
        () -> real.beginWriteBack(descriptor, position, length));
  }

  @Override
  public void sync(int descriptor) throws IOException {
    act(Call.SYNC, List.of(object(descriptor)), () -> real.sync(descriptor));
  }

  @Override
  public boolean syncsFileSystems() {
    return real.syncsFileSystems();
  }

  @Override
  public void syncFileSystem(int descriptor) throws IOException {
    act(Call.SYNC_FILE_SYSTEM, List.of(object(descriptor)), () -> real.syncFileSystem(descriptor));
  }

  @Override
  public void makeDirectory(int directory, byte[] name, int mode) throws IOException {
    act(
        Call.MAKE_DIRECTORY,
        List.of(object(directory, name)),
        () -> real.makeDirectory(directory, name, mode));
  }

  @Override
  public void makeSymlink(int directory, byte[] name, byte[] target) throws IOException {
    act(
        Call.MAKE_SYMLINK,
        List.of(object(directory, name)),
        () -> real.makeSymlink(directory, name, target));
  }

  @Override
  public void makeNode(int directory, byte[] name, int mode, long rdev) throws IOException {
    act(
        Call.MAKE_NODE,
        List.of(object(directory, name)),
        () -> real.makeNode(directory, name, mode, rdev));
  }

  @Override
  public void link(int fromDirectory, byte[] from, int toDirectory, byte[] to) throws IOException {
    act(
        Call.LINK,
        List.of(object(fromDirectory, from), object(toDirectory, to)),
        () -> real.link(fromDirectory, from, toDirectory, to));
  }

  @Override
  public void rename(int fromDirectory, byte[] from, int toDirectory, byte[] to)
      throws IOException {
    act(
        Call.RENAME,
        List.of(object(fromDirectory, from), object(toDirectory, to)),
        () -> real.rename(fromDirectory, from, toDirectory, to));
  }

  @Override
  public void renameNew(int fromDirectory, byte[] from, int toDirectory, byte[] to)
      throws IOException {
    act(
        Call.RENAME_NEW,
        List.of(object(fromDirectory, from), object(toDirectory, to)),
        () -> real.renameNew(fromDirectory, from, toDirectory, to));
  }

  @Override
  public void unlink(int directory, byte[] name) throws IOException {
    act(Call.UNLINK, List.of(object(directory, name)), () -> real.unlink(directory, name));
  }

  @Override
  public void removeDirectory(int directory, byte[] name) throws IOException {
    act(
        Call.REMOVE_DIRECTORY,
        List.of(object(directory, name)),
        () -> real.removeDirectory(directory, name));
  }

  @Override
  public void setOwner(int directory, byte[] name, int uid, int gid) throws IOException {
    act(
        Call.SET_OWNER,
        List.of(object(directory, name)),
        () -> real.setOwner(directory, name, uid, gid));
  }

  @Override
  public void setMode(int directory, byte[] name, int permissions) throws IOException {
    act(
        Call.SET_MODE,
        List.of(object(directory, name)),
        () -> real.setMode(directory, name, permissions));
  }

  @Override
  public void setTime(int directory, byte[] name, long mtimeNs) throws IOException {
    act(
        Call.SET_TIME,
        List.of(object(directory, name)),
        () -> real.setTime(directory, name, mtimeNs));
  }

  @Override
  public void setOwner(int descriptor, int uid, int gid) throws IOException {
    act(Call.SET_OWNER, List.of(object(descriptor)), () -> real.setOwner(descriptor, uid, gid));
  }

  @Override
  public void setMode(int descriptor, int permissions) throws IOException {
    act(Call.SET_MODE, List.of(object(descriptor)), () -> real.setMode(descriptor, permissions));
  }

  @Override
  public void setTime(int descriptor, long mtimeNs) throws IOException {
    act(Call.SET_TIME, List.of(object(descriptor)), () -> real.setTime(descriptor, mtimeNs));
  }

  @Override
  public List<Xattr> xattrs(int descriptor) throws IOException {
    return call(Call.XATTRS, List.of(object(descriptor)), () -> real.xattrs(descriptor));
  }

  @Override
  public List<Xattr> xattrs(int directory, byte[] name) throws IOException {
    return call(Call.XATTRS, List.of(object(directory, name)), () -> real.xattrs(directory, name));
  }

  @Override
  public void setXattr(int directory, byte[] name, Xattr attribute) throws IOException {
    act(
        Call.SET_XATTR,
        List.of(object(directory, name)),
        () -> real.setXattr(directory, name, attribute));
  }

  @Override
  public void removeXattr(int directory, byte[] name, byte[] attribute) throws IOException {
    act(
        Call.REMOVE_XATTR,
        List.of(object(directory, name)),
        () -> real.removeXattr(directory, name, attribute));
  }

  @Override
  public boolean lock(int descriptor, long position, boolean exclusive) throws IOException {
    return call(
        Call.LOCK, List.of(object(descriptor)), () -> real.lock(descriptor, position, exclusive));
  }

  @Override
  public void unlock(int descriptor, long position) throws IOException {
    act(Call.UNLOCK, List.of(object(descriptor)), () -> real.unlock(descriptor, position));
  }

  /** A call to fail, or to be preceded by an action: the {@code left}-th from now, or each if 0. */
  private static final class Fault {
    private final Call call;
    private final @Nullable String name;
    private final boolean always;
    private final @Nullable Errno errno;
    private final @Nullable Interference action;
    private int left;

    Fault(
        Call call,
        @Nullable String name,
        int left,
        @Nullable Errno errno,
        @Nullable Interference action) {
      this.call = call;
      this.name = name;
      this.left = left;
      this.always = left == 0;
      this.errno = errno;
      this.action = action;
    }

    boolean strikes(Entry entry) {
      if (entry.call() != call || (name != null && !entry.concerns(name))) {
        return false;
      }
      return always || --left == 0;
    }
  }

  @FunctionalInterface
  private interface IoCall<T> {
    T run() throws IOException;
  }
}
