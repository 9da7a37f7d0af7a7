package org.deferredsync.plugin.dump;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
final class SqliteCopyTest {
  @TempDir private Path place;

  private SqliteCopy copy(Path database) throws Exception {
    return SqliteCopy.of(
        database, Map.of("TMPDIR", place.resolve("spare").toString()), Duration.ofMinutes(1));
  }

  @Test
  void copy_isOfTheFileItself_andFollowsNoLink() throws Exception {
    place = place.toRealPath();
    Files.createDirectory(place.resolve("spare"));
    Path database = place.resolve("odd ?%23 name.db");
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + place + "/plain.db");
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE t AS SELECT 1 AS a UNION SELECT 2");
    }
    Files.move(place.resolve("plain.db"), database);
    try (SqliteCopy copy = copy(database)) {
      assertThat(copy.tables()).isEqualTo(Map.of("t", 2L));
      assertThat(copy.bytes().readAllBytes()).isEqualTo(Files.readAllBytes(database));
    }

    Path link = Files.createSymbolicLink(place.resolve("link.db"), database);
    Path directory = Files.createSymbolicLink(place.resolve("directory"), place);
    for (Path by : new Path[] {link, directory.resolve(database.getFileName())}) {
      assertThatThrownBy(() -> copy(by))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("SQLITE_CANTOPEN_SYMLINK");
    }
    assertThat(place.resolve("spare")).isEmptyDirectory();
  }
}
