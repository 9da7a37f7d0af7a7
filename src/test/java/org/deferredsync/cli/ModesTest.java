package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.deferredsync.snapshot.Version;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ModesTest {
  @ParameterizedTest
  @CsvSource({
    "100644, -rw-r--r--",
    "040755, drwxr-xr-x",
    "120777, lrwxrwxrwx",
    "100000, ----------",
    "104711, -rws--x--x",
    "104600, -rwS------",
    "042775, drwxrwsr-x",
    "042700, drwx--S---",
    "041777, drwxrwxrwt",
    "041776, drwxrwxrwT",
    "010600, prw-------",
    "140600, srw-------",
    "020620, crw--w----",
    "060660, brw-rw----"
  })
  void text_isThatOfLs(String octal, String text) {
    int mode = Integer.parseInt(octal, 8);
    Version version = new Version(mode, 0, 0, 0, 0, 0, null, null, null, null, false);
    assertThat(Modes.text(version)).isEqualTo(text);
  }
}
