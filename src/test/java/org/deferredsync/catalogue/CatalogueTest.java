package org.deferredsync.catalogue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Catalogues of an older or a newer format. */
final class CatalogueTest {
  @TempDir private Path scratch;
  private Path file;

  @BeforeEach
  void create() throws Exception {
    file = scratch.resolve("catalogue.db");
    Catalogue.create(file, "an id", CommitHook.NONE).close();
  }

  private void sql(String... statements) throws Exception {
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        Statement statement = connection.createStatement()) {
      for (String one : statements) {
        statement.executeUpdate(one);
      }
    }
  }

  private Set<String> tables() throws Exception {
    Set<String> tables = new TreeSet<>();
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT type || name || sql FROM sqlite_master")) {
      while (rows.next()) {
        tables.add(String.valueOf(rows.getString(1)));
      }
    }
    return tables;
  }

  @Test
  void open_refusesANewerFormat_andChangesNothing() throws Exception {
    sql("PRAGMA user_version = 99");
    Set<String> before = tables();
    assertThatThrownBy(() -> Catalogue.open(file, CommitHook.NONE))
        .isInstanceOf(CatalogueException.class)
        .hasMessage(
            file + ": written by a newer version of the program (format 99); upgrade this one");
    assertThatThrownBy(() -> Catalogue.openReader(file))
        .hasMessageContaining("written by a newer version of the program");
    assertThat(tables()).isEqualTo(before);
  }

  @Test
  void open_bringsTheFirstFormatUp_andAReaderTakesItAsItIs() throws Exception {
    Set<String> now = tables();
    sql(
        "DROP TABLE journal",
        "DROP TABLE remote",
        "DROP TABLE touched",
        "ALTER TABLE target DROP COLUMN forgotten_content",
        "PRAGMA user_version = 1");
    Set<String> first = tables();
    assertThat(first).isNotEqualTo(now);

    try (Catalogue reader = Catalogue.openReader(file)) {
      assertThat(reader.targetId()).isEqualTo("an id");
    }
    assertThat(tables()).isEqualTo(first);
    try (Catalogue catalogue = Catalogue.open(file, CommitHook.NONE)) {
      assertThat(catalogue.targetId()).isEqualTo("an id");
      assertThat(catalogue.damage()).isEqualTo(List.of());
    }

    assertThat(tables()).isEqualTo(now);
  }

  @Test
  void checkpoint_saysSo_whereAnotherOneIsUnderWay() throws Exception {
    try (Catalogue catalogue = Catalogue.open(file, CommitHook.NONE)) {
      catalogue.transaction(() -> catalogue.setGeneration(3));
      try (ForeignCheckpoint foreign = ForeignCheckpoint.begin(file)) {
        assertThat(catalogue.checkpoint()).isFalse();
        assertThat(catalogue.generation()).isEqualTo(3);
        assertThat(foreign).isNotNull();
      }
      assertThat(catalogue.checkpoint()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"x''", "x'2e2e'", "x'612f62'", "x'6100'"})
  void damage_namesWhatNoFileCanBeCalled(String name) throws Exception {
    try (Catalogue catalogue = Catalogue.open(file, CommitHook.NONE)) {
      assertThat(catalogue.damage()).isEmpty();
    }
    sql(
        "INSERT INTO directory (path) VALUES (x'2f73')",
        "INSERT INTO entry_history (directory, name, since, until, mode, uid, gid, size, mtime_ns,"
            + " rdev, inconsistent) SELECT id, "
            + name
            + ", 1, 2, 33188, 0, 0, 0, 0, 0, 0 FROM directory WHERE path = x'2f73'");
    try (Catalogue catalogue = Catalogue.open(file, CommitHook.NONE)) {
      assertThat(catalogue.damage())
          .containsExactly("table entry_history: names that no file can have: 1");
    }
  }
}
