package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.FilePath;
import org.junit.jupiter.api.Test;

final class PlaceLevelTest {
  private static PlaceLevel level(boolean fresh) {
    FilePath path = FilePath.of("/d");
    Posix posix = Posix.ofSystem();
    Aside aside = new Aside(posix, new Places(posix), path, new AsideName(Instant.EPOCH));
    return new PlaceLevel(path, fresh, aside);
  }

  private static void note(PlaceLevel level, int from, int to) {
    for (int i = from; i < to; i++) {
      level.note(("name" + i).getBytes(StandardCharsets.UTF_8));
    }
  }

  /** With half the names a look would take what the snapshot has for what it has not. */
  @Test
  void names_areAllThereAre_orNone_whereTheyAreTooMany() {
    PlaceLevel level = level(false);
    note(level, 0, 20_000);
    assertThat(level.names()).hasSize(20_000);
    assertThat(level.names())
        .contains(ByteBuffer.wrap("name19999".getBytes(StandardCharsets.UTF_8)));

    note(level, 20_000, 20_001);
    assertThat(level.names()).isNull();
    note(level, 0, 3);
    assertThat(level.names()).isNull();
  }

  @Test
  void names_areNotRemembered_whereNothingElseCanBe() {
    PlaceLevel level = level(true);
    note(level, 0, 3);
    assertThat(level.names()).isEmpty();
  }
}
