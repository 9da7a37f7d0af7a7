package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.deferredsync.snapshot.FilePath;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Steps are carried out in their order, and what ends their thread ends whoever adds them. */
final class RestoreQueueTest {
  private static RestoreStep step(int number) {
    FilePath path = FilePath.of("/" + number);
    return new RestoreStep.Enter(path, path, false);
  }

  @Test
  void steps_areCarriedOutInTheirOrder() throws IOException {
    List<RestoreStep> done = new ArrayList<>();
    List<RestoreStep> all = new ArrayList<>();
    try (RestoreQueue queue = new RestoreQueue(done::add)) {
      for (int i = 0; i < 1000; i++) {
        all.add(step(i));
        queue.add(all.get(i));
      }
      queue.end();
    }
    assertThat(done).isEqualTo(all);
  }

  /** Of the writing thread a failure of any kind. */
  private static void fail(String kind) throws IOException {
    switch (kind) {
      case "io" -> throw new IOException(kind);
      case "unchecked" -> throw new IllegalStateException(kind);
      default -> throw new AssertionError(kind);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"io", "unchecked", "error"})
  void failure_comesOut_howeverManyStepsFollow(String kind) {
    try (RestoreQueue queue = new RestoreQueue(step -> fail(kind))) {
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < 100_000; i++) {
                  queue.add(step(i));
                }
              })
          .hasMessage(kind);
      assertThatThrownBy(queue::end).hasMessage(kind);
    }
    try (RestoreQueue queue = new RestoreQueue(step -> fail(kind))) {
      assertThatThrownBy(
              () -> {
                queue.add(step(1));
                queue.end();
              })
          .hasMessage(kind);
    }
  }

  /** The thread goes on with its step until somebody waits for it. */
  @Test
  void adding_ends_whereItIsInterrupted_andWaitsForTheThread() throws Exception {
    Thread adding = Thread.currentThread();
    CountDownLatch begun = new CountDownLatch(1);
    AtomicBoolean over = new AtomicBoolean();
    List<Thread> writer = new ArrayList<>();
    RestoreQueue queue =
        new RestoreQueue(
            step -> {
              writer.add(Thread.currentThread());
              begun.countDown();
              while (adding.getState() != Thread.State.WAITING && !over.get()) {
                Thread.onSpinWait();
              }
            });
    for (int i = 0; i < 128; i++) {
      queue.add(step(i));
    }
    assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();
    Thread.currentThread().interrupt();
    try {
      assertThatThrownBy(queue::end).isInstanceOf(IOException.class).hasMessage("interrupted");
      queue.close();

      assertThat(Thread.interrupted()).as("stays interrupted").isTrue();
      assertThat(writer.get(0).isAlive()).isFalse();
    } finally {
      over.set(true);
    }
  }
}
