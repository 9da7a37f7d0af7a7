package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.sweep.Sweep;
import org.jspecify.annotations.Nullable;

/**
 * Counts how often names that somebody exchanges are looked at, and how often something else than
 * what had been there was met: a link or another type where a directory or file was.
 */
final class Encounters {
  private static final Set<Errno> MET = Set.of(Errno.ELOOP, Errno.ENOTDIR, Errno.EPERM);

  static final int FULL_COUNT = 100_000;
  static final int USUAL_COUNT = 500;

  private final Pattern names;
  private final Map<String, Long> met = new TreeMap<>();
  private long looks;

  /**
   * @param names which, as a regular expression
   */
  Encounters(String names) {
    this.names = Pattern.compile(names);
  }

  /** The system's calls, counted. */
  Posix posix() {
    Posix real = Posix.ofSystem();
    return (Posix)
        Proxy.newProxyInstance(
            Encounters.class.getClassLoader(),
            new Class<?>[] {Posix.class},
            (proxy, method, arguments) -> call(real, method, arguments));
  }

  private @Nullable Object call(Posix real, Method method, Object @Nullable [] arguments)
      throws Throwable {
    boolean watched = arguments != null && isWatched(arguments);
    if (watched) {
      look();
    }
    try {
      Object result = method.invoke(real, arguments);
      if (watched && method.getName().equals("openFile") && result instanceof Integer descriptor) {
        if (!real.stat(descriptor).isRegular()) {
          meet("no regular file");
        }
      } else if (watched && result instanceof Stat stat && stat.isSymlink()) {
        meet("a link");
      }
      return result;
    } catch (InvocationTargetException e) {
      if (watched && e.getCause() instanceof PosixException posix && MET.contains(posix.errno())) {
        meet(posix.errno().name());
      }
      throw e.getCause();
    }
  }

  private boolean isWatched(Object[] arguments) {
    for (Object argument : arguments) {
      if (argument instanceof byte[] name
          && names.matcher(new String(name, StandardCharsets.ISO_8859_1)).matches()) {
        return true;
      }
    }
    return false;
  }

  private synchronized void look() {
    looks++;
  }

  private synchronized void meet(String what) {
    met.merge(what, 1L, Long::sum);
  }

  /**
   * Whether such names were looked at as often as that, and enough of these looks met something
   * else; where few do, since the one who exchanges them hardly gets to it, 20 times as often.
   */
  synchronized boolean suffice(int count) {
    return looks >= count && (all() >= looks / 100 || looks >= 20L * count);
  }

  private long all() {
    return met.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Prints the figures, and requires that of a hundred looks one met something else. */
  synchronized void report(Sweep sweep, String scenario, long flips) {
    long all = all();
    sweep.note(
        String.format(
            "%s: %d flips, %d looks, %d met (%.1f %%): %s",
            scenario, flips, looks, all, 100.0 * all / Math.max(1, looks), met));
    assertThat(flips).as("flips").isGreaterThanOrEqualTo(sweep.count(FULL_COUNT, USUAL_COUNT));
    assertThat(all).as("met of %d looks", looks).isGreaterThanOrEqualTo(looks / 100);
  }
}
