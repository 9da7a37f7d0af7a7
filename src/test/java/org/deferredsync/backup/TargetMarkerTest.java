package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk that is not there, another one, or a catalogue of another moment is never written to. */
final class TargetMarkerTest {
  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;

  @BeforeEach
  void make() throws IOException {
    fixture = new EngineFixture(scratch);
    ChangingTree.make(fixture.source);
  }

  private void refused(String reason) throws IOException {
    Map<String, String> before = TreeText.of(fixture.target);
    assertThatThrownBy(() -> fixture.run())
        .isInstanceOf(BackupException.class)
        .hasMessageContaining(reason)
        .extracting(e -> ((BackupException) e).kind())
        .isEqualTo(BackupException.Kind.PREREQUISITE);
    Map<String, String> after = TreeText.of(fixture.target);
    for (String touchedByOpening :
        List.of(
            ".deferred-sync",
            ".deferred-sync/lock",
            ".deferred-sync/catalogue.db-wal",
            ".deferred-sync/catalogue.db-shm")) {
      before.remove(touchedByOpening);
      after.remove(touchedByOpening);
    }
    assertThat(after).isEqualTo(before);
  }

  private void emptyTarget() throws IOException {
    TargetChecks.delete(fixture.target);
    Files.createDirectory(fixture.target);
  }

  private Path own(String name) {
    return fixture.target.resolve(".deferred-sync").resolve(name);
  }

  @Test
  @Tag("rule-9")
  void target_isRefused_whenItsMountIsGone() throws Exception {
    fixture.run();
    emptyTarget();
    Path memory =
        new TargetRegistry(Posix.ofSystem(), scratch.resolve("state"))
            .pathOf(EngineFixture.filePath(fixture.target));
    List<String> lines = Files.readAllLines(memory);
    Files.writeString(memory, lines.get(0) + "\n/mnt/elsewhere\n" + lines.get(2) + "\n");

    refused("/mnt/elsewhere");

    assertThat(fixture.target).isEmptyDirectory();
  }

  @Test
  @Tag("rule-9")
  void target_isRefused_whenFstabHasAMountForItThatIsNotMounted() throws Exception {
    Files.writeString(
        scratch.resolve("fstab"), "/dev/sdz1 " + fixture.target + " ext4 noauto 0 2\n");

    refused("not mounted");

    assertThat(fixture.target).isEmptyDirectory();
  }

  @Test
  @Tag("rule-9")
  void target_isBegunAnew_whenItWasEmptied() throws Exception {
    fixture.run();
    emptyTarget();
    fixture.ahead(Duration.ofSeconds(20));

    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);

