package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.deferredsync.backup.RestoreChange.Watcher;
import org.deferredsync.snapshot.FilePath;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Paths that hold sources, of which nothing is known but these. */
@EnabledOnOs(OS.LINUX)
final class RestoreAboveSourcesTest {
  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;
  private Path above;
  private Path one;
  private Path two;

  @BeforeEach
  void make() throws Exception {
    fixture = new EngineFixture(scratch);
    above = scratch.resolve("above");
    one = above.resolve("one");
    two = above.resolve("in/two");
    ChangingTree.write(one, "file", "1");
    ChangingTree.write(two, "file", "2");
    ChangingTree.write(above, "beside", "of no source");
    fixture.run(one, two);
  }

  private static List<FilePath> list(Path... paths) {
    return Arrays.stream(paths).map(EngineFixture::filePath).toList();
  }

  private Restorer.Result restore(Path to, Path... paths) throws Exception {
    try (TargetReader reader = TargetChecks.reader(fixture)) {
      Restorer restorer =
          new Restorer(
              reader.snapshots().at(PointInTime.parse("latest"), Instant.MAX, ZoneOffset.UTC),
              Clock.systemUTC(),
              LoggerFactory.getLogger("restore"));
      return to.equals(scratch)
          ? restorer.restoreInPlace(list(paths), Watcher.NONE)
          : restorer.restore(list(paths), EngineFixture.filePath(to));
    }
  }

  @Test
  void inPlace_bringsBackTheSources_andLeavesWhatLiesBetween() throws Exception {
    Map<String, String> wanted = TreeText.of(one);
    Files.writeString(one.resolve("file"), "changed");
    Files.delete(two.resolve("file"));

    assertThat(restore(scratch, above).failed()).isZero();

    assertThat(one.resolve("file")).hasContent("1");
    assertThat(TreeText.of(one)).isEqualTo(wanted);
    assertThat(two.resolve("file")).hasContent("2");
    assertThat(above.resolve("beside")).hasContent("of no source");
  }

  @Test
  void restore_givesSourcesTheirPlaces_belowWhatHoldsThem() throws Exception {
    Path to = scratch.resolve("to");

    assertThat(restore(to, above).failed()).isZero();

    assertThat(TreeText.of(to.resolve("above/one"))).isEqualTo(TreeText.of(one));
    assertThat(TreeText.of(to.resolve("above/in/two"))).isEqualTo(TreeText.of(two));
    assertThat(to.resolve("above/beside")).doesNotExist();
  }

  @Test
  void restore_ofTheRoot_givesFullPaths() throws Exception {
    Path to = scratch.resolve("to");

    assertThat(restore(to, Path.of("/")).failed()).isZero();

    assertThat(TreeText.of(to.resolve(one.toString().substring(1)))).isEqualTo(TreeText.of(one));
  }

  @Test
  void restore_takesAPathOnce_thatIsNamedTwice() throws Exception {
    Path to = scratch.resolve("to");

    Restorer.Result result = restore(to, one, one.resolve("file"), one, two);

    assertThat(result.failed()).isZero();
    assertThat(result.files()).isEqualTo(2);
    assertThat(TreeText.of(to.resolve(one.toString().substring(1)))).isEqualTo(TreeText.of(one));
  }

  @Test
  void restore_isRefused_ofWhatNoSourceHolds() {
    for (Path path : List.of(above.resolve("beside"), one.resolve("file/below"))) {
      assertThatThrownBy(() -> restore(scratch.resolve("to"), path))
          .isInstanceOf(BackupException.class)
          .hasMessageStartingWith(path + ": not in snapshot 1");
    }
    assertThat(scratch.resolve("to")).doesNotExist();
  }

  @Test
  void inPlace_takesTheSourcesThatASnapshotHas_whereOneHeldTheOther() throws Exception {
    fixture.ahead(Duration.ofSeconds(30));
    fixture.run(above);
    Files.delete(two.resolve("file"));
    Files.delete(above.resolve("beside"));

    assertThat(restore(scratch, scratch).failed()).isZero();

    assertThat(two.resolve("file")).hasContent("2");
    assertThat(above.resolve("beside")).hasContent("of no source");
  }

  @Test
  void inPlace_leavesSourcesAlone_thatLieElsewhere() throws Exception {
    Path beside = scratch.resolve("beside");
    ChangingTree.write(beside, "file", "3");
    fixture.ahead(Duration.ofSeconds(30));
    fixture.run(one, two, beside);
    Files.delete(one.resolve("file"));
    Files.writeString(beside.resolve("file"), "changed");

    assertThat(restore(scratch, above).failed()).isZero();

    assertThat(one.resolve("file")).hasContent("1");
    assertThat(beside.resolve("file")).hasContent("changed");
  }

  /** Somebody who can write to the catalogue could lead a restore through what is no directory. */
  @Test
  void restore_isRefused_ofWhatLiesBelowAFile() throws Exception {
    Path db = fixture.target.resolve(".deferred-sync/catalogue.db");
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + db);
        Statement update = connection.createStatement()) {
      int link = 0120777;
      update.executeUpdate(
          "UPDATE entry SET mode = "
              + link
              + ", link_target = x'2f' WHERE name = CAST('two' AS BLOB)");
    }
    assertThatThrownBy(() -> restore(scratch.resolve("to"), two.resolve("file")))
        .isInstanceOf(BackupException.class)
        .hasMessageEndingWith(two + " is no directory in the snapshot");
    assertThat(scratch.resolve("to")).doesNotExist();
  }

  @Test
  void missing_namesTheNearestDirectoryThatIsThere() {
    Path gone = Path.of("/nowhere/at/all");
    assertThatThrownBy(() -> restore(scratch.resolve("to"), gone))
        .isInstanceOf(BackupException.class)
        .hasMessage(gone + ": not in snapshot 1; see \"deferred-sync ls --at 1 /\"");
  }
}
