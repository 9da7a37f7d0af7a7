package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import org.deferredsync.cli.Operator.Job;
import org.deferredsync.cli.Operator.Ran;
import org.deferredsync.plugin.dump.MongoSample;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * dump_mongodb with a stand-in for mongodump that notes its arguments and can misbehave; no server
 * of MongoDB was at hand.
 */
@EnabledOnOs(OS.LINUX)
@Timeout(120)
final class DumpMongodbIT {
  /** What the stand-in does is in the file {@code mode} beside it. */
  private static final String STAND_IN =
      """
      #!/bin/sh
      here=${0%/*}
      for argument; do printf '%s\\n' "$argument"; done >"$here/arguments"
      echo 'writing app.users to archive on stdout' >&2
      case $(cat "$here/mode") in
      good) exec cat "$here/archive" ;;
      empty) exit 0 ;;
      cut) exec head -c 200 "$here/archive" ;;
      down) echo 'Failed: can'\\''t create session: could not connect to server' >&2; exit 1 ;;
      hang) head -c 100 "$here/archive"; sleep 100 & sleep 100 ;;
      flood) yes "$(printf '%0999d' 7)" | head -c 1073741824 >&2; exec cat "$here/archive" ;;
      esac
      """;

  @TempDir private Path scratch;
  private DumpGround ground;
  private Path bin;

  @BeforeEach
  void configure() throws Exception {
    ground = new DumpGround(scratch, "dump_mongodb");
    bin = Files.createDirectory(ground.operator.scratch.resolve("bin"));
    ground.operator.trusted(bin.resolve("mongodump"), STAND_IN);
    Files.write(bin.resolve("archive"), MongoSample.archive());
    mode("good");
    ground.configure(
        "MONGODUMP_BIN=" + bin.resolve("mongodump"),
        "MONGODBDUMP_PATH=" + bin,
        "MONGODBDUMP=" + ground.dumps.resolve("mongodump.zip"));
  }

  @AfterEach
  void clear() throws Exception {
    ground.close();
  }

  private void mode(String mode) throws Exception {
    Files.writeString(bin.resolve("mode"), mode);
  }

  @Test
  void dump_isAZip_orTheArchive_asItsNameSays() throws Exception {
    Job job = ground.good();
    assertThat(Files.readAllLines(bin.resolve("arguments"))).containsExactly("--archive");
    assertThat(ground.names()).containsExactly("mongodump.zip");
    assertThat(ground.identity("mongodump.zip")).contains("mode=33152");
    assertThat(ground.said(job))
        .anyMatch(line -> line.contains("mongodump.zip: 2 collections, 3 documents, "));
    Ran ran =
        ground.operator.sh(
            "python3 -c 'import sys, zipfile; a = zipfile.ZipFile(sys.argv[1]);"
                + " open(sys.argv[2], \"wb\").write(a.read(\"mongodb.archive\"))' \"$1\" \"$2\"",
            ground.dumps.resolve("mongodump.zip"),
            bin.resolve("back"));
    assertThat(ran.err()).isEmpty();
    assertThat(Files.readAllBytes(bin.resolve("back"))).isEqualTo(MongoSample.archive());
    String before = ground.identity("mongodump.zip");
    ground.good();
    assertThat(ground.identity("mongodump.zip")).isEqualTo(before);

    Path configuration = bin.resolve("mongodump.yaml");
    Files.writeString(configuration, "password: x\n");
    Files.setPosixFilePermissions(configuration, PosixFilePermissions.fromString("rw-------"));
    ground.configureAlso(
        "MONGODBDUMP=" + ground.dumps.resolve("all.archive"), "MONGODUMP_CONFIG=" + configuration);
    ground.good();
    assertThat(Files.readAllLines(bin.resolve("arguments")))
        .containsExactly("--config=" + configuration, "--archive");
    // What mongorestore --gzip --archive=FILE reads.
    assertThat(
            ground
                .operator
                .sh(
                    "gzip -dc <\"$1\" | cmp - \"$2\"",
                    ground.dumps.resolve("all.archive"),
                    bin.resolve("archive"))
                .status())
        .isZero();
    Ran drill = ground.drill();
    assertThat(drill.status()).as(drill.err()).isZero();
    assertThat(drill.out())
        .isEqualTo(
            ground.dumps
                + "/all.archive: parsed, not proven: it can only be loaded by hand; 2 collections,"
                + " 3 documents.\n");
  }

