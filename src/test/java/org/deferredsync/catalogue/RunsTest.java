package org.deferredsync.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.deferredsync.catalogue.Remotes.Touched;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.junit.jupiter.api.Test;

final class RunsTest {
  /** A host that follows has to remove what it has of the increment, and nothing else. */
  @Test
  void clearIncrement_tellsHosts_ofAnIncrementThatThereWas() throws Exception {
    try (Catalogue catalogue = Catalogue.temporary()) {
      catalogue.remotes().register("far");
      long first = catalogue.runs().begin(Instant.EPOCH);
      long second = catalogue.runs().begin(Instant.EPOCH.plusSeconds(9));
      catalogue.runs().setIncrement(first, "_backup_1");

      catalogue.runs().clearIncrement(second);
      assertThat(catalogue.remotes().since(0)).isEmpty();
      catalogue.runs().clearIncrement(first);
      catalogue.runs().clearIncrement(first);

      assertThat(catalogue.remotes().since(0))
          .containsExactly(new Touched(0, FilePath.of("/_backup_1"), 1));
      assertThat(catalogue.runs().list()).extracting(Run::increment).containsOnlyNulls();
    }
  }
}
