package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.deferredsync.backup.SharedMemory;
import org.deferredsync.cli.Operator.Job;
import org.deferredsync.cli.Operator.Ran;
import org.deferredsync.remote.LocalSshd;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** dump_sqlite against databases that SQLite's own program writes to. */
@EnabledOnOs(OS.LINUX)
@Timeout(120)
final class DumpSqliteIT {
  private static final String AWKWARD =
      """
      PRAGMA journal_mode = wal;
      PRAGMA user_version = 7;
      PRAGMA application_id = 4711;
      CREATE TABLE "odd "" t" (id INTEGER PRIMARY KEY AUTOINCREMENT, "-x" TEXT, raw BLOB);
      INSERT INTO "odd "" t" ("-x", raw) VALUES ('it''s "q"', x'00ff0a'), (char(0, 10, 233), NULL), ('', zeroblob(9000));
      CREATE TABLE empty_one (a, b AS (a * 2));
      CREATE TABLE no_id (k TEXT PRIMARY KEY) WITHOUT ROWID;
      INSERT INTO no_id VALUES ('a'), ('b');
      CREATE VIEW seen AS SELECT 1;
      CREATE TRIGGER loud AFTER INSERT ON no_id BEGIN DELETE FROM empty_one; END;
      CREATE VIRTUAL TABLE texts USING fts5(words);
      INSERT INTO texts VALUES ('some words');
      """;

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private DumpGround ground;
  private Path database;
  private String file;

  @BeforeEach
  void configure() throws Exception {
    ground = new DumpGround(scratch, "dump_sqlite");
    database = ground.operator.scratch.resolve("app.db");
    sqlite(database, AWKWARD);
    file = name(database) + ".gz";
    ground.configure("SQLITE_DBS=" + database, "SQLITEDUMP=" + ground.dumps);
  }

  @AfterEach
  void clear() throws Exception {
    ground.close();
  }

  private static String name(Path of) {
    return of.toString().substring(1).replace('/', '_');
  }

  private String sqlite(Path of, String script) throws Exception {
    Ran ran = ground.operator.sh("echo \"$2\" | sqlite3 -bail \"$1\"", of, script);
    assertThat(ran.status()).as(ran.err()).isZero();
    return ran.out();
  }

  /** SQLite's own program, which has done that and goes on having the database open. */
  private Process using(Path of, String script) throws Exception {
    Path done = ground.operator.scratch.resolve("done");
    Process process =
        ground.operator.start(
            Map.of(),
            List.of(
                "/bin/sh",
                "-c",
                "(echo \"$2 SELECT 'done';\"; sleep 600) | sqlite3 -bail \"$1\" >\"$3\"",
                "sh",
                of.toString(),
                script,
                done.toString()));
    while (Files.notExists(done) || Files.size(done) == 0) {
      assertThat(process.isAlive()).as(script).isTrue();
      Thread.sleep(10);
    }
    return process;
  }

  private static void end(Process user) throws Exception {
    List<ProcessHandle> all = user.descendants().toList();
    all.forEach(ProcessHandle::destroyForcibly);
    user.destroyForcibly().waitFor();
    all.forEach(LocalSshd::ended);
  }

  @Test
  void dump_ofADatabaseInUse_isTheSame_andIsProven() throws Exception {
    // The program keeps it open, so that what it wrote is in the write-ahead log alone.
    Process user = using(database, "INSERT INTO no_id VALUES ('late');");
    try {
      assertThat(Path.of(database + "-wal")).isNotEmptyFile();
      Job job = ground.good();
      assertThat(ground.names()).containsExactly(file);
      assertThat(ground.identity(file)).contains("mode=33152");
      assertThat(ground.said(job))
          .anyMatch(line -> line.contains(file + ": ") && line.contains(" tables, "));
    } finally {
      end(user);
    }
    Path back = ground.operator.scratch.resolve("back.db");
    String name = file.substring(0, file.length() - 3);
    Ran checked =
        ground.follow(
            "sqlite",
            Map.of(
                "/home/sqlitedump/srv_app_app.db",
                ground.dumps.resolve(name).toString(),
                "/srv/app_back.db",
                back.toString()),
            Map.of());
    assertThat(checked.out()).as(checked.err()).isEqualTo("ok\n");
    String image = ".dump\nPRAGMA user_version; PRAGMA application_id; PRAGMA integrity_check;";
    assertThat(sqlite(back, image)).contains("'late'").isEqualTo(sqlite(database, image));

    Ran drill = ground.drill();
    assertThat(drill.status()).as(drill.out() + drill.err()).isZero();
    assertThat(drill.out()).contains(file + ": proven: loaded into SQLite 3");
  }

