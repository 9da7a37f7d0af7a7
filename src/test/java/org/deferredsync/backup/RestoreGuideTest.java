package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.FilePath;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RestoreGuideTest {
  private static final FileTime LONG_AGO = FileTime.from(Instant.parse("2001-02-03T04:05:06Z"));

  @TempDir private Path scratch;
  private EngineFixture fixture;
  private Path guide;

  @BeforeEach
  void run() throws Exception {
    fixture = new EngineFixture(scratch);
    guide = fixture.target.resolve(".deferred-sync/RESTORE.md");
    Files.writeString(fixture.source.resolve("file"), "x");
    fixture.run();
  }

  @Test
  @Tag("settled-4")
  void keep_rewritesTheText_onlyWhenItChanges() throws Exception {
    assertThat(guide).content().contains("\n- " + fixture.source + "\n");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(guide)))
        .isEqualTo("rw-------");
    Files.setLastModifiedTime(guide, LONG_AGO);
    Files.writeString(fixture.source.resolve("file"), "other");
    fixture.run();
    assertThat(Files.getLastModifiedTime(guide)).isEqualTo(LONG_AGO);

    Path second = Files.createDirectories(scratch.resolve("second"));
    Files.writeString(second.resolve("file"), "x");
    fixture.run(fixture.source, second);
    assertThat(guide).content().contains("\n- " + second + "\n- " + fixture.source + "\n");

    Files.writeString(guide, "edited");
    fixture.run(fixture.source);
    assertThat(guide).content().contains("\n- " + second + "\n- " + fixture.source + "\n");
  }

  @Test
  @Tag("settled-4")
  void keep_thatFails_leavesTheRunGood_andTheNextOneWrites() throws Exception {
    Files.delete(guide);
    FaultyPosix posix = FaultyPosix.ofSystem();
    fixture.ahead(Duration.ofSeconds(20));
    fixture.with(posix).run();
    long creations =
        posix.changes().stream().filter(made -> made.startsWith(Call.CREATE_FILE + " ")).count();
    assertThat(posix.changes()).anyMatch(made -> made.contains("RESTORE.md.new"));
    Files.delete(guide);

    FaultyPosix failing = FaultyPosix.ofSystem();
    failing.failAt(Call.CREATE_FILE, (int) creations, Errno.ENOSPC);
    fixture.ahead(Duration.ofSeconds(30));
    assertThat(fixture.with(failing).run().verdict()).isEqualTo(Verdict.GOOD);
    assertThat(guide).doesNotExist();

    fixture.ahead(Duration.ofSeconds(40));
    fixture.with(Posix.ofSystem()).run();
    assertThat(guide).exists();
    TargetChecks.sound(fixture);
  }

  @Test
  void text_quotesWhatAShellWouldTakeApart() throws Exception {
    String text =
        RestoreGuide.text(
            FilePath.of("/mnt/it's mine"), List.of(FilePath.of("/b"), FilePath.of("/a $x")));
    assertThat(text)
        .contains("\n- /a $x\n- /b\n")
        .contains("\nTARGET='/mnt/it'\\''s mine'\nSOURCE='/a $x'\n")
        .contains("    deferred-sync history '/a $x'\n")
        .doesNotContain("@SOURCE", "@TARGET", "@QUOTED");
    assertThat(RestoreGuide.text(FilePath.of("/t"), List.of())).contains("\n- none yet\n");
  }
}
