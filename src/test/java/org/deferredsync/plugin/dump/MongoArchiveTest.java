package org.deferredsync.plugin.dump;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class MongoArchiveTest {
  private static MongoArchive of(byte[] bytes) {
    return Taking.of(MongoArchive::new, bytes);
  }

  @Test
  void documents_areCounted_byCollection() {
    MongoArchive archive = of(MongoSample.archive());
    assertThat(archive.fault()).isEmpty();
    assertThat(archive.tables()).isEqualTo(Map.of("app.users", 3L, "app.empty", 0L));
  }

  @Test
  void archive_cutShort_isNotWhole() {
    byte[] whole = MongoSample.archive();
    for (int length = 0; length < whole.length; length++) {
      if (length == MongoSample.PRELUDE) {
        continue; // so ends the archive of a server that has nothing
      }
      assertThat(of(Arrays.copyOf(whole, length)).fault()).as("%d bytes", length).isNotEmpty();
    }
    assertThat(of(new byte[500]).fault()).isEqualTo("it is no archive of mongodump");
  }
}
