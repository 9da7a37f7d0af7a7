package org.deferredsync.catalogue;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.deferredsync.snapshot.FilePath;
import org.junit.jupiter.api.Test;

final class DirectoryDigestsTest {
  private static final int COUNT = 3000;

  private final DirectoryDigests.Keys keys = new DirectoryDigests.Keys();

  @Test
  void digests_areThoseOfTheCatalogue_andOfNoOtherDirectory() throws Exception {
    try (Catalogue catalogue = Catalogue.temporary()) {
      catalogue.transaction(
          () -> {
            for (int i = 0; i < COUNT; i++) {
              long id = catalogue.directories().idOf(FilePath.of("/d" + i));
              catalogue.directories().setDigest(id, digest(i));
            }
          });
      DirectoryDigests digests = catalogue.directories().digests();
      for (int i = 0; i < COUNT; i++) {
        assertThat(digests.isKnown(key("/d" + i))).isTrue();
        assertThat(digests.isSame(key("/d" + i), digest(i))).isTrue();
        assertThat(digests.isSame(key("/d" + i), digest(i + 1))).isFalse();
        assertThat(digests.isKnown(key("/e" + i))).isFalse();
        assertThat(digests.isSame(key("/e" + i), digest(i))).isFalse();
      }
    }
  }

  /** 128 bits of a digest are kept, and each of them counts. */
  @Test
  void digest_isNotTheSame_ifOneOfItsFirst128BitsDiffers() throws Exception {
    try (Catalogue catalogue = Catalogue.temporary()) {
      long id = catalogue.directories().idOf(FilePath.of("/d"));
      catalogue.directories().setDigest(id, digest(1));
      DirectoryDigests digests = catalogue.directories().digests();
      for (int bit = 0; bit < 128; bit++) {
        byte[] other = digest(1);
        other[bit / 8] ^= (byte) (1 << bit % 8);
        assertThat(digests.isSame(key("/d"), other)).as("bit %d", bit).isFalse();
      }
    }
  }

  @Test
  void directory_isKnownAndNeverTheSame_whileItHasNoDigest() throws Exception {
    try (Catalogue catalogue = Catalogue.temporary()) {
      catalogue.directories().idOf(FilePath.of("/d"));
      DirectoryDigests digests = catalogue.directories().digests();
      assertThat(digests.isKnown(key("/d"))).isTrue();
      assertThat(digests.isSame(key("/d"), digest(1))).isFalse();
      assertThat(digests.isSame(key("/d"), new byte[32])).isFalse();
    }
  }

  @Test
  void nothing_isKnown_inAnEmptyCatalogue() throws Exception {
    try (Catalogue catalogue = Catalogue.temporary()) {
      assertThat(catalogue.directories().digests().isKnown(key("/"))).isFalse();
    }
  }

  private long key(String path) {
    byte[] bytes = path.getBytes(UTF_8);
    return keys.of(bytes, bytes.length);
  }

  private static byte[] digest(int number) {
    byte[] digest = new byte[32];
    new Random(number).nextBytes(digest);
    return digest;
  }
}
