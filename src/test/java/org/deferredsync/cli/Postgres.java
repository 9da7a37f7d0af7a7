package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A cluster of PostgreSQL; every role needs its password, but for the superuser. */
final class Postgres extends Daemon {
  private final String superuser;
  private final Path programs;

  /**
   * An empty one, made anew.
   *
   * @param superuser who needs no password
   */
  Postgres(Path directory, String superuser) throws Exception {
    super(directory);
    this.superuser = superuser;
    programs = programs();
    run(
        programs.resolve("initdb").toString(),
        "--pgdata=" + data(),
        "--username=" + superuser,
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync");
    String rules = "local all " + superuser + " trust\nlocal all all scram-sha-256\n";
    feed(rules, "dd", "of=" + data() + "/pg_hba.conf", "status=none");
  }

  /** Debian and Red Hat keep the server's programs where no PATH leads. */
  private static Path programs() throws IOException {
    try (Stream<Path> found = Files.find(Path.of("/usr"), 4, Postgres::isServer)) {
      return found
          .max(Comparator.comparing(Path::toString))
          .map(Path::getParent)
          .orElseThrow(() -> new IOException("no initdb below /usr"));
    }
  }

  private static boolean isServer(Path path, Object attributes) {
    return path.endsWith("bin/initdb");
  }

  private String data() {
    return directory.resolve("data").toString();
  }

  void start() throws Exception {
    start(
        programs.resolve("postgres").toString(),
        "-D",
        data(),
        "-k",
        directory.toString(),
        "-c",
        "listen_addresses=",
        "-c",
        "fsync=off",
        "-c",
        "shared_buffers=16MB");
  }

  @Override
  boolean answers() throws Exception {
    return status("", Path.of("/dev/null"), client("postgres", "--command=SELECT 1")) == 0;
  }

  private String[] client(String database, String... arguments) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "psql",
                "--no-psqlrc",
                "--quiet",
                "--no-align",
                "--tuples-only",
                "--set=ON_ERROR_STOP=1",
                "--host=" + directory,
                "--username=" + superuser,
                "--dbname=" + database));
    all.addAll(List.of(arguments));
    return all.toArray(new String[0]);
  }

  /** Runs a script, as psql does it. */
  String sql(String database, String script) throws Exception {
    return feed(script, client(database, "--file=-"));
  }

  /** Locks a table until the process ends. */
  Process lock(String database, String table) throws Exception {
    Process process =
        background(
            "BEGIN; LOCK TABLE " + table + " IN ACCESS EXCLUSIVE MODE;\n",
            client(database, "--file=-"));
    String held =
        "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted"
            + " AND relation = '"
            + table
            + "'::regclass";
    while (sql(database, held).strip().equals("0")) {
      assertThat(process.isAlive()).as("who locks").isTrue();
      Thread.sleep(10);
    }
    return process;
  }

  /** Waits until somebody waits for a lock. */
  void awaitWaiting() throws Exception {
    while (sql("postgres", "SELECT count(*) FROM pg_locks WHERE NOT granted").strip().equals("0")) {
      Thread.sleep(10);
    }
  }

  /** All of the cluster, in the words of pg_dumpall, without what differs each time. */
  String image() throws Exception {
    return run("pg_dumpall", "--host=" + directory, "--username=" + superuser)
        .replaceAll("(?m)^\\\\(un)?restrict .*$", "");
  }

  /** One database, in the words of pg_dump. */
  String image(String database) throws Exception {
    return run("pg_dump", "--host=" + directory, "--username=" + superuser, "--dbname=" + database)
        .replaceAll("(?m)^\\\\(un)?restrict .*$", "");
  }
}
