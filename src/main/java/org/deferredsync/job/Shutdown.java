package org.deferredsync.job;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.deferredsync.process.ProcessTree;

/**
 * Stands between the end of the process and a running job. A signal (SIGTERM, SIGINT, SIGHUP)
 * interrupts the job, which has a few seconds to end its children; the JVM then exits with 128+n. A
 * plugin that calls {@code System.exit} waits there, and the job goes on to its own end.
 */
public final class Shutdown implements SignalSource, AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(4);
  private static final Duration LOOK = Duration.ofMillis(100);

  private final Thread job;
  private final ProcessTree children = ProcessTree.ofThisProcess();
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread hook = new Thread(this::beforeExit, "shutdown");
  private volatile String signal = "";
  private volatile int status = 1;

  private Shutdown(Thread job) {
    this.job = job;
  }

  /** Guards the job that the calling thread is about to run. */
  public static Shutdown guard() {
    Shutdown shutdown = new Shutdown(Thread.currentThread());
    Runtime.getRuntime().addShutdownHook(shutdown.hook);
    return shutdown;
  }

  /** The signal that ends the job; SIGTERM if none is known. */
  @Override
  public String name() {
    return signal.isEmpty() ? "SIGTERM" : signal;
  }

  /** The exit status of the process if a plugin has called for its end meanwhile. */
  public void status(int newStatus) {
    status = newStatus;
  }

  /** The job has ended and has said all that it had to say. */
  @Override
  public void close() {
    ended.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is ending already, and its status is the hook's affair.
      return;
    }
  }

  private void beforeExit() {
    boolean done = false;
    while (!done) {
      Optional<String> received = receivedSignal();
      if (received.isPresent()) {
        signal = received.get();
        job.interrupt();
        await(PATIENCE);
        children.end(Duration.ZERO);
        return;
      }
      done = await(LOOK);
    }
    Runtime.getRuntime().halt(status);
  }

  private boolean await(Duration time) {
    try {
      return ended.await(time.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      return false;
    }
  }

  /** The JVM handles a signal in a thread that it names after it, "SIGTERM handler". */
  private static Optional<String> receivedSignal() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> name.startsWith("SIG") && name.endsWith(" handler"))
        .map(name -> name.substring(0, name.indexOf(' ')))
        .findFirst();
  }
}
