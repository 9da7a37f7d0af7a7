package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.deferredsync.fs.CrashError;
import org.deferredsync.fs.FaultyPosix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Nobody else can look into a target, at no instant of the run that begins it or of a later one.
 */
@EnabledOnOs(OS.LINUX)
final class PrivateTargetTest {
  private static final Set<PosixFilePermission> PRIVATE =
      PosixFilePermissions.fromString("rwx------");

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  @Test
  void target_isPrivate_beforeAndAfterEachCall() throws Exception {
    for (boolean first : new boolean[] {true, false}) {
      int calls = 0;
      boolean ended = false;
      while (!ended) {
        calls += first ? 1 : 3; // a later run makes few kinds of objects that the first does not
        EngineFixture fixture = new EngineFixture(scratch.resolve(first + "-" + calls));
        Files.setPosixFilePermissions(fixture.target, PosixFilePermissions.fromString("rwxr-xr-x"));
        ChangingTree.write(fixture.source, "open", "everybody may read it in the source");
        Files.setPosixFilePermissions(
            fixture.source.resolve("open"), PosixFilePermissions.fromString("rwxrwxrwx"));
        if (!first) {
          fixture.run();
          ChangingTree.write(fixture.source, "open", "another text, and longer");
          ChangingTree.write(fixture.source, "new/file", "new");
        }
        FaultyPosix posix = FaultyPosix.ofSystem();
        posix.crashBefore(calls);
        fixture.with(posix);
        try {
          fixture.run();
          ended = true;
        } catch (CrashError expected) {
          // its state on disk is what somebody else could have seen then
        } finally {
          posix.endProcess();
        }
        assertPrivate(fixture, calls);
        Shell.run("rm", "-rf", fixture.home.toString());
      }
      assertThat(calls).isGreaterThan(20);
    }
  }

  private static void assertPrivate(EngineFixture fixture, int call) throws IOException {
    List<Path> all = new ArrayList<>();
    try (Stream<Path> walk = Files.walk(fixture.target)) {
      walk.forEach(all::add);
    }
    if (all.size() == 1) {
      return; // nothing in it yet
    }
    assertThat(Files.getPosixFilePermissions(fixture.target))
        .as("call %d", call)
        .isEqualTo(PRIVATE);
    for (Path path : all) {
      Path below = fixture.target.relativize(path);
      boolean copied = below.toString().contains("source") || below.toString().contains("staging/");
      if (!copied) {
        assertThat(Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS))
            .as("call %d: %s", call, below)
            .isSubsetOf(PRIVATE);
      }
    }
  }
}
