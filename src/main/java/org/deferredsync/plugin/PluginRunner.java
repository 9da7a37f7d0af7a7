package org.deferredsync.plugin;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.deferredsync.config.SettingException;
import org.deferredsync.logging.Logging;
import org.deferredsync.logging.Printable;
import org.deferredsync.process.Durations;
import org.deferredsync.process.ProcessTree;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Runs one plugin so that whatever it does stays its own affair: in a thread of its own and for a
 * limited time; what it throws becomes a code, what it leaves running is ended.
 */
public final class PluginRunner {
  private static final Duration GRACE = Duration.ofSeconds(10);
  private static final Duration LOOK = Duration.ofMillis(500);
  private static final Duration CHILDREN_GRACE = Duration.ofSeconds(2);

  private final Duration limit;
  private final Duration grace;

  /**
   * @param limit how long a plugin may run
   */
  public PluginRunner(Duration limit) {
    this(limit, GRACE);
  }

  /**
   * @param grace how long one may take to end when it is told to
   */
  PluginRunner(Duration limit, Duration grace) {
    this.limit = limit;
    this.grace = grace;
  }

  /**
   * Runs it to its end, or to the end of its time.
   *
   * @throws InterruptedException if this thread was interrupted; the plugin has been interrupted
   *     too and its children have ended
   */
  public PluginOutcome run(Plugin plugin, PluginContext context) throws InterruptedException {
    long start = System.nanoTime();
    ProcessTree children = ProcessTree.ofThisProcess();
    AtomicReference<@Nullable ReturnCode> code = new AtomicReference<>();
    List<String> reasons = new CopyOnWriteArrayList<>();
    PluginContext own = context.with(reasons::add);
    Thread thread = new Thread(() -> code.set(code(plugin, own)), "plugin " + plugin.name());
    thread.setDaemon(true);
    thread.start();
    @Nullable String trouble;
    try {
      trouble = await(thread, children, start);
      if (trouble != null) {
        context.log().warn("{}", trouble);
        reasons.add(trouble);
        stop(thread, context.log());
      }
    } catch (InterruptedException e) {
      stop(thread, context.log());
      throw e;
    } finally {
      if (plugin.startsServices()) {
        children.forgetStrays();
      }
      endChildren(children, context.log());
    }
    ReturnCode result = code.get();
    // What one says that was told to end is no success: it may not have come to its work.
    return new PluginOutcome(
        plugin.name(),
        result == null || (trouble != null && result == ReturnCode.SUCCESS)
            ? ReturnCode.FAILURE
            : result,
        Duration.ofNanos(System.nanoTime() - start),
        String.join("; ", reasons));
  }

  private static ReturnCode code(Plugin plugin, PluginContext context) {
    Logger log = context.log();
    Logging.speakFor(log.getName());
    try {
      return plugin.run(context);
    } catch (PluginException e) {
      log.warn("{}", e.getMessage(), e);
      context.reasons().accept(String.valueOf(e.getMessage()));
      return e.code();
    } catch (SettingException e) {
      log.warn("{}", e.getMessage(), e);
      context.reasons().accept(String.valueOf(e.getMessage()));
      return ReturnCode.PREREQUISITE;
    } catch (InterruptedException e) {
      log.warn("Interrupted.");
      return ReturnCode.FAILURE;
    } catch (IOException e) {
      log.error("{}", describe(e), e);
      context.reasons().accept(describe(e));
      return ReturnCode.FAILURE;
    } catch (Throwable e) {
      // Whatever a plugin throws must not end the job: memory, stack and linkage errors too.
      log.error("A fault in the plugin, please report it: {}", describe(e), e);
      return ReturnCode.FAILURE;
    }
  }

  private static String describe(Throwable thrown) {
    String message = thrown.getMessage();
    if (message != null && thrown.getClass().getName().startsWith("org.deferredsync.")) {
      return Printable.of(message); // ours says it all
    }
    return Printable.of(
        thrown.getClass().getSimpleName() + (message == null ? "" : ": " + message));
  }

  /** Waits for the thread; a sentence if it has not ended in time or will never end. */
  private @Nullable String await(Thread thread, ProcessTree children, long start)
      throws InterruptedException {
    while (true) {
      long left = limit.toNanos() - (System.nanoTime() - start);
      if (left <= 0) {
        return "It ran longer than " + Durations.format(limit) + " (PLUGIN_TIMEOUT) and is ended.";
      }
      thread.join(Math.max(1, Math.min(left, LOOK.toNanos()) / 1_000_000));
      if (!thread.isAlive()) {
        return null;
      }
      try {
        children.observe();
      } catch (OutOfMemoryError e) {
        return "It is ended, since no memory is left (" + e + ").";
      }
      if (hasCalledExit(thread)) {
        return "It tried to end the whole job (System.exit), which goes on without it.";
      }
    }
  }

  /** Runtime.exit never returns to its caller, who waits there for the shutdown hooks to end. */
  static boolean hasCalledExit(Thread thread) {
    for (StackTraceElement frame : thread.getStackTrace()) {
      if (frame.getClassName().equals("java.lang.Runtime")
          && frame.getMethodName().equals("exit")) {
        return true;
      }
    }
    return false;
  }

  private void stop(Thread thread, Logger log) throws InterruptedException {
    if (hasCalledExit(thread)) {
      return;
    }
    thread.interrupt();
    thread.join(grace.toMillis());
    if (thread.isAlive()) {
      log.warn("It does not end when told to, and is left alone until the job ends.");
    }
  }

  private static void endChildren(ProcessTree children, Logger log) {
    List<String> alive = children.alive();
    if (!alive.isEmpty()) {
      log.warn("It left processes behind, which have been ended: {}.", String.join(", ", alive));
      children.end(CHILDREN_GRACE);
    }
  }
}