  @Test
  void dump_thatIsEmptyOrCut_orHangs_orFails_leavesTheLastOne() throws Exception {
    ground.good();
    String before = ground.identity("mongodump.zip");
    for (String[] expected :
        new String[][] {
          {"empty", "not dumped: it is empty"},
          {"cut", "not dumped: it ends within a document"},
          {"down", "exited with status 1: Failed: can't create session: could not connect"},
          {"hang", "ran longer than 1s and was ended"}
        }) {
      mode(expected[0]);
      ground.configureAlso(expected[0].equals("hang") ? "DUMP_TIMEOUT=1s" : "DUMP_TIMEOUT=1m");
      Job job = ground.run();
      assertThat(job.status()).as(expected[0]).isEqualTo(1);
      assertThat(job.ran().err()).hasLineCount(1).contains(expected[1]);
      assertThat(ground.identity("mongodump.zip")).isEqualTo(before);
      assertThat(ground.names()).containsExactly("mongodump.zip");
    }
  }

  @Test
  void dump_isNeverThatOfAnotherPlugin_andTheLineNamesBoth() throws Exception {
    Path database = bin.resolve("app.db");
    assertThat(ground.operator.sh("sqlite3 \"$1\" 'CREATE TABLE t (a)'", database).status())
        .isZero();
    String name = database.toString().substring(1).replace('/', '_');
    ground.configureAlso(
        "PLUGINS='dump_mongodb dump_sqlite'",
        "DUMP_COMPRESSION=zip",
        "SQLITE_DBS=" + database,
        "SQLITEDUMP=" + ground.dumps,
        "MONGODBDUMP=" + ground.dumps.resolve(name + ".zip"));
    for (int round = 0; round < 2; round++) {
      Job job = ground.run();
      assertThat(job.status()).isEqualTo(3);
      assertThat(job.ran().err())
          .hasLineCount(1)
          .contains(
              name + ".zip: not dumped: this is the dump of mongodb.archive by dump_mongodb, and ",
              name + " by dump_sqlite would have the same name; give each a directory of its own");
    }
    assertThat(ground.names()).containsExactly(name + ".zip");
    assertThat(ground.drill().out())
        .contains(name + ".zip: parsed, not proven: it can only be loaded by hand; 2 collections");
  }

  @Test
  void flood_ofErrors_neitherBlocks_norFillsTheLog() throws Exception {
    mode("flood");
    Job job = ground.run();
    assertThat(job.status()).isZero();
    assertThat(
            ground.said(job).stream()
                .anyMatch(it -> it.contains(" more lines of output were left out")))
        .isTrue();
    assertThat(Files.size(ground.operator.log)).isLessThan(32L << 20);
  }

  @Test
  void prerequisites_thatAreMissing_areNamed_andNothingIsMade() throws Exception {
    byte[] archive = MongoSample.archive();
    Files.write(bin.resolve("untrusted"), Arrays.copyOf(archive, 10));
    Files.setPosixFilePermissions(
        bin.resolve("untrusted"), PosixFilePermissions.fromString("rwxrwxrwx"));
    for (String wrong :
        new String[] {
          "MONGODUMP_BIN=/nonexistent/mongodump",
          "MONGODUMP_BIN=" + bin.resolve("untrusted"),
          "MONGODBDUMP_PATH=/nonexistent/mongodump",
          "MONGODBDUMP=/nonexistent/mongodump.zip",
          "MONGODBDUMP=" + ground.dumps + "/-x.zip",
          "MONGODUMP_CONFIG=/nonexistent/mongodump.yaml"
        }) {
      ground.configureAlso(wrong);
      Job job = ground.run();
      assertThat(job.status()).as(wrong).isEqualTo(3);
      assertThat(job.ran().err()).hasLineCount(1).contains(wrong.substring(0, wrong.indexOf('=')));
    }
    assertThat(ground.names()).isEmpty();
  }
}
