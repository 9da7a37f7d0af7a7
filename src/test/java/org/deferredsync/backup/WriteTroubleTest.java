package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.CatalogueException;
import org.deferredsync.catalogue.CommitOutcomeUnknownException;
import org.deferredsync.catalogue.DamagedCatalogueException;
import org.deferredsync.catalogue.PlanStore;
import org.deferredsync.catalogue.TemporaryStoreException;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Space;
import org.deferredsync.snapshot.FilePath;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a run says that cannot write: the target, what is wrong with it, and what to do. */
@EnabledOnOs(OS.LINUX)
final class WriteTroubleTest {
  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ENOSPC | full, ",
        "EDQUOT | its quota is used up; make room",
        "EROFS | has become read-only; see why, its disk may be failing",
        "EFBIG | a file is larger than may be written; raise the limit (ulimit -f), or see",
        "EIO | its disk fails; see the kernel's log, verify what it still has, and replace it",
        "ENFILE | the system has no more of what it takes to write there; end what uses most",
      })
  void run_namesTheTargetAndTheRemedy(Errno errno, String says) throws Exception {
    EngineFixture fixture = new EngineFixture(scratch);
    ChangingTree.make(fixture.source);
    fixture.run();
    ChangingTree.change(fixture.source);
    fixture.ahead(Duration.ofSeconds(20));
    for (Call call : new Call[] {Call.CREATE_FILE, Call.LINK, Call.SYNC_FILE_SYSTEM}) {
      FaultyPosix posix = FaultyPosix.ofSystem();
      posix.failAlways(call, errno);
      fixture.with(posix);

      BackupException trouble = catchThrowableOfType(BackupException.class, fixture::run);

      assertThat(trouble).as("%s at %s", errno, call).isNotNull();
      assertThat(trouble.kind()).isEqualTo(BackupException.Kind.FAILURE);
      assertThat(trouble.getMessage())
          .startsWith(fixture.target + ": " + says)
          .contains(errno.text())
          .endsWith("; nothing that was stored is lost, the next run goes on from there")
          .doesNotContain("\n");
    }
    fixture.with(Posix.ofSystem());
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    TargetChecks.sound(fixture);
  }

  private static final FilePath TARGET = FilePath.of("/target");

  private static String explained(Object space, IOException failure) throws IOException {
    Map<String, Object> answers = space instanceof Space some ? Map.of("space", some) : Map.of();
    Posix posix = Answering.of(Posix.ofSystem(), answers);
    return String.valueOf(WriteTrouble.explain(posix, -1, TARGET, failure).getMessage());
  }

  /** SQLite says of a full disk no more than that it could not write. */
  @Test
  void catalogue_isSaidToLackRoom_whereThereIsNone() throws Exception {
    CatalogueException failure = new CatalogueException("catalogue.db: disk I/O error");

    assertThat(explained(new Space(1000, 5, "ext4"), failure))
        .startsWith("/target: full, 1000 bytes free; make room (catalogue.db: ");
    assertThat(explained(new Space(1 << 30, 0, "ext4"), failure))
        .startsWith("/target: no inode is left; ");
    for (Object space : List.of(new Space(1 << 30, 5, "ext4"), "cannot be told")) {
      assertThat(explained(space, failure))
          .startsWith("/target: its catalogue cannot be read or written (catalogue.db: ");
    }
    assertThat(explained("cannot be told", new PosixException(Errno.ENOSPC, "write", "file")))
        .startsWith("/target: full; make room (file: ");
  }

  @Test
  void failure_isNamedAfterWhereItWas() throws Exception {
    Space much = new Space(1 << 30, 5, "ext4");
    PlanStore store = PlanStore.open();
    store.close();
    TemporaryStoreException temporary =
        catchThrowableOfType(TemporaryStoreException.class, () -> store.isChanged(TARGET));
    Path garbage = Files.writeString(scratch.resolve("catalogue.db"), "no catalogue".repeat(100));
    DamagedCatalogueException damaged =
        catchThrowableOfType(
            DamagedCatalogueException.class, () -> Catalogue.openReader(garbage).close());

    assertThat(explained(much, new IOException("planning", temporary)))
        .startsWith("a temporary file in /")
        .contains("; make room there, or name another directory");
    assertThat(explained(much, new CommitOutcomeUnknownException(temporary)))
        .startsWith("a temporary file in /");
    assertThat(explained(much, new CommitOutcomeUnknownException(new IOException("disk"))))
        .startsWith("/target: the catalogue's commit failed; the next run finds out");
    assertThat(explained(much, damaged))
        .startsWith(garbage + ": damaged (")
        .contains("deferred-sync rebuild");
    assertThat(explained(much, new IOException("/elsewhere: all is said")))
        .isEqualTo("/elsewhere: all is said");
    assertThat(explained(much, new PosixException(Errno.EXDEV, "renameat2", "name")))
        .startsWith("BACKUPTO=/target: something is mounted in it");
    FileSystemException bare = new FileSystemException("/a/path/alone");
    assertThatThrownBy(() -> explained(much, bare)).isSameAs(bare);
  }

  @Test
  void readOnlyTarget_isRefused_andAnyOtherFailureIsNone() throws Exception {
    PosixException readOnly = new PosixException(Errno.EROFS, "openat", "lock");
    PosixException other = new PosixException(Errno.EACCES, "openat", "lock");

    assertThat(WriteTrouble.refuse(TARGET, readOnly).kind())
        .isEqualTo(BackupException.Kind.PREREQUISITE);
    assertThatThrownBy(() -> WriteTrouble.refuse(TARGET, other)).isSameAs(other);
  }
}
