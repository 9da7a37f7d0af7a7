package org.deferredsync.plugin.dump;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

final class TablesTest {
  private static final Tables RECORDED = new Tables(Kind.MYSQL, Map.of("a", 1L, "b\n", 0L));

  @Test
  void difference_namesTheFirstTableThatLacksRows() {
    assertThat(RECORDED.difference(Map.of("a", 1L, "b\n", 0L))).isEmpty();
    assertThat(RECORDED.difference(Map.of("a", 1L, "b\n", 0L, "of an extension", 9L))).isEmpty();
    assertThat(RECORDED.difference(Map.of("b\n", 0L))).contains("a is missing");
    assertThat(RECORDED.difference(Map.of("a", 2L, "b\n", 0L)))
        .contains("a has 2, and 1 were recorded");
    assertThat(RECORDED.difference(Map.of("a", 1L))).contains("b\\x0a is missing");
  }

  @Test
  void text_countsWhatTheFormatHas() {
    assertThat(RECORDED.text()).isEqualTo("2 tables, 1 row");
    assertThat(new Tables(Kind.MONGODB, Map.of("a", 2L)).text())
        .isEqualTo("1 collection, 2 documents");
    assertThat(new Tables(Kind.SVN, Map.of("revisions", 3L, "nodes", 1L)).text())
        .isEqualTo("3 revisions, 1 node");
  }
}
