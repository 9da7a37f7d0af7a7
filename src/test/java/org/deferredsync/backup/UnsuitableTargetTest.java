package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.logging.LogCapture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Targets whose file system cannot do what a backup takes. */
@EnabledOnOs(OS.LINUX)
final class UnsuitableTargetTest {
  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private EngineFixture fixture;

  @BeforeEach
  void make() throws IOException {
    fixture = new EngineFixture(scratch);
    ChangingTree.make(fixture.source);
  }

  private void refused(Errno errno) {
    FaultyPosix posix = FaultyPosix.ofSystem();
    posix.failAlways(Call.LINK, errno);
    fixture.with(posix);
    BackupException refusal = catchThrowableOfType(BackupException.class, fixture::run);
    assertThat(refusal).isNotNull();
    assertThat(refusal.kind()).isEqualTo(BackupException.Kind.PREREQUISITE);
    assertThat(refusal)
        .hasMessage(
            "BACKUPTO="
                + fixture.target
                + ": its file system has no hard links; use ext4, XFS or the like");
    assertThat(posix.openObjects()).isEmpty();
    fixture.with(Posix.ofSystem());
  }

  @Test
  void target_withoutHardLinks_isNotBegun() throws Exception {
    refused(Errno.EPERM);
    assertThat(fixture.mirror(fixture.source)).doesNotExist();
    refused(Errno.EOPNOTSUPP);

    assertThat(fixture.run().verdict()).as("where there are some").isEqualTo(Verdict.GOOD);
    TargetChecks.sound(fixture);
  }

  @Test
  void target_thatWasCopiedToADiskWithoutHardLinks_staysAsItIs() throws Exception {
    fixture.run();
    Map<String, String> first = TreeText.of(fixture.source);
    Map<String, String> mirror = TreeText.of(fixture.mirror(fixture.source));
    ChangingTree.write(fixture.source, "content", "two, longer");
    fixture.ahead(Duration.ofSeconds(20));

    refused(Errno.EPERM);

    assertThat(TreeText.of(fixture.mirror(fixture.source))).isEqualTo(mirror);
    assertThat(TargetChecks.restored(fixture, 1)).isEqualTo(first);
    assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
    TargetChecks.sound(fixture);
  }

  /** The system's calls, on a file system that answers EINVAL to fsync of a directory. */
  private static Posix withoutDirectorySync(Posix real) {
    InvocationHandler handler =
        (proxy, method, arguments) -> {
          if (method.getName().equals("sync") && real.stat((int) arguments[0]).isDirectory()) {
            throw new PosixException(Errno.EINVAL, "fsync", "a directory");
          }
          if (method.getName().equals("syncDirectory")) {
            return InvocationHandler.invokeDefault(proxy, method, arguments);
          }
          try {
            return method.invoke(real, arguments);
          } catch (InvocationTargetException e) {
            throw e.getCause();
          }
        };
    return (Posix)
        Proxy.newProxyInstance(Posix.class.getClassLoader(), new Class<?>[] {Posix.class}, handler);
  }

  @Test
  void run_warnsOnce_andGoesOn_whereDirectoriesCannotBeSynced() throws Exception {
    fixture.onKernel("5.4.0"); // where each file and directory is synced by itself
    for (String text : new String[] {"one", "two, longer", "three, and longer"}) {
      ChangingTree.write(fixture.source, "content", text);
      Files.deleteIfExists(fixture.source.resolve("gone"));
      fixture.with(withoutDirectorySync(Posix.ofSystem()));
      try (LogCapture log = new LogCapture("incremental_backup")) {
        assertThat(fixture.run().verdict()).isEqualTo(Verdict.GOOD);
        assertThat(log.lines())
            .filteredOn(line -> line.startsWith("WARN"))
            .singleElement()
            .asString()
            .contains(fixture.target + ": its file system syncs no directories: ");
      }
      fixture.ahead(Duration.ofSeconds(20L * text.length()));
    }
    TargetChecks.sound(fixture);
  }
}
