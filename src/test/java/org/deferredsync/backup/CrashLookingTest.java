package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.deferredsync.snapshot.FilePath;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** A run dies; before another one mends what it left, everything can be looked at. */
@EnabledOnOs(OS.LINUX)
final class CrashLookingTest {
  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  /** What {@code cat} gives of a file. */
  static String printed(Snapshot snapshot, FilePath path) throws BackupException, IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    new CheckedFile(snapshot, Clock.systemUTC(), LoggerFactory.getLogger("cat"))
        .read(path, (buffer, length) -> bytes.write(buffer, 0, length));
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private static Map<FilePath, String> files(Path source) throws IOException {
    Map<FilePath, String> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(source)) {
      for (Path file :
          all.filter(each -> Files.isRegularFile(each) && !Files.isSymbolicLink(each)).toList()) {
        files.put(EngineFixture.filePath(file), Files.readString(file));
      }
    }
    return files;
  }

  @Test
  @Tag("rule-6")
  void cat_findsEveryFile_afterACrashBehindAnyCommit() throws Exception {
    EngineFixture fixture = new EngineFixture(scratch);
    ChangingTree.make(fixture.source);
    fixture.with(new Batch.Limits(3, 1 << 20)).run();
    Map<FilePath, String> first = files(fixture.source);
    Path saved = scratch.resolve("saved");
    Shell.run("cp", "-a", fixture.target.toString(), saved.toString());
    ChangingTree.change(fixture.source);
    fixture.ahead(Duration.ofSeconds(20));
    int commits = 0;
    while (fixture.diesAfterCommit(++commits)) {
      try (TargetReader reader = TargetChecks.reader(fixture)) {
        Snapshot snapshot = reader.snapshots().all().get(0);
        for (Map.Entry<FilePath, String> file : first.entrySet()) {
          assertThat(printed(snapshot, file.getKey()))
              .as("%s after commit %d", file.getKey(), commits)
              .isEqualTo(file.getValue());
        }
        assertThat(reader.snapshots().all()).as("after commit %d", commits).isNotEmpty();
      }
      Shell.run("rm", "-rf", fixture.target.toString());
      Shell.run("cp", "-a", saved.toString(), fixture.target.toString());
    }
    assertThat(commits).isGreaterThan(4);
  }
}
