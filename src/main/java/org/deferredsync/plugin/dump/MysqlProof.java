package org.deferredsync.plugin.dump;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.deferredsync.process.Command;
import org.deferredsync.process.Programs;
import org.jspecify.annotations.Nullable;

/** Loads a dump into a MariaDB, or a MySQL, of its own. */
final class MysqlProof implements Proof {
  private static final String DATABASE = "drill";
  private static final List<String> SERVERS = List.of("mariadbd", "mysqld");
  private static final List<String> CLIENTS = List.of("mariadb", "mysql");
  private static final List<String> INSTALLERS = List.of("mariadb-install-db", "mysql_install_db");

  private static final String LIST =
      "SELECT HEX(table_name) FROM information_schema.tables WHERE table_schema = '"
          + DATABASE
          + "' AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY table_name";

  private @Nullable Scratch scratch;

  @Override
  public String missing() {
    boolean server = SERVERS.stream().anyMatch(MysqlProof::isThere);
    boolean client = CLIENTS.stream().anyMatch(MysqlProof::isThere);
    return server && client ? "" : "neither MariaDB's nor MySQL's server is installed";
  }

  private static boolean isThere(String program) {
    return Programs.find(program).isPresent();
  }

  @Override
  public void start(Scratch place) throws ProofException, InterruptedException {
    scratch = place;
    String server = DumpMysql.installed(SERVERS);
    String data = "--datadir=" + place.path("data");
    if (INSTALLERS.stream().anyMatch(MysqlProof::isThere)) {
      place.run(
          Command.of(
              DumpMysql.installed(INSTALLERS),
              "--no-defaults",
              data,
              "--auth-root-authentication-method=normal",
              "--skip-test-db"));
    } else {
      place.run(Command.of(server, "--no-defaults", "--initialize-insecure", data));
    }
    place.serve(
        Command.of(
            server,
            "--no-defaults",
            data,
            "--socket=" + place.path("s"),
            "--pid-file=" + place.path("pid"),
            "--tmpdir=" + place.path(""),
            "--skip-networking",
            "--skip-log-bin",
            "--event-scheduler=OFF",
            "--local-infile=OFF",
            "--secure-file-priv=" + place.path("data"),
            "--innodb-flush-log-at-trx-commit=0",
            "--max-allowed-packet=1G"),
        client("--execute=SELECT 1"));
    place.run(client("--execute=CREATE DATABASE " + DATABASE));
  }

  private Command client(String... arguments) {
    List<String> all =
        new ArrayList<>(
            List.of(
                DumpMysql.installed(CLIENTS),
                "--no-defaults",
                "--socket=" + place().path("s"),
                "--user=root",
                "--default-character-set=utf8mb4",
                "--max-allowed-packet=1G",
                "--batch",
                "--skip-column-names"));
    all.addAll(List.of(arguments));
    return Command.of(all);
  }

  private Scratch place() {
    return Objects.requireNonNull(scratch);
  }

  @Override
  public void load(List<StoredDump> parts) throws ProofException, InterruptedException {
    for (StoredDump part : parts) {
      // With --binary-mode no text of a dump is a command of the client.
      place().run(client("--binary-mode", DATABASE).reading(part.feed()));
    }
  }

  @Override
  public Map<String, Long> tables() throws ProofException, InterruptedException {
    List<String> names = new ArrayList<>();
    for (String line : place().run(client("--execute=" + LIST))) {
      names.add(new String(HexFormat.of().parseHex(line), StandardCharsets.UTF_8));
    }
    StringBuilder questions = new StringBuilder();
    for (String name : names) {
      questions.append("SELECT COUNT(*) FROM `").append(name.replace("`", "``")).append("`;\n");
    }
    byte[] script = questions.toString().getBytes(StandardCharsets.UTF_8);
    List<String> counts = place().run(client(DATABASE).reading(script));
    Map<String, Long> tables = new TreeMap<>();
    for (int i = 0; i < names.size(); i++) {
      tables.put(names.get(i), Long.parseLong(counts.get(i)));
    }
    return tables;
  }

  @Override
  public String instance() throws ProofException, InterruptedException {
    String version = String.join("", place().run(client("--execute=SELECT VERSION()")));
    return (version.contains("MariaDB") ? "MariaDB " : "MySQL ") + version;
  }
}
