package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;

/** MariaDB, whose root needs no password. */
final class MariaDb extends Daemon {
  /** An empty one, made anew. */
  MariaDb(Path directory) throws Exception {
    super(directory);
    run(
        "mariadb-install-db",
        "--no-defaults",
        "--datadir=" + directory.resolve("data"),
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        "--innodb-log-file-size=8M");
  }

  /** A copy of one that does not run. */
  MariaDb(Path directory, MariaDb other) throws Exception {
    super(directory);
    run("cp", "-R", other.directory.resolve("data").toString(), directory.toString());
  }

  void start() throws Exception {
    start(
        "mariadbd",
        "--no-defaults",
        "--datadir=" + directory.resolve("data"),
        "--socket=" + socket(),
        "--pid-file=" + directory.resolve("pid"),
        "--tmpdir=" + directory,
        "--skip-networking",
        "--innodb-log-file-size=8M",
        "--innodb-buffer-pool-size=32M",
        "--innodb-flush-log-at-trx-commit=0",
        "--performance-schema=OFF");
  }

  String socket() {
    return directory.resolve("socket").toString();
  }

  @Override
  boolean answers() throws Exception {
    return status("", Path.of("/dev/null"), client("--execute=SELECT 1")) == 0;
  }

  private String[] client(String... arguments) {
    String[] all = new String[arguments.length + 5];
    all[0] = "mariadb";
    all[1] = "--no-defaults";
    all[2] = "--socket=" + socket();
    all[3] = "--user=root";
    all[4] = "--default-character-set=utf8mb4";
    System.arraycopy(arguments, 0, all, 5, arguments.length);
    return all;
  }

  /** Runs a script, as the client does it. */
  String sql(String script, String... arguments) throws Exception {
    return feed(script, client(arguments));
  }

  /** Locks a table until the process ends. */
  Process lock(String database, String table) throws Exception {
    Process process = background("LOCK TABLES " + table + " WRITE;\n", client(database));
    while (!sql("SHOW OPEN TABLES FROM " + database + " WHERE In_use > 0").contains(table)) {
      assertThat(process.isAlive()).as("who locks").isTrue();
      Thread.sleep(10);
    }
    return process;
  }

  /** All of a database, in the words of the client, without the name of the database. */
  String image(String database) throws Exception {
    return run(
        "mariadb-dump",
        "--no-defaults",
        "--socket=" + socket(),
        "--user=root",
        "--skip-comments",
        "--routines",
        "--events",
        "--triggers",
        "--hex-blob",
        database);
  }
}
