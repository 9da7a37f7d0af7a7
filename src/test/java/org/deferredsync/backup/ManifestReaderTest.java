package org.deferredsync.backup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.deferredsync.backup.ManifestReader.DamagedException;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.FaultyPosix;
import org.deferredsync.fs.FaultyPosix.Call;
import org.deferredsync.fs.PosixException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** A manifest is whole, with its last row, or damaged; one that cannot be read is neither. */
@EnabledOnOs(OS.LINUX)
final class ManifestReaderTest {
  private static final String NAME = "manifest.gz";

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private final FaultyPosix posix = FaultyPosix.ofSystem();
  private final List<ManifestRow> rows = new ArrayList<>();
  private int directory;

  @BeforeEach
  void open() throws IOException {
    directory = posix.openPath(EngineFixture.filePath(scratch).bytes());
  }

  @AfterEach
  void nothingStaysOpen() throws IOException {
    assertThat(posix.openObjects()).as("besides the directory").hasSize(1);
    posix.close(directory);
  }

  private void packed(String text) throws IOException {
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(scratch.resolve(NAME)))) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
  }

  private void read() throws IOException {
    rows.clear();
    new ManifestReader(posix, directory).read(NAME.getBytes(StandardCharsets.UTF_8), rows::add);
  }

  private void isDamaged(String why) {
    assertThatThrownBy(this::read).isInstanceOf(DamagedException.class).hasMessage(why);
  }

  @Test
  void read_handsOverAllRows_butTheLast() throws Exception {
    packed("after 3\nforget /a\nrows 2\n");

    read();

    assertThat(rows).hasSize(2).first().isEqualTo(new ManifestRow.After(3));
  }

  @Test
  void read_saysWhatIsWrong_withWhatHasNoEnd() throws Exception {
    packed("after 3\nforget /a\n");
    isDamaged("it is not whole");
    packed("after 3\nrows 2\n");
    isDamaged("it is not whole");
    packed("after 3\nrows 1\nrow");
    isDamaged("it is not whole");
    packed("after 3\nrows 1\nafter 4\n");
    isDamaged("rows behind its end");
    packed("forget /" + "n".repeat(4 << 20) + "\n");
    isDamaged("a row without an end");
    packed("after 3\nafter x\nrows 2\n");
    isDamaged("row 2: For input string: \"x\"");
  }

  @Test
  void read_saysWhatIsWrong_withWhatIsNoSuchFile() throws Exception {
    Files.write(scratch.resolve(NAME), new byte[0]);
    isDamaged("it ends too early");
    Files.writeString(scratch.resolve(NAME), "after 3\nrows 1\n");
    isDamaged("its bytes are not those that were written");
    Files.delete(scratch.resolve(NAME));
    Files.createDirectory(scratch.resolve(NAME));
    isDamaged("it is no file");
  }

  @Test
  void read_callsNothingDamaged_thatCannotBeReadNow() throws Exception {
    packed("after 3\nrows 1\n");
    posix.failOn(Call.READ, NAME, Errno.EIO);

    assertThatThrownBy(this::read)
        .isInstanceOf(PosixException.class)
        .hasMessage(NAME + ": " + Errno.EIO.text() + " (read)");

    posix.heal();
    read();
    assertThat(rows).hasSize(1);
  }
}
