package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.deferredsync.backup.SharedMemory;
import org.deferredsync.cli.Operator.Job;
import org.deferredsync.cli.Operator.Ran;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** dump_postgresql against a real cluster, from the password to the restored database. */
@EnabledOnOs(OS.LINUX)
@Timeout(120)
final class DumpPostgresqlIT {
  private static final String SECRET = "p:a\\s'\"\u00e4 $(id)#";
  private static final String SUPERUSER = "nobody";
  private static final String FILE = "all.dump.gz";

  private static final String AWKWARD =
      """
      CREATE TABLE "Odd "" t (x" (id serial PRIMARY KEY, "-x" text, raw bytea, ünï text[]);
      INSERT INTO "Odd "" t (x" ("-x", raw, ünï) VALUES
        (E'\\restrict x\\nline\\t\\\\', '\\x00ff0a5c27', ARRAY['a,b', NULL, '"']), (E'\\\\.', '', '{}'), (NULL, NULL, NULL);
      CREATE TABLE empty_one (a int, g int GENERATED ALWAYS AS (a * 2) STORED);
      CREATE SCHEMA "s.s";
      CREATE TABLE "s.s"."t.t" (n numeric, f double precision);
      INSERT INTO "s.s"."t.t" VALUES (1e100, '-Infinity'), ('NaN', 1e-300);
      CREATE TABLE parted (d date) PARTITION BY RANGE (d);
      CREATE TABLE part_1 PARTITION OF parted FOR VALUES FROM ('2000-01-01') TO ('2100-01-01');
      INSERT INTO parted VALUES ('2026-11-28');
      SET check_function_bodies = off;
      CREATE FUNCTION fill() RETURNS int LANGUAGE sql AS 'SELECT 1;
      COPY x FROM stdin;
      \\restrict nothing
      SELECT $$;$$ IS NULL; SELECT 2';
      CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $_$BEGIN NEW."-x" := NEW."-x" || '$'; RETURN NEW; END$_$;
      CREATE TRIGGER loud BEFORE UPDATE ON "Odd "" t (x" FOR EACH ROW EXECUTE FUNCTION touch();
      CREATE VIEW seen AS SELECT "-x" FROM "Odd "" t (x";
      COMMENT ON TABLE empty_one IS E'two\\n-- PostgreSQL database cluster dump complete\\nlines''s';
      SELECT lo_from_bytea(4711, '\\xdeadbeef00');
      """;

  @TempDir(factory = SharedMemory.class)
  private static Path place;

  private static Postgres server;
  private static Postgres fresh;

  @TempDir(factory = SharedMemory.class)
  private Path scratch;

  private DumpGround ground;

  @BeforeAll
  static void startServers() throws Exception {
    server = new Postgres(place.resolve("server"), SUPERUSER);
    fresh = new Postgres(place.resolve("fresh"), SUPERUSER);
    server.start();
    fresh.start();
    String password = "'" + SECRET.replace("'", "''") + "'";
    server.sql(
        "postgres",
        "CREATE DATABASE \"it's = \"\"odd\"\"\"; CREATE DATABASE app;\n"
            + "CREATE ROLE dumper SUPERUSER LOGIN PASSWORD "
            + password);
    server.sql("app", AWKWARD);
  }

  @AfterAll
  static void stopServers() throws Exception {
    fresh.stop();
    server.stop();
  }

  @BeforeEach
  void configure() throws Exception {
    ground = new DumpGround(scratch, "dump_postgresql");
    ground.configure(
        "PGDUMP=" + ground.dumps,
        "PG_HOST=" + server.directory,
        "PG_USER=" + (Operator.isRoot() ? SUPERUSER : System.getProperty("user.name")));
  }

  @AfterEach
  void clear() throws Exception {
    ground.close();
  }

  private Map<String, String> paths() {
    return Map.of("/var/lib/postgresql/pg_dump", ground.dumps.toString());
  }

  /** The clients, as the superuser of that cluster. */
  private static Map<String, String> programs(Postgres cluster) {
    Map<String, String> programs = new TreeMap<>();
    for (String program : List.of("psql", "createdb", "pg_restore")) {
      programs.put(
          program,
          "exec /usr/bin/" + program + " -U " + SUPERUSER + " -h " + cluster.directory + " \"$@\"");
    }
    return programs;
  }

