package org.deferredsync.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DatabaseTest {
  @TempDir private Path scratch;

  /** As SQLite chooses it, so that a message names the disk that is full. */
  @Test
  void temporaryDirectory_isTheFirstThatIsNamedAndCanBeWritten() throws Exception {
    String one = Files.createDirectory(scratch.resolve("one")).toString();
    String two = Files.createDirectory(scratch.resolve("two")).toString();
    String none = scratch.resolve("none").toString();

    assertThat(Database.temporaryDirectory(Map.of())).isEqualTo("/var/tmp");
    assertThat(Database.temporaryDirectory(Map.of("TMPDIR", two))).isEqualTo(two);
    assertThat(Database.temporaryDirectory(Map.of("SQLITE_TMPDIR", one, "TMPDIR", two)))
        .isEqualTo(one);
    assertThat(Database.temporaryDirectory(Map.of("SQLITE_TMPDIR", none, "TMPDIR", two)))
        .isEqualTo(two);
    assertThat(Database.temporaryDirectory(Map.of("SQLITE_TMPDIR", none, "TMPDIR", none)))
        .isEqualTo("/var/tmp");
  }

  /** It is our mistake then, and no reason to call a sound catalogue damaged. */
  @Test
  void failure_namesTheFile_andIsNoDamage_whereItIsNotSqliteThatRefuses() throws Exception {
    Path file = scratch.resolve("catalogue.db");
    Database database = Database.open("jdbc:sqlite:" + file, file.toString());
    database.close();

    assertThatThrownBy(() -> database.run("PRAGMA user_version = 1"))
        .isExactlyInstanceOf(CatalogueException.class)
        .hasMessageStartingWith(file + ": ");
  }
}