    TargetChecks.sound(fixture);
    assertThat(TargetChecks.snapshots(fixture)).containsExactly(1L);
  }

  @Test
  @Tag("rule-9")
  void target_isRefused_whenItHoldsSomethingElse() throws Exception {
    Files.writeString(fixture.target.resolve("thesis"), "of somebody");

    refused("thesis");
  }

  @Test
  void target_isBegunBesideDumps() throws Exception {
    fixture.dumps = Set.of("mongodump", "mongodump.zip");
    Path dump = Files.createDirectory(fixture.target.resolve("mongodump")).resolve("dump");
    Files.writeString(dump, "of MongoDB");

    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    fixture.ahead(Duration.ofSeconds(20));
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    assertThat(dump).hasContent("of MongoDB");
  }

  @Test
  @Tag("rule-9")
  void target_isTakenOverFromTheOriginal_andItsFilesStay() throws Exception {
    Path mirror = fixture.mirror(fixture.source);
    Files.createDirectories(mirror);
    Files.writeString(mirror.resolve("content"), "of the original");
    Files.createDirectories(fixture.target.resolve("_backup_20200101/etc"));

    assertThat(fixture.run().verdict()).isEqualTo(Verdict.FAILED);

    assertThat(TreeText.of(mirror)).isEqualTo(TreeText.of(fixture.source));
    assertThat(fixture.target.resolve("_backup_20200101/etc")).exists();
    try (Stream<Path> all = Files.walk(fixture.target)) {
      assertThat(
              all.filter(Files::isRegularFile)
                  .filter(path -> path.toString().contains("_backup_"))
                  .map(
                      path -> {
                        try {
                          return Files.readString(path);
                        } catch (IOException e) {
                          throw new java.io.UncheckedIOException(e);
                        }
                      }))
          .containsExactly("of the original");
    }
    fixture.ahead(Duration.ofSeconds(20));
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
  }

  @Test
  @Tag("rule-9")
  void target_isRefused_whenTwoWereSwapped() throws Exception {
    fixture.run();
    Path mine = scratch.resolve("mine");
    Files.move(fixture.target, mine);
    Files.createDirectory(fixture.target);
    Files.createDirectory(fixture.target.resolve(".deferred-sync"));
    Files.writeString(own("target-id"), "00000000-0000-4000-8000-000000000000\n");

    refused("another target");
  }

  @Test
  void catalogue_isRefused_whenItIsOfAnotherTarget() throws Exception {
    fixture.run();
    EngineFixture other = new EngineFixture(Files.createDirectory(scratch.resolve("other")));
    ChangingTree.make(other.source);
    other.run();
    Files.copy(
        other.target.resolve(".deferred-sync/catalogue.db"),
        own("catalogue.db"),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);

    refused("the catalogue of another target");
  }

  @Test
  @Tag("rule-11")
  void catalogue_isRefused_whenTheMirrorIsNewerOrOlder() throws Exception {
    fixture.with(new Batch.Limits(4, 1 << 20)).run();
    byte[] generation = Files.readAllBytes(own("generation"));
    for (String wrong : List.of("0000000000000000099\n", "0000000000000000000\n")) {
      Files.write(own("generation"), wrong.getBytes(StandardCharsets.US_ASCII));
      refused("not of the same moment");
    }
    Files.write(own("generation"), generation);
    fixture.ahead(Duration.ofSeconds(20));
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
  }

  @Test
  @Tag("rule-11")
  void catalogue_isRefused_whenItDoesNotKnowAnIncrement() throws Exception {
    fixture.run();
    Path increment = fixture.target.resolve("_backup_20260101T000000Z");
    Files.createDirectories(increment.resolve("empty/below"));
    ChangingTree.write(increment, "held/deep/file", "x");

    refused("an increment that the catalogue does not know");
    assertThatThrownBy(() -> fixture.preview())
        .hasMessageContaining("an increment that the catalogue does not know");
  }

  @Test
  void increment_unknownAndWithoutAFile_isRemoved_byARunAlone() throws Exception {
    fixture.run();
    Path increment = fixture.target.resolve("_backup_20260101T000000Z");
    Files.createDirectories(increment.resolve("empty/below"));
    Files.createDirectories(increment.resolve("other"));

    fixture.preview();
    assertThat(increment.resolve("empty/below")).isDirectory();

    assertThat(fixture.run().verdict()).isEqualTo(BackupReport.Verdict.GOOD);
    assertThat(increment).doesNotExist();
  }

  @Test
  void catalogue_isNotMadeAnew_whenItIsGone() throws Exception {
    fixture.run();
    Files.delete(own("catalogue.db"));

    refused("missing, though there is a mirror");
  }

  @Test
  @Tag("rule-18")
  void increments_keepForeignFiles_andGoWhenEmpty() throws Exception {
    fixture.with(new Retention(2, 1));
    fixture.run();
    Files.delete(fixture.source.resolve("gone"));
    fixture.ahead(Duration.ofHours(1));
    fixture.run();
    ChangingTree.write(fixture.source, "content", "three");
    fixture.ahead(Duration.ofHours(2));
    fixture.run();
    List<Path> increments = increments();
    assertThat(increments).hasSize(2);
    Files.writeString(increments.get(0).resolve("note"), "of the operator");
    for (int days = 5; days < 8; days++) {
      fixture.ahead(Duration.ofDays(days));
      fixture.run();
    }

    assertThat(increments()).containsExactly(increments.get(0));
    assertThat(increments.get(0).resolve("note")).hasContent("of the operator");
  }

  private List<Path> increments() throws IOException {
    try (Stream<Path> names = Files.list(fixture.target)) {
      return names
          .filter(path -> path.getFileName().toString().startsWith("_backup_"))
          .sorted()
          .toList();
    }
  }

  @Test
  @Tag("rule-19")
  void prune_touchesNothing_ofASourceThatIsNotConfiguredAnyMore() throws Exception {
    fixture.with(new Retention(2, 1));
    Path retired = Files.createDirectory(scratch.resolve("retired"));
    ChangingTree.write(retired, "file", "one");
    fixture.run(fixture.source, retired);
    ChangingTree.write(retired, "file", "two, longer");
    fixture.ahead(Duration.ofHours(1));
    fixture.run(fixture.source, retired);
    ChangingTree.write(fixture.source, "content", "three");
    for (int days = 5; days < 8; days++) {
      fixture.ahead(Duration.ofDays(days));
      assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    }

    assertThat(fixture.mirror(retired.resolve("file"))).hasContent("two, longer");
    assertThat(TargetChecks.verify(fixture).good()).isTrue();
    assertThat(increments()).isNotEmpty();
  }

  @Test
  void source_isHeld_whenItIsSuddenlyEmptyOrGone() throws Exception {
    fixture.run();
    Map<String, String> first = TreeText.of(fixture.source);
    Path aside = scratch.resolve("aside");
    Files.move(fixture.source, aside);
    fixture.ahead(Duration.ofSeconds(20));
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.PREREQUISITE);
    Files.createDirectory(fixture.source);
    fixture.ahead(Duration.ofSeconds(30));
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.FAILED);

    assertThat(TreeText.of(fixture.mirror(fixture.source))).isEqualTo(first);
    assertThat(TargetChecks.snapshots(fixture)).containsExactly(1L);
    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(first);
  }

  /** Another host's script, or somebody who clears up. */
  @Test
  void target_isNotBegun_whenItsIdGoesAwayMeanwhile() throws Exception {
    for (int look = 2; look <= 4; look++) {
      FaultyPosix posix = FaultyPosix.ofSystem();
      posix.before(Call.OPEN_FILE, "target-id", look, () -> Files.delete(own("target-id")));
      fixture.with(posix);

      assertThatThrownBy(() -> fixture.run())
          .as("look %d", look)
          .isInstanceOf(BackupException.class)
          .hasMessageStartingWith(own("target-id") + ": gone while the target was opened");

      assertThat(posix.openObjects()).isEmpty();
      fixture.with(Posix.ofSystem());
      emptyTarget();
    }
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    TargetChecks.sound(fixture);
  }

  @Test
  void target_isBegun_whereAllMountsThatFstabHasForItAreThere() throws Exception {
    Files.writeString(
        scratch.resolve("fstab"),
        """
        /dev/sda1 / ext4 defaults 0 1
        proc /proc proc defaults 0 0
        /dev/sdz1 /no/such/mount ext4 noauto 0 2
        tmpfs /dev/shm tmpfs defaults 0 0
        """);
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
  }

  @Test
  void target_isRefused_whoseIdIsEmpty_orWhoseCatalogueCannotBeLookedFor() throws Exception {
    fixture.run();
    String id = Files.readString(own("target-id"));
    Files.writeString(own("target-id"), "\n");
    refused("target-id is missing; put it back from a copy");
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failOn(Call.STAT, "catalogue.db", Errno.EIO);
    fixture.with(posix);
    assertThatThrownBy(() -> fixture.run()).hasMessageContaining(Errno.EIO.text());
    posix.failOn(Call.OPEN_FILE, "target-id", Errno.EACCES);
    assertThatThrownBy(() -> fixture.run()).hasMessageContaining(Errno.EACCES.text());
    assertThat(posix.openObjects()).isEmpty();
    fixture.with(Posix.ofSystem());
    Files.writeString(own("target-id"), id);
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
  }

  @Test
  void target_isMadePrivateAgain() throws Exception {
    fixture.run();
    Files.setPosixFilePermissions(fixture.target, PosixFilePermissions.fromString("rwxr-xr-x"));
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    assertThat(Files.getPosixFilePermissions(fixture.target))
        .isEqualTo(PosixFilePermissions.fromString("rwx------"));
  }
}