  @Test
  void dump_ofTheCluster_loads_andIsTheSame() throws Exception {
    Job job = ground.good();

    assertThat(ground.names()).containsExactly(FILE);
    assertThat(ground.identity(FILE)).contains("mode=33152"); // 0100600
    assertThat(ground.said(job)).anyMatch(line -> line.contains(FILE + ": 4 tables, 6 rows, "));
    Ran loaded = ground.follow("cluster", paths(), programs(fresh));
    assertThat(loaded.err().lines().filter(line -> !line.startsWith("NOTICE:")))
        .containsExactly(
            "ERROR:  current user cannot be dropped", "ERROR:  role \"nobody\" already exists");
    assertThat(fresh.image()).isEqualTo(server.image());
  }

  @Test
  void dump_ofADatabase_inTheProgramsOwnFormat_loads_andIsTheSame() throws Exception {
    ground.configureAlso("PG_DBS=app");
    Job job = ground.good();
    assertThat(ground.names()).containsExactly("app.dump.gz");
    assertThat(ground.said(job)).anyMatch(line -> line.contains("app.dump.gz: 4 tables, 6 rows, "));
    String before = ground.identity("app.dump.gz");
    ground.good();
    assertThat(ground.identity("app.dump.gz")).isEqualTo(before);

    Ran loaded = ground.follow("database", paths(), programs(server));
    assertThat(loaded.status()).as(loaded.err()).isZero();
    assertThat(server.image("app_back")).isEqualTo(server.image("app"));
    server.sql("postgres", "DROP DATABASE app_back");
    assertThat(ground.drill().out())
        .contains("app.dump.gz: proven: loaded into PostgreSQL ", ", 4 tables, 6 rows, in ");
  }

  @Test
  void dump_thatHasNotChanged_keepsItsFile_andIsProven() throws Exception {
    ground.good();
    String before = ground.identity(FILE);
    assertThat(ground.said(ground.good()))
        .anyMatch(line -> line.contains(FILE + " has not changed"));
    assertThat(ground.identity(FILE)).isEqualTo(before);

    Ran drill = ground.drill();
    assertThat(drill.status()).as(drill.out() + drill.err()).isZero();
    assertThat(drill.out())
        .matches(
            ground.dumps
                + "/all.dump.gz: proven: loaded into PostgreSQL [0-9.]+.*, 4 tables, 6 rows, in .*s\\.\n");

    server.sql("app", "CREATE TABLE later ()");
    try {
      ground.good();
      assertThat(ground.identity(FILE)).isNotEqualTo(before);
    } finally {
      server.sql("app", "DROP TABLE later");
    }
  }

  @Test
  void dump_withTablespaces_isProven_besideTheOnesOfTheServer() throws Exception {
    Path fast = server.directory.resolve("so fast");
    server.run("mkdir", fast.toString());
    server.sql(
        "postgres",
        "CREATE TABLESPACE \"Fast one\" LOCATION '"
            + fast
            + "';\nCREATE DATABASE quick TABLESPACE \"Fast one\";");
    server.sql("quick", "CREATE TABLE t (i int); INSERT INTO t VALUES (1)");
    server.sql("app", "CREATE TABLE moved (i int) TABLESPACE \"Fast one\"");
    try {
      ground.good();
      ground.configureAlso("PG_DBS=app");
      ground.good();
      Ran drill = ground.drill("--all");
      assertThat(drill.status()).as(drill.out() + drill.err()).isZero();
      assertThat(drill.out().lines())
          .hasSize(2)
          .anyMatch(line -> line.contains(FILE + ": proven: ") && line.contains("6 tables, 7 rows"))
          .anyMatch(line -> line.contains("app.dump.gz: proven: loaded into PostgreSQL "));
    } finally {
      server.sql("app", "DROP TABLE moved");
      server.sql("postgres", "DROP DATABASE quick");
      server.sql("postgres", "DROP TABLESPACE \"Fast one\"");
    }
  }

