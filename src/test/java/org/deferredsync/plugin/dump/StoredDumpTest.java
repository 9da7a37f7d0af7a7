package org.deferredsync.plugin.dump;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Map;
import org.deferredsync.fs.Posix;
import org.deferredsync.plugin.PluginContexts;
import org.deferredsync.plugin.dump.DumpRecord.Dumped;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
final class StoredDumpTest {
  private static final String TEXT = "the dump";

  @TempDir private Path dumps;

  private DumpDirectory directory() throws Exception {
    return DumpDirectory.of(
        Posix.ofSystem(),
        PluginContexts.settings(Map.of("MYSQLDUMP", dumps.toString())),
        "MYSQLDUMP");
  }

  private DumpRecord record() {
    String hash = Digests.text(digestOf(TEXT));
    Tables none = new Tables(Kind.MYSQL, Map.of());
    return DumpRecord.of(Kind.MYSQL, dumps.toString(), "app.sql")
        .with(new Dumped("app.sql", Instant.EPOCH, Instant.EPOCH, hash, hash, 8, 8, "", none));
  }

  private static MessageDigest digestOf(String text) {
    MessageDigest digest = Digests.sha256();
    digest.update(text.getBytes(UTF_8));
    return digest;
  }

  private Path write(String name, String text) throws IOException {
    Path file =
        Files.createFile(
            dumps.resolve(name),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    return Files.writeString(file, text);
  }

  private static String text(InputStream in) throws IOException {
    try (in) {
      return new String(in.readAllBytes(), UTF_8);
    }
  }

  @Test
  void dump_isReadAsItWasFound_whateverTakesItsPlace() throws Exception {
    write("app.sql", TEXT);
    try (DumpDirectory directory = directory();
        StoredDump dump = StoredDump.open(directory, record())) {
      assertThat(text(dump.read())).isEqualTo(TEXT);
      Files.move(
          write("next", "another!"), dumps.resolve("app.sql"), StandardCopyOption.REPLACE_EXISTING);
      assertThat(text(dump.read())).isEqualTo(TEXT);
      ByteArrayOutputStream fed = new ByteArrayOutputStream();
      dump.feed().writeTo(fed);
      assertThat(fed).hasToString(TEXT);
      assertThatThrownBy(() -> StoredDump.open(directory, record()))
          .isInstanceOf(ProofException.class)
          .hasMessage(dumps + "/app.sql is not what was written, or not there; dump it again");
    }
  }

  @Test
  void dump_thatOthersCouldReach_orIsALink_isNone() throws Exception {
    Path file = write("app.sql", TEXT);
    try (DumpDirectory directory = directory()) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
      assertThatThrownBy(() -> StoredDump.open(directory, record()))
          .isInstanceOf(ProofException.class);
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
      Path name = Files.createLink(dumps.resolve("second"), file);
      assertThatThrownBy(() -> StoredDump.open(directory, record()))
          .isInstanceOf(ProofException.class);
      Files.delete(file);
      Files.createSymbolicLink(file, name);
      assertThatThrownBy(() -> StoredDump.open(directory, record()))
          .isInstanceOf(ProofException.class);
    }
  }
}
