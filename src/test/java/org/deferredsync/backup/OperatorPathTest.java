package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.sweep.Sweep;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Paths of the operator: links are followed, but none that somebody else could turn. */
@EnabledOnOs(OS.LINUX)
final class OperatorPathTest {
  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private final FaultyPosix posix = FaultyPosix.ofSystem();

  @BeforeEach
  void make() throws Exception {
    assumeTrue(Posix.ofSystem().effectiveUser() == 0, "an ordinary user's paths are the system's");
    shell(
        """
        chmod 755 .
        mkdir -p roots/deep users/own/deep open sticky
        ln -s ../users roots/users; ln -s "$PWD/roots" roots/absolute
        ln -s own users/mine; ln -s ../roots users/theirs; ln -s loop users/loop
        ln -s .//own/./ users/dotted; ln -s ../roots users/of-root; ln -s ../users/own sticky/user; ln -s ../roots sticky/trap
        ln -s ../roots sticky/root; ln -s ../roots open/root; ln -s ../users/own open/user
        ln -s gone roots/dangling; ln -s loop roots/loop; echo x >roots/file
        chmod 777 open; chmod 1777 sticky
        chown -R -h 1000:1000 users; chown -h 1000 sticky/user sticky/trap open/user
        chown -h 0 users/of-root
        """);
  }

  private void shell(String script) throws IOException {
    Shell.run("/bin/sh", "-ec", "cd \"$1\"; " + script, "sh", scratch.toString());
  }

  /** Whether it leads to where the system says. */
  private void follows(String path) throws IOException {
    Path whole = scratch.resolve(path);
    int opened = OperatorPath.open(posix, EngineFixture.filePath(whole));
    assertThat(posix.stat(opened).inode())
        .as(path)
        .isEqualTo(Files.getAttribute(whole.toRealPath(), "unix:ino", LinkOption.NOFOLLOW_LINKS));
    posix.close(opened);
    assertThat(posix.openObjects()).as(path).isEmpty();
  }

  private void refuses(String path, Class<? extends IOException> type, String what)
      throws IOException {
    assertThatThrownBy(
            () -> OperatorPath.open(posix, EngineFixture.filePath(scratch.resolve(path))))
        .as(path)
        .isInstanceOf(type)
        .hasMessageContaining(what);
    assertThat(posix.openObjects()).as(path).isEmpty();
  }

  @Test
  void open_followsLinks_thatNobodyElseCanTurn() throws Exception {
    follows("roots/deep");
    follows("roots/users/own/deep");
    follows("roots/absolute/absolute/deep");
    follows("sticky/root/deep");
  }

  @Test
  void open_followsAUsersLink_toWhatThatUserOwns() throws Exception {
    follows("users/mine/deep");
    follows("users/dotted/deep");
    follows("sticky/user/deep");
    follows("open/user/deep");
  }

  @Test
  void open_refusesLinks_thatAnotherCouldTurn() throws Exception {
    for (String path : List.of("users/theirs", "users/theirs/deep", "sticky/trap/deep")) {
      refuses(path, ForeignLinkException.class, "of user 1000, who could let it lead anywhere");
    }
    refuses("open/root/deep", ForeignLinkException.class, "the link \"root\"");
    refuses("users/of-root/deep", ForeignLinkException.class, "the link \"of-root\"");
  }

  @Test
  void open_endsAsTheSystemDoes_whereThereIsNoDirectory() throws Exception {
    refuses("roots/gone/deep", PosixException.class, Errno.ENOENT.text());
    refuses("roots/dangling", PosixException.class, Errno.ENOENT.text());
    refuses("roots/file", PosixException.class, Errno.ENOTDIR.text());
    refuses("roots/loop", PosixException.class, Errno.ELOOP.text());
  }

  @Test
  @Timeout(3_000)
  void open_neverLeavesTheUsersOwn_whileNamesAreExchanged() throws Exception {
    shell("mkdir users/flip-x; ln -s ../roots users/flip-y; mkdir users/flip-x/deep");
    shell("chown -R -h 1000:1000 users");
    Object outside = Files.getAttribute(scratch.resolve("roots/deep"), "unix:ino");
    Sweep sweep = Sweep.of("flips of a path");
    int count = sweep.count(Encounters.FULL_COUNT, Encounters.USUAL_COUNT);
    sweep.meetMany("path", () -> flip(sweep, count, outside));
    sweep.end(count);
  }

  private int flip(Sweep sweep, int count, Object outside) throws Exception {
    Encounters encounters = new Encounters("flip-.*");
    Posix watched = encounters.posix();
    long flips;
    try (Flipper flipper =
        Flipper.exchanging(scratch.resolve("users"), List.of("flip-x", "flip-y"), count)) {
      while (!encounters.suffice(count) || !flipper.suffices()) {
        try {
          int opened =
              OperatorPath.open(
                  watched, EngineFixture.filePath(scratch.resolve("users/flip-x/deep")));
          assertThat(watched.stat(opened).inode()).isNotEqualTo(outside);
          watched.close(opened);
        } catch (PosixException | ForeignLinkException refused) {
          assertThat(refused).hasMessageContaining("flip-x");
        }
      }
      flips = flipper.end();
    }
    encounters.report(sweep, "parent on the operator's path, and link", flips);
    return count;
  }
}
