package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.deferredsync.backup.PushSource.Changes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/**
 * A copy to which rsync brings no more than what a push is told to have changed is as the target,
 * whatever the runs between two pushes did.
 */
@EnabledOnOs(OS.LINUX)
@Timeout(300)
final class RandomPushTest {
  private static final String HOST = "vault /srv";
  private static final int PUSHES = 8;

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  @Test
  void copy_isAsTheTarget_afterWhatIsToldWasSent() throws Exception {
    long seed = Long.getLong("push.seed", new Random().nextInt(1_000_000));
    System.out.println("changes between pushes: -Dpush.seed=" + seed);
    Random random = new Random(seed);
    EngineFixture fixture = new EngineFixture(scratch);
    RandomSource source = new RandomSource(fixture.source, random);
    Path copy = Files.createDirectory(scratch.resolve("copy"));
    source.change(60);
    fixture.run();
    long seq;
    try (PushSource pushed = open(fixture)) {
      good(rsync(new byte[0], List.of("--exclude=/.deferred-sync"), fixture.target + "/", copy));
      seq = pushed.seq();
    }
    int run = 0;
    for (int push = 1; push <= PUSHES; push++) {
      for (int runs = 1 + random.nextInt(3); runs > 0; runs--) {
        source.change(1 + random.nextInt(15));
        fixture.ahead(Duration.ofSeconds(10 + 10L * ++run));
        fixture.run();
      }
      try (PushSource pushed = open(fixture)) {
        send(pushed.since(HOST, seq).orElseThrow(), fixture.target, copy);
        seq = pushed.seq();
      }
      assertThat(tree(copy))
          .as("push %d of -Dpush.seed=%d", push, seed)
          .isEqualTo(tree(fixture.target));
    }
  }

  private static PushSource open(EngineFixture fixture) throws Exception {
    return PushSource.open(
        fixture.engine(),
        EngineFixture.filePath(fixture.target),
        Set.of(HOST),
        LoggerFactory.getLogger("backup_to_remote"));
  }

  /** Everything but our own directory, and of the increments not which names are one file. */
  private static Map<String, String> tree(Path top) throws IOException {
    Map<String, String> lines = TreeText.of(top);
    lines.keySet().removeIf(name -> name.equals(".") || name.startsWith(".deferred-sync"));
    lines.replaceAll(
        (name, line) -> name.startsWith("_backup_") ? line.replaceFirst(" = .*", "") : line);
    return lines;
  }

  /** In the order and with the options of a push. */
  private static void send(Changes changes, Path target, Path copy) throws Exception {
    for (Map.Entry<String, byte[]> increment : changes.increments().entrySet()) {
      byte[] names = new byte[increment.getValue().length + 2];
      names[0] = '.';
      System.arraycopy(increment.getValue(), 0, names, 2, increment.getValue().length);
      Path to = copy.resolve(increment.getKey());
      good(
          listed(
              names,
              List.of("--checksum", "--link-dest=" + copy),
              target.resolve(increment.getKey()),
              to));
    }
    good(listed(changes.contents(), List.of("--ignore-times"), target, copy));
    Path moved = Path.of(target + changes.movedTree());
    if (listed(changes.moved(), List.of("--checksum", "--no-implied-dirs"), moved, copy) != 0) {
      good(
          listed(
              changes.moved(), List.of("--ignore-times", "--ignore-missing-args"), target, copy));
    }
    good(listed(changes.metadata(), List.of(), target, copy));
    good(
        listed(
            changes.removed(),
            List.of("--delete-missing-args", "--existing", "--ignore-existing"),
            target,
            copy));
  }

  private static int listed(byte[] names, List<String> options, Path from, Path to)
      throws Exception {
    if (names.length == 0) {
      return 0;
    }
    List<String> all = new ArrayList<>(List.of("--files-from=-", "--from0", "--force"));
    all.addAll(options);
    return rsync(names, all, from + "/", to);
  }

  private static void good(int status) {
    assertThat(status).as("status of rsync").isZero();
  }

  private static int rsync(byte[] names, List<String> options, String from, Path to)
      throws Exception {
    List<String> command =
        new ArrayList<>(List.of("rsync", "-aHAXS", "--numeric-ids", "--modify-window=-1"));
    command.addAll(options);
    command.addAll(List.of("--", from, to + "/"));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    try (OutputStream list = process.getOutputStream()) {
      list.write(names);
    }
    return process.waitFor();
  }
}