  @Test
  void dump_thatHasNotChanged_keepsItsFile() throws Exception {
    ground.good();
    String before = ground.identity(file);
    assertThat(ground.said(ground.good())).anyMatch(line -> line.contains("has not changed"));
    assertThat(ground.identity(file)).isEqualTo(before);
    sqlite(database, "INSERT INTO empty_one (a) VALUES (1)");
    ground.good();
    assertThat(ground.identity(file)).isNotEqualTo(before);
  }

  @Test
  void dump_isCompressedAsSet_andTheFormerOneGoes() throws Exception {
    String plain = file.substring(0, file.length() - 3);
    for (String how : new String[] {"gzip", "zstd", "none", "zip"}) {
      ground.configureAlso("DUMP_COMPRESSION=" + how);
      ground.good();
      String suffix = Map.of("gzip", ".gz", "zstd", ".zst", "none", "", "zip", ".zip").get(how);
      assertThat(ground.names()).containsExactly(plain + suffix);
      Ran ran =
          ground.operator.sh(
              "case $1 in gzip) gzip -dc \"$2\" ;; zstd) zstd -dcq \"$2\" ;; none) cat \"$2\" ;;"
                  + " zip) python3 -c 'import sys, zipfile; a = zipfile.ZipFile(sys.argv[1]);"
                  + " a.testzip() and sys.exit(1); sys.stdout.buffer.write(a.read(a.namelist()[0]))'"
                  + " \"$2\" ;; esac >\"$3\"; sqlite3 \"$3\" 'PRAGMA integrity_check'",
              how,
              ground.dumps.resolve(plain + suffix),
              ground.operator.scratch.resolve("back-" + how));
      assertThat(ran.out()).as(ran.err()).isEqualTo("ok\n");
      assertThat(ground.drill().out()).contains("proven");
    }
  }

  @Test
  void dump_goesOn_afterOneThatFails() throws Exception {
    Path absent = ground.operator.scratch.resolve("absent.db");
    Path broken = ground.operator.scratch.resolve("broken.db");
    Files.writeString(broken, "no database at all".repeat(100));
    Path link = ground.operator.scratch.resolve("link.db");
    Files.createSymbolicLink(link, database);
    ground.configureAlso(
        "SQLITE_DBS='"
            + String.join(" ", absent + "", broken + "", link + "", database + "")
            + "'");
    Job job = ground.run();
    assertThat(job.status()).isEqualTo(3);
    assertThat(ground.names()).containsExactly(file);
    assertThat(ground.said(job))
        .anyMatch(line -> line.contains(absent + ": not dumped: it does not exist"))
        .anyMatch(
            line ->
                line.contains(
                    "not dumped: [SQLITE_NOTADB] File opened that is not a database file."))
        .anyMatch(line -> line.contains(link + ": not dumped: it is no regular file"));
  }

