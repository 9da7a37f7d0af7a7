package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PagedNamesTest {
  @Test
  void next_goesThroughAllPages_andAsksNoMoreBehindTheEnd() throws Exception {
    List<String> all = List.of("a", "b", "c", "d", "e");
    List<String> asked = new ArrayList<>();
    PagedNames<String> names =
        new PagedNames<>(
            after -> {
              String last = after == null ? "" : new String(after, StandardCharsets.UTF_8);
              asked.add(last);
              return all.stream().filter(name -> name.compareTo(last) > 0).limit(2).toList();
            },
            name -> name.getBytes(StandardCharsets.UTF_8));
    List<String> told = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      told.add(names.next());
    }
    assertThat(told).isEqualTo(all);
    assertThat(names.next()).isNull();
    assertThat(names.next()).isNull();
    assertThat(asked).containsExactly("", "b", "d", "e");
  }
}