  @Test
  void password_isSeenNowhere_andAWrongOneLeavesTheLastDump() throws Exception {
    Path file = ground.operator.scratch.resolve("password");
    Files.writeString(file, SECRET + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    ground.configureAlso("PG_USER=dumper", "PG_PASS_FILE=" + file);
    Process lock = server.lock("app", "empty_one");
    try (SecretWatch watch = new SecretWatch(SECRET)) {
      Job seen =
          ground.runMeeting(
              () -> {
                server.awaitWaiting();
                watch.awaitCommand("pg_dumpall");
                lock.destroyForcibly().waitFor();
              });
      assertThat(seen.status()).as("%s", seen.records()).isZero();
      assertThat(watch.found()).isEmpty();
    } finally {
      lock.destroyForcibly().waitFor();
    }
    String before = ground.identity(FILE);

    Files.writeString(file, "wrong");
    Job job = ground.run();
    assertThat(job.status()).isEqualTo(1);
    assertThat(job.ran().err())
        .hasLineCount(1)
        .contains("password authentication failed for user \"dumper\"");
    assertThat(ground.identity(FILE)).isEqualTo(before);
    assertThat(Files.readString(ground.operator.log)).doesNotContain(SECRET.substring(0, 6));
  }

  @Test
  void dump_goesOn_afterOneThatFails_andToldTheServersWords() throws Exception {
    ground.configureAlso("PG_DBS='absent app host=elsewhere'");
    Job job = ground.run();
    assertThat(job.status()).isEqualTo(1);
    assertThat(ground.names()).containsExactly("app.dump.gz");
    assertThat(ground.said(job))
        .anyMatch(line -> line.contains("database \"absent\" does not exist"))
        .anyMatch(line -> line.contains("database \"host=elsewhere\" does not exist"));

    ground.configureAlso("PG_HOST=" + place.resolve("nowhere"));
    Job down = ground.run();
    assertThat(down.status()).isEqualTo(1);
    assertThat(down.ran().err())
        .hasLineCount(1)
        .contains("connection to server on socket \"" + place.resolve("nowhere"));
  }

  @Test
  void dump_thatIsKilledOrHangs_leavesTheLastOne() throws Exception {
    ground.good();
    String before = ground.identity(FILE);
    server.sql("postgres", "CREATE TABLE slow ()");
    Process lock = server.lock("postgres", "slow");
    try {
      Job killed =
          ground.runMeeting(
              () -> {
                server.awaitWaiting();
                DumpGround.kill("/pg_dump", server.directory.toString());
              });
      assertThat(killed.status()).isEqualTo(1);
      assertThat(ground.said(killed)).anyMatch(line -> line.contains(FILE + ": not dumped: "));

      ground.configureAlso("DUMP_TIMEOUT=1s");
      Job late = ground.run();
      assertThat(late.status()).isEqualTo(1);
      assertThat(ground.said(late))
          .anyMatch(line -> line.contains(" ran longer than 1s and was ended"));
      assertThat(ProcessHandle.allProcesses().filter(it -> isDumping(it)).toList()).isEmpty();
    } finally {
      lock.destroyForcibly().waitFor();
      server.sql("postgres", "DROP TABLE slow");
    }
    assertThat(ground.identity(FILE)).isEqualTo(before);
    assertThat(ground.names()).containsExactly(FILE);
  }

  private static boolean isDumping(ProcessHandle process) {
    return process.isAlive()
        && process
            .info()
            .commandLine()
            .filter(line -> line.contains("pg_dump") && line.contains(server.directory.toString()))
            .isPresent();
  }

  @Test
  void dump_onAFullDisk_leavesTheLastOne() throws Exception {
    assumeTrue(Operator.isRoot(), "mounting needs root");
    server.sql("postgres", "CREATE DATABASE small");
    try {
      Path growth =
          Files.writeString(
              place.resolve("growth.sql"),
              "CREATE TABLE t AS SELECT '" + DumpGround.random(200_000, 1) + "'::text");
      ground.configureAlso("PG_DBS=small");
      Ran ran =
          ground.runOnFullDisk(
              "small.dump.gz",
              64,
              "psql -q -h " + server.directory + " -U nobody -d small -f " + growth);

      assertThat(ran.status()).as(ran.out() + ran.err()).isEqualTo(1);
      assertThat(ran.err())
          .hasLineCount(1)
          .contains("small.dump.gz: not dumped: no room in " + ground.dumps);
      assertThat(ran.out()).isEqualTo("the last good one is whole\nsmall.dump.gz\n");
    } finally {
      server.sql("postgres", "DROP DATABASE small");
    }
  }

  @Test
  void settings_thatCannotBe_areRefused_beforeAnythingIsDumped() throws Exception {
    for (String wrong :
        new String[] {
          "PG_DBS='app ../x'",
          "PG_DBS='-Fp'",
          "PGDUMP=/nonexistent/dumps",
          "PG_PORT=x",
          "PG_USER='-x'",
          "PG_HOST='-x'"
        }) {
      ground.configureAlso(wrong);
      Job job = ground.run();
      assertThat(job.status()).as(wrong).isEqualTo(3);
      assertThat(job.ran().err()).hasLineCount(1).contains(wrong.substring(0, wrong.indexOf('=')));
    }
    assertThat(ground.names()).isEmpty();
  }
}