  @Test
  void dump_ofAProgramThatIsKilled_leavesTheLastOne() throws Exception {
    ground.good();
    String before = ground.identity(file);
    sqlite(
        database,
        "CREATE TABLE large AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 60)"
            + " SELECT randomblob(1000000) FROM n");
    Path spare = Files.createDirectory(ground.operator.scratch.resolve("spare"));
    Process program =
        ground.operator.start(Map.of("TMPDIR", spare.toString()), ground.operator.command("run"));
    ground.awaitBegun(file);
    program.destroyForcibly();
    assertThat(program.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(program.exitValue()).isEqualTo(128 + 9);
    assertThat(ground.identity(file)).isEqualTo(before);
    assertThat(ground.names()).containsExactly("." + file + ".deferred-sync", file);
    assertThat(spare).isEmptyDirectory();

    sqlite(database, "DROP TABLE large; VACUUM");
    ground.good();
    assertThat(ground.names()).containsExactly(file);
  }

  @Test
  void dump_thatHangs_isGivenUp_andTheNextOneIsMade() throws Exception {
    Path spare = Files.createDirectory(ground.operator.scratch.resolve("spare"));
    ground.operator.variable("TMPDIR", spare.toString());
    Path locked = ground.operator.scratch.resolve("locked.db");
    sqlite(locked, "CREATE TABLE t (a)");
    ground.configureAlso("SQLITE_DBS='" + locked + " " + database + "'");
    ground.good();
    String before = ground.identity(name(locked) + ".gz");
    sqlite(database, "INSERT INTO no_id VALUES ('later')");
    Process writer = using(locked, "BEGIN EXCLUSIVE;");
    try {
      ground.configureAlso("SQLITE_DBS='" + locked + " " + database + "'", "DUMP_TIMEOUT=4s");
      Job job = ground.run();
      assertThat(job.status()).isEqualTo(1);
      assertThat(job.ran().err())
          .hasLineCount(1)
          .contains(name(locked) + ".gz: not dumped: it took longer than 4s and was given up");
      assertThat(ground.said(job)).anyMatch(line -> line.contains(file + ": 8 tables, "));
      assertThat(ground.identity(name(locked) + ".gz")).isEqualTo(before);
    } finally {
      end(writer);
    }
    ground.configureAlso("SQLITE_DBS='" + locked + " " + database + "'");
    ground.good();
    // What was given up may clear up a moment later, or leave that to the next run.
    for (int i = 0; i < 50 && !ground.operator.sh("ls -A \"$1\"", spare).out().isEmpty(); i++) {
      Thread.sleep(100);
      ground.good();
    }
    assertThat(spare).isEmptyDirectory();
  }

  @Test
  void dump_onAFullDisk_leavesTheLastOne() throws Exception {
    assumeTrue(Operator.isRoot(), "mounting needs root");
    Ran ran =
        ground.runOnFullDisk(
            file,
            64,
            "sqlite3 "
                + database
                + " 'CREATE TABLE large AS SELECT randomblob(200000); PRAGMA wal_checkpoint' >/dev/null");
    assertThat(ran.status()).as(ran.out() + ran.err()).isEqualTo(1);
    assertThat(ran.err())
        .hasLineCount(1)
        .contains(file + ": not dumped: no room in " + ground.dumps);
    assertThat(ran.out()).isEqualTo("the last good one is whole\n" + file + "\n");
  }

  @Test
  void drill_saysSo_whereItCannotLoad_orFindsOtherRows() throws Exception {
    ground.good();
    assumeTrue(Operator.isRoot(), "mounting needs root");
    Ran parsed =
        ground.operator.process(
            Map.of("LC_ALL", "C.UTF-8"),
            Stream.concat(
                    Stream.of(
                        "unshare",
                        "--mount",
                        "/bin/sh",
                        "-c",
                        "mount --bind /dev/null \"$(command -v sqlite3)\" || exit 99; exec \"$@\"",
                        "sh"),
                    ground.operator.command("drill", "--dumps").stream())
                .toList());
    assumeTrue(parsed.status() != 99, "no mounts here");
    assertThat(parsed.status()).as(parsed.err()).isZero();
    assertThat(parsed.out())
        .contains(file + ": parsed, not proven: the program sqlite3 is not installed; 8 tables, ");

    // As if the dump had lost a row on its way.
    String encoded = URLEncoder.encode(ground.dumps.toString(), StandardCharsets.UTF_8);
    ground.operator.sh(
        "sed -i 's/^table no_id 2$/table no_id 3/' \"$(grep -l \"$1\" /var/lib/deferred-sync/dumps/*)\"",
        encoded);
    Ran failed = ground.drill();
    assertThat(failed.status()).isEqualTo(1);
    assertThat(failed.out())
        .contains(file + ": failed: loaded into SQLite 3", "no_id has 2, and 3 were recorded");
  }

  @Test
  void settings_thatCannotBe_areRefused_beforeAnythingIsDumped() throws Exception {
    for (String wrong :
        new String[] {
          "SQLITE_DBS=",
          "SQLITE_DBS=relative.db",
          "SQLITE_DBS=/a/../b.db",
          "SQLITE_DBS='/a/b /a_b'",
          "SQLITE_DBS=/-x",
          "SQLITEDUMP=/nonexistent/dumps"
        }) {
      ground.configureAlso(wrong);
      Job job = ground.run();
      assertThat(job.status()).as(wrong).isEqualTo(3);
      assertThat(job.ran().err()).hasLineCount(1).contains(wrong.substring(0, wrong.indexOf('=')));
    }
    assertThat(ground.names()).isEmpty();
  }
}
