package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.deferredsync.backup.RestoreChange.Watcher;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * Restores as something that may fail at any call: the target stays as it is, what did not come
 * back is told, and the same once more brings all of it.
 */
@SuppressWarnings("NullAway.Init") // prepare() comes before all else
abstract class RestoreScenario extends CrashScenario {
  Map<String, String> wanted;

  RestoreScenario(String name) {
    super(name);
  }

  @Override
  void prepare() throws Exception {
    ChangingTree.make(source);
    good(source);
    ChangingTree.change(source);
    Files.setAttribute(
        source.resolve("new"), "user:kept", "value".getBytes(StandardCharsets.UTF_8));
    good(source);
    wanted = TreeText.of(source);
  }

  /** How many paths did not come back of the newest snapshot. */
  abstract long restore(Restorer restorer) throws Exception;

  /** Where they come back. */
  abstract Path place();

  private Map<String, String> seen(Map<String, String> tree) {
    Map<String, String> seen = new TreeMap<>(keepsAll ? tree : Oracle.essence(tree));
    if (!leavesNothing) {
      seen.keySet().retainAll(wanted.keySet());
    }
    return seen;
  }

  @Override
  @Nullable BackupReport act() throws Exception {
    try (TargetReader reader =
        TargetReader.open(fixture.engine(), EngineFixture.filePath(fixture.target))) {
      Snapshot snapshot =
          reader.snapshots().at(PointInTime.parse("2"), Instant.MAX, ZoneOffset.UTC);
      Restorer restorer =
          new Restorer(snapshot, fixture.engine().clock(), LoggerFactory.getLogger("scenario"));
      if (restore(restorer) == 0) {
        assertThat(seen(TreeText.of(place())))
            .as("what is said to be restored")
            .isEqualTo(seen(wanted));
      }
    }
    return null;
  }

  /** Into a directory that is not there. */
  static final class Aside extends RestoreScenario {
    Aside() {
      super("restore");
    }

    @Override
    Path place() {
      return fixture.home.resolve("back/source");
    }

    private Path back() {
      return fixture.home.resolve("back");
    }

    @Override
    void begin() throws IOException {
      TargetChecks.delete(back());
    }

    @Override
    long restore(Restorer restorer) throws Exception {
      return restorer
          .restore(List.of(EngineFixture.filePath(source)), EngineFixture.filePath(back()))
          .failed();
    }

    @Override
    void mend(Oracle judge) throws Exception {
      begin();
      act();
      assertThat(TreeText.of(place())).isEqualTo(wanted);
      super.mend(judge);
    }
  }

  /** To where they were, over what has become of them. */
  static final class InPlace extends RestoreScenario {
    private static final String ASIDE = ".deferred-sync-aside-";
    private Set<String> texts;

    InPlace() {
      super("restore in place");
    }

    @Override
    Path place() {
      return source;
    }

    private Path damaged() {
      return fixture.home.resolve("damaged");
    }

    @Override
    void prepare() throws Exception {
      super.prepare();
      ChangingTree.write(source, "content", "written over");
      ChangingTree.write(source, "mode", "another mode");
      Files.delete(source.resolve("time"));
      TargetChecks.delete(source.resolve("nested"));
      ChangingTree.write(source, "nested", "in a directory's place");
      Files.delete(source.resolve("directory-to-file"));
      ChangingTree.write(source, "directory-to-file/unknown", "in a file's place");
      Files.delete(source.resolve("new-link"));
      Files.createSymbolicLink(source.resolve("new-link"), Path.of("wrong"));
      TargetChecks.delete(source.resolve("new-tree/deep"));
      ChangingTree.write(source, "new-tree/more", "that the snapshot does not have");
      TreeCopy.copy(source, damaged());
      texts = texts(Stream.of(source));
    }

    @Override
    void begin() throws IOException {
      for (Path each : asides()) {
        TargetChecks.delete(each);
      }
      TargetChecks.delete(source);
      TreeCopy.copy(damaged(), source);
    }

    private List<Path> asides() throws IOException {
      try (Stream<Path> all = Files.list(fixture.home)) {
        return all.filter(path -> path.getFileName().toString().startsWith(ASIDE)).toList();
      }
    }

    private static Set<String> texts(Stream<Path> tops) throws IOException {
      Set<String> texts = new TreeSet<>();
      for (Path top : tops.toList()) {
        try (Stream<Path> all = Files.walk(top)) {
          for (Path file : all.toList()) {
            if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
              texts.add(Files.readString(file));
            }
          }
        }
      }
      return texts;
    }

    @Override
    long restore(Restorer restorer) throws Exception {
      return restorer
          .restoreInPlace(List.of(EngineFixture.filePath(source)), Watcher.NONE)
          .failed();
    }

    private void nothingIsLost() throws IOException {
      assertThat(texts(Stream.concat(Stream.of(source), asides().stream())))
          .as("what was in place, there or aside")
          .containsAll(texts);
    }

    @Override
    void atOnce(Oracle judge) throws Exception {
      nothingIsLost();
      super.atOnce(judge);
    }

    @Override
    void mend(Oracle judge) throws Exception {
      act();
      assertThat(TreeText.of(source)).isEqualTo(wanted);
      nothingIsLost();
      super.mend(judge);
    }
  }
}
