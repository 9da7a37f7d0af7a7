package org.deferredsync.plugin.dump;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.deferredsync.config.SettingException;
import org.deferredsync.fs.Posix;
import org.deferredsync.logging.Progress;
import org.deferredsync.plugin.PluginContexts;
import org.deferredsync.plugin.dump.DumpFile.Written;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@EnabledOnOs(OS.LINUX)
@Timeout(60)
final class DumpFileTest {
  private static final DumpName NAME = new DumpName("app", ".sql");
  private static final String TEMPORARY = ".app.sql.gz.deferred-sync";

  @TempDir Path place;
  private Path dumps;
  private final Posix posix = Posix.ofSystem();

  @BeforeEach
  void make() throws Exception {
    dumps = Files.createDirectory(place.resolve("dumps"));
  }

  private DumpDirectory open() throws SettingException {
    return DumpDirectory.of(
        posix, PluginContexts.settings(Map.of("MYSQLDUMP", dumps.toString())), "MYSQLDUMP");
  }

  private static DumpFile create(DumpDirectory directory, Compression compression)
      throws IOException {
    return DumpFile.create(directory, NAME, compression, new SqlText(), Progress.NONE);
  }

  private Stream<String> names() throws IOException {
    try (Stream<Path> files = Files.list(dumps)) {
      return files.map(file -> file.getFileName().toString()).toList().stream();
    }
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(1).nextBytes(bytes);
    return bytes;
  }

  @ParameterizedTest
  @EnumSource(Compression.class)
  void contents_readBackAsTheyWere_andGiveTheSameFileAgain(Compression compression)
      throws Exception {
    byte[] bytes = random(3_000_000);
    String name = NAME.file(compression);
    String first = "";
    for (int round = 0; round < 2; round++) {
      try (DumpDirectory directory = open();
          DumpFile file = create(directory, compression)) {
        for (int at = 0; at < bytes.length; at += 60_000) {
          file.take(java.util.Arrays.copyOfRange(bytes, at, at + 60_000), 60_000);
        }
        assertThat(names())
            .containsExactlyInAnyOrderElementsOf(
                round == 0
                    ? java.util.List.of("." + name + ".deferred-sync")
                    : java.util.List.of("." + name + ".deferred-sync", name));
        Written written = file.finish();
        try (InputStream in = file.reread()) {
          assertThat(in.readAllBytes()).isEqualTo(bytes);
        }
        file.publish();
        assertThat(written.contentBytes()).isEqualTo(bytes.length);
        assertThat(written.fileBytes()).isEqualTo(Files.size(dumps.resolve(name)));
        assertThat(directory.holds(name, written.fileHash(), written.fileBytes())).isTrue();
        assertThat(round == 0 ? written.fileHash() : first).isEqualTo(written.fileHash());
        first = written.fileHash();
      }
    }
    assertThat(names()).containsExactly(name);
    assertThat(Files.getPosixFilePermissions(dumps.resolve(name)))
        .isEqualTo(PosixFilePermissions.fromString("rw-------"));
  }

  @Test
  void file_thatIsNotPublished_isGone_andTheLastOneStays() throws Exception {
    Files.writeString(dumps.resolve("app.sql.gz"), "last");
    try (DumpDirectory directory = open();
        DumpFile file = create(directory, Compression.GZIP)) {
      file.take(random(1000), 1000);
      file.finish();
    }
    try (DumpDirectory directory = open();
        DumpFile file = create(directory, Compression.GZIP)) {
      file.take(random(200_000), 200_000);
    }
    assertThat(names()).containsExactly("app.sql.gz");
    assertThat(dumps.resolve("app.sql.gz")).hasContent("last");
  }

  @Test
  void leftover_ofAKilledOne_isReplaced_andALinkIsNotFollowed() throws Exception {
    Path outside = Files.writeString(place.resolve("outside"), "untouched");
    Files.createSymbolicLink(dumps.resolve(TEMPORARY), outside);
    Files.createSymbolicLink(dumps.resolve("app.sql.gz"), outside);
    try (DumpDirectory directory = open();
        DumpFile file = create(directory, Compression.GZIP)) {
      file.take("x".getBytes(UTF_8), 1);
      file.finish();
      file.publish();
    }
    assertThat(outside).hasContent("untouched");
    assertThat(Files.isRegularFile(dumps.resolve("app.sql.gz"), LinkOption.NOFOLLOW_LINKS))
        .isTrue();

    Files.writeString(dumps.resolve(TEMPORARY), "left");
    try (DumpDirectory directory = open();
        DumpFile file = create(directory, Compression.GZIP)) {
      assertThat(dumps.resolve(TEMPORARY)).isEmptyFile();
      assertThatThrownBy(() -> create(directory, Compression.GZIP))
          .hasMessageContaining("is being written by another process");
      file.take("x".getBytes(UTF_8), 1);
      file.finish();
      Files.delete(dumps.resolve(TEMPORARY));
      Files.writeString(dumps.resolve(TEMPORARY), "planted");
      assertThatThrownBy(file::publish).hasMessageContaining("exchanged by somebody else");
    }
    assertThat(dumps.resolve(TEMPORARY)).hasContent("planted");

    Files.delete(dumps.resolve(TEMPORARY));
    Files.createDirectory(dumps.resolve(TEMPORARY));
    try (DumpDirectory directory = open()) {
      assertThatThrownBy(() -> create(directory, Compression.GZIP))
          .isInstanceOf(IOException.class)
          .hasMessageContaining(TEMPORARY);
    }
  }

  @Test
  void file_isOurs_whoeverHasTheDirectory() throws Exception {
    if (posix.effectiveUser() == 0) {
      Files.setAttribute(dumps, "unix:uid", 65534);
    }
    try (DumpDirectory directory = open();
        DumpFile file = create(directory, Compression.GZIP)) {
      assertThat(Files.readAttributes(dumps.resolve(TEMPORARY), "unix:uid,mode"))
          .containsEntry("uid", posix.effectiveUser())
          .containsEntry("mode", 0100600);
      file.take("x".getBytes(UTF_8), 1);
      file.finish();
      file.publish();
    }
    assertThat(Files.readAttributes(dumps.resolve("app.sql.gz"), "unix:uid,mode"))
        .containsEntry("uid", posix.effectiveUser())
        .containsEntry("mode", 0100600);
  }

  @Test
  void directory_byTheLinkOfAnotherUser_isRefused() throws Exception {
    Path real = Files.createDirectory(place.resolve("real"));
    Path user = Files.createDirectory(place.resolve("user"));
    Path link = Files.createSymbolicLink(user.resolve("dumps"), real);
    if (posix.effectiveUser() != 0) {
      return; // nobody is led anywhere who has no more rights than the one that leads
    }
    Files.setAttribute(user, "unix:uid", 65534);
    Files.setAttribute(link, "unix:uid", 65534, LinkOption.NOFOLLOW_LINKS);
    assertThatThrownBy(
            () ->
                DumpDirectory.of(
                    posix,
                    PluginContexts.settings(Map.of("MYSQLDUMP", link.toString())),
                    "MYSQLDUMP"))
        .isInstanceOf(SettingException.class)
        .hasMessageContaining("leads through the link");
  }
}
