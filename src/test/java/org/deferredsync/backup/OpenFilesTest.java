package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.Posix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Where too few descriptors may be open, nothing is begun that would call files unreadable. */
@EnabledOnOs(OS.LINUX)
final class OpenFilesTest {
  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  @Test
  void nothingIsBegun_withTooFewDescriptors() throws Exception {
    EngineFixture fixture = new EngineFixture(scratch);
    ChangingTree.make(fixture.source);
    fixture.run();
    ChangingTree.change(fixture.source);
    Map<String, String> before = TreeText.of(fixture.target);
    FaultyPosix few = FaultyPosix.ofSystem();
    few.limitOpen(639);
    fixture.with(few);
    Verification verification =
        new Verification(
            fixture.engine(),
            EngineFixture.filePath(fixture.target),
            LoggerFactory.getLogger("few"));
    Rebuild rebuild =
        new Rebuild(
            fixture.engine(),
            EngineFixture.filePath(fixture.target),
            Set.of(),
            LoggerFactory.getLogger("few"));

    assertRefused(fixture::run);
    assertRefused(fixture::preview);
    assertRefused(() -> verification.verify(Verifier.ALL));
    assertRefused(() -> rebuild.run(true));

    assertThat(TreeText.of(fixture.target)).isEqualTo(before);
    fixture.with(Posix.ofSystem()).run();
    TargetChecks.sound(fixture);
  }

  private static void assertRefused(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            BackupException.class,
            e -> assertThat(e.kind()).isEqualTo(BackupException.Kind.FAILURE))
        .hasMessage(
            "no more than 639 files may be open at once, and 640 are needed; raise the limit"
                + " (ulimit -n); nothing was done");
  }
}
