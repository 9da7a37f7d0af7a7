package org.deferredsync.catalogue;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.deferredsync.snapshot.FilePath;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

final class PlanStoreTest {
  private PlanStore store;

  @BeforeEach
  void open() throws Exception {
    store = PlanStore.open();
  }

  @AfterEach
  void close() throws Exception {
    store.close();
  }

  @Test
  void addChanged_takesADirectoryOnce_thatTheSystemListsTwice() throws Exception {
    store.addChanged(1, FilePath.of("/s/a"), false, 1, 10);
    store.addChanged(1, FilePath.of("/s/a"), false, 1, 10);

    assertThat(store.changed(1, null, 9)).containsExactly(FilePath.of("/s/a"));
    assertThat(store.newBelow(FilePath.of("/s"))).isEqualTo(new PlanStore.Size(1, 10));
  }

  @Test
  void changed_comesInPages_eachDirectoryWithAllBelowIt() throws Exception {
    for (String path : List.of("/s/b", "/s/a-b", "/s/a/x", "/s", "/s/a", "/s/a b", "/t", "/")) {
      store.addChanged(path.equals("/t") ? 2 : 1, FilePath.of(path), path.length() > 4, 1, 10);
    }

    List<String> all = new ArrayList<>();
    FilePath after = null;
    for (List<FilePath> page = store.changed(1, after, 2);
        !page.isEmpty();
        page = store.changed(1, after, 2)) {
      assertThat(page).hasSizeLessThanOrEqualTo(2);
      page.forEach(path -> all.add(path.toString()));
      after = page.get(page.size() - 1);
    }

    assertThat(all).containsExactly("/", "/s", "/s/a", "/s/a/x", "/s/a b", "/s/a-b", "/s/b");
    assertThat(store.changedKnown(1, null, 9))
        .containsExactly(FilePath.of("/s/a/x"), FilePath.of("/s/a b"), FilePath.of("/s/a-b"));
    assertThat(store.newBelow(FilePath.of("/s/a"))).isEqualTo(new PlanStore.Size(2, 20));
    assertThat(store.newBelow(FilePath.of("/s"))).isEqualTo(new PlanStore.Size(6, 60));
    assertThat(store.newBelow(FilePath.ROOT)).isEqualTo(new PlanStore.Size(8, 80));
    store.dropChanged(FilePath.of("/s/a"));
    assertThat(store.isChanged(FilePath.of("/s/a"))).isFalse();
    assertThat(store.isChanged(FilePath.of("/s/a/x"))).isTrue();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void store_keepsWhatIsMuchInAFileWithoutAName() throws Exception {
    String name = "n".repeat(200);
    for (int i = 0; i < 60_000; i++) {
      store.addChanged(1, FilePath.of("/" + name + i), false, 1, 1);
    }

    List<Path> files = new ArrayList<>();
    try (var descriptors = Files.newDirectoryStream(Path.of("/proc/self/fd"))) {
      for (Path descriptor : descriptors) {
        String file = Files.readSymbolicLink(descriptor).toString();
        if (file.contains("/etilqs_") && file.endsWith(" (deleted)")) {
          files.add(descriptor);
        }
      }
    }
    assertThat(files).isNotEmpty();
    assertThat(files)
        .anySatisfy(
            file -> {
              assertThat(Files.size(file)).isGreaterThan(5_000_000);
              assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                  .isEqualTo("rw-------");
            });
  }

  @Test
  void newLinks_areThoseOfOneSource_thatAreNotStored() throws Exception {
    store.addLink(1, 8, 1, 100);
    store.addLink(1, 8, 1, 100);
    store.addLink(2, 8, 1, 100);
    store.addLink(1, 8, 2, 1000);
    store.addLink(1, 9, 1, 10);
    store.addStored(8, 2);
    store.addStored(8, 2);

    assertThat(store.newLinks(1)).isEqualTo(new PlanStore.Size(2, 110));
    assertThat(store.newLinks(2)).isEqualTo(new PlanStore.Size(0, 0));
  }
}
