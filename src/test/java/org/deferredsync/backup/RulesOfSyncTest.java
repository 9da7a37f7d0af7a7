package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.catalogue.CommitHook;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What was written is on the disk before anybody relies on it, on every kernel. */
@EnabledOnOs(OS.LINUX)
final class RulesOfSyncTest {
  private static final Set<Call> NAMING =
      Set.of(
          Call.CREATE_FILE,
          Call.MAKE_DIRECTORY,
          Call.MAKE_SYMLINK,
          Call.LINK,
          Call.RENAME,
          Call.RENAME_NEW,
          Call.UNLINK,
          Call.REMOVE_DIRECTORY);

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;

  @BeforeEach
  void make() throws Exception {
    fixture = new EngineFixture(scratch);
    ChangingTree.make(fixture.source);
    fixture.run();
    ChangingTree.change(fixture.source);
    fixture.ahead(Duration.ofSeconds(20));
  }

  @Test
  @Tag("rule-16")
  void everyFile_andDirectoryOfTheMirror_isSynced_whereSyncfsTellsNoErrors() throws Exception {
    fixture.onKernel("5.4.0-150-generic");
    FaultyPosix posix = FaultyPosix.ofSystem();
    List<Integer> commits = new ArrayList<>();
    CommitHook counting =
        new CommitHook() {
          @Override
          public void before() {
            commits.add(posix.log().size());
          }
        };
    assertThat(fixture.with(posix).with(counting).run().verdict()).isEqualTo(Verdict.GOOD);

    int from = commits.get(0);
    for (int to : commits.subList(1, commits.size())) {
      assertThat(unsynced(posix.log().subList(from, to))).isEmpty();
      from = to;
    }
    TargetChecks.sound(fixture);
  }

  /** Files written, and mirror directories that got or lost a name, not synced behind that. */
  private Set<String> unsynced(List<FaultyPosix.Entry> calls) {
    Set<String> open = new TreeSet<>();
    for (FaultyPosix.Entry entry : calls) {
      List<String> objects = entry.objects();
      if (NAMING.contains(entry.call())) {
        // a link takes nothing away from where it comes from
        objects = entry.call() == Call.LINK ? objects.subList(1, 2) : objects;
        objects.stream()
            .filter(object -> object.startsWith(fixture.mirror(scratch).toString()))
            .forEach(object -> open.add(object.substring(0, object.lastIndexOf('/'))));
      }
      if (entry.call() == Call.WRITE) {
        open.add(objects.get(0));
      } else if (entry.call() == Call.SYNC) {
        open.remove(objects.get(0));
      } else if (entry.call() == Call.REMOVE_DIRECTORY) {
        open.remove(objects.get(0));
      }
    }
    return open;
  }

  @Test
  @Tag("rule-16")
  void everyDirectory_thatExpiryTakesANameFrom_isSynced_whereSyncfsTellsNoErrors()
      throws Exception {
    fixture.run();
    fixture.onKernel("5.4.0-150-generic");
    fixture.ahead(Duration.ofDays(9));
    FaultyPosix posix = FaultyPosix.ofSystem();
    assertThat(fixture.with(posix).with(new Retention(2, 1)).run().verdict())
        .isEqualTo(Verdict.GOOD);

    String increments = fixture.target + "/_backup_";
    Set<String> open = new TreeSet<>();
    boolean deleted = false;
    boolean removed = false;
    for (FaultyPosix.Entry entry : posix.log()) {
      String object = entry.objects().isEmpty() ? "" : entry.objects().get(0);
      if (entry.call() == Call.SYNC) {
        open.remove(object);
      } else if (entry.call() == Call.UNLINK && object.startsWith(increments)) {
        open.add(object.substring(0, object.lastIndexOf('/')));
        deleted = true;
      } else if (entry.call() == Call.REMOVE_DIRECTORY
          && object.startsWith(increments)
          && object.lastIndexOf('/') == fixture.target.toString().length()) {
        open.add(fixture.target.toString());
        removed = true;
      }
    }
    assertThat(deleted && removed).isTrue();
    assertThat(open).isEmpty();
  }

  @Test
  @Tag("rule-16")
  void barrier_isOneDescriptor_thatWasOpenBeforeTheFirstWrite() throws Exception {
    FaultyPosix posix = FaultyPosix.ofSystem();
    assertThat(fixture.with(posix).run().verdict()).isEqualTo(Verdict.GOOD);

    List<FaultyPosix.Entry> log = posix.log();
    assertThat(log)
        .filteredOn(entry -> entry.call() == Call.SYNC_FILE_SYSTEM)
        .hasSizeGreaterThan(1)
        .allMatch(entry -> entry.objects().get(0).equals(fixture.target.toString()));
    int opened = 0;
    int written = log.size();
    for (int i = log.size() - 1; i >= 0; i--) {
      FaultyPosix.Entry entry = log.get(i);
      boolean target = entry.objects().get(0).equals(fixture.target.toString());
      opened = entry.call() == Call.OPEN_PATH && target ? Math.max(opened, i) : opened;
      written = entry.call().mutates() ? i : written;
    }
    assertThat(opened).isPositive().isLessThan(written);
  }

  @Test
  @Tag("rule-16")
  void run_trustsNoSecondSync_afterOneFailed() throws Exception {
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failAt(Call.SYNC_FILE_SYSTEM, 1, Errno.EIO);
    assertThatThrownBy(() -> fixture.with(posix).run()).hasMessageContaining("injected");

    assertThat(posix.log())
        .filteredOn(entry -> entry.call() == Call.SYNC_FILE_SYSTEM)
        .as("not asked again")
        .hasSize(1);
    fixture.with(Posix.ofSystem());
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    TargetChecks.sound(fixture);
  }

  @ParameterizedTest
  @CsvSource({
    "5.8.0, true",
    "5.7.19-generic, false",
    "5.10.1, true",
    "6.0, true",
    "4.19.0, false",
    "4.9, false",
    "10.1-rc1, true",
    "unknown, false",
    "5, false"
  })
  @Tag("rule-16")
  void syncfs_isBelieved_fromTheKernelOnThatReportsErrors(String release, boolean believed) {
    assertThat(Barrier.reportsErrors(release)).isEqualTo(believed);
  }

  @Test
  @Tag("rule-16")
  void run_doesWithoutSyncfs_butNotWithOneThatFails() throws Exception {
    fixture.onKernel("5.4.0-150-generic");
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failAlways(Call.SYNC_FILE_SYSTEM, Errno.EIO);
    fixture.with(posix);
    assertThatThrownBy(() -> fixture.run()).hasMessageContaining("input/output error");

    posix = FaultyPosix.ofSystem();
    posix.failAlways(Call.SYNC_FILE_SYSTEM, Errno.ENOSYS);
    fixture.with(posix).ahead(Duration.ofSeconds(40));
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    TargetChecks.sound(fixture);
  }
}
