package org.deferredsync.plugin.dump;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.deferredsync.process.Command;
import org.deferredsync.process.CommandResult;
import org.deferredsync.process.CommandRunner;
import org.jspecify.annotations.Nullable;

/** A server of a drill: runs in a thread of its own until it is closed, with all its processes. */
final class ScratchServer implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final long PAUSE_MILLIS = 50;

  private final Command command;
  private final Complaint complaint = new Complaint();
  private final Thread thread;
  private volatile @Nullable CommandResult ended;

  ScratchServer(CommandRunner commands, Command command) {
    this.command = command;
    this.thread = new Thread(() -> serve(commands), "drill server");
    thread.setDaemon(true);
    thread.start();
  }

  private void serve(CommandRunner commands) {
    try {
      ended = commands.run(command, complaint, complaint);
    } catch (InterruptedException e) {
      // It was to end, and has.
      Thread.currentThread().interrupt();
    }
  }

  /** Asks whether a server answers. */
  interface Question {
    boolean isAnswered() throws InterruptedException;
  }

  /** Waits until it answers. */
  void await(Question question) throws ProofException, InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!question.isAnswered()) {
      CommandResult result = ended;
      if (result != null || System.nanoTime() > deadline) {
        throw new ProofException(
            "the scratch server "
                + (result == null ? "does not answer" : result.describe())
                + (complaint.text().isEmpty() ? "" : ": " + complaint.text()));
      }
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
    }
  }

  @Override
  public void close() {
    boolean interrupted = false;
    thread.interrupt();
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
