package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.deferredsync.cli.Operator.Ran;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
final class RebuildIT {
  @TempDir private Path scratch;

  @Test
  void rebuild_isNamedByWhoeverMissesTheCatalogue_andMakesIt() throws Exception {
    Operator operator = new Operator(scratch);
    Path source = Files.createDirectories(operator.scratch.resolve("source"));
    Files.writeString(source.resolve("file"), "12345");
    operator.configure("BACKUPDIRS=" + source);
    operator.job("run");
    assertThat(operator.run("rebuild").out()).isEqualTo("The catalogue is whole; nothing to do.\n");
    Path catalogue = operator.target.resolve(".deferred-sync/catalogue.db");
    Files.delete(catalogue);

    Ran lost = operator.run("snapshots");

    assertThat(lost.status()).isEqualTo(3);
    assertThat(lost.err())
        .isEqualTo(
            "[ERROR] deferred-sync: "
                + catalogue
                + ": missing, though there is a mirror; make it again with deferred-sync rebuild\n");
    Ran rebuilt = operator.run("rebuild");
    assertThat(rebuilt.status()).as(rebuilt.err()).isZero();
    assertThat(rebuilt.out()).isEqualTo("Rebuilt: 1 run, all of it as it was.\n");
    assertThat(operator.run("verify").status()).isZero();
    assertThat(operator.run("cat", source + "/file").out()).isEqualTo("12345");
    assertThat(operator.run("rebuild", "--force", "--json").out())
        .isEqualTo("{\n\"rebuilt\":true,\n\"exact\":true,\n\"runs\":1,\n\"fromFiles\":0\n}\n");
  }
}
