package org.deferredsync.plugin.dump;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.Settings;
import org.deferredsync.logging.Printable;
import org.deferredsync.plugin.Plugin;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.plugin.PluginException;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.process.Command;
import org.deferredsync.process.Programs;

/** Dumps databases of MariaDB and MySQL, each to a file that loads under any name. */
public final class DumpMysql implements Plugin {
  private static final String ALL = "*";

  /** What the server makes up by itself. */
  private static final Set<String> VIRTUAL =
      Set.of("information_schema", "performance_schema", "sys");

  /** MariaDB's names first: newer versions of it have no others. */
  private static final List<String> DUMPERS = List.of("mariadb-dump", "mysqldump");

  private static final List<String> CLIENTS = List.of("mariadb", "mysql");

  @Override
  public String name() {
    return "dump_mysql";
  }

  @Override
  public int number() {
    return 30;
  }

  @Override
  public String description() {
    return "dumps the MariaDB or MySQL databases MYSQL_DBS to MYSQLDUMP";
  }

  @Override
  public Set<String> settings() {
    return Set.of(
        "MYSQL_DBS",
        "MYSQL_USER",
        "MYSQL_PASS",
        "MYSQL_PASS_FILE",
        "MYSQL_HOST",
        "MYSQL_PORT",
        "MYSQL_SOCKET",
        "MYSQLDUMP",
        "DUMP_COMPRESSION",
        "DUMP_TIMEOUT");
  }

  @Override
  public ReturnCode run(PluginContext context)
      throws PluginException, SettingException, IOException, InterruptedException {
    Settings settings = context.settings();
    boolean all = settings.list("MYSQL_DBS").contains(ALL);
    List<String> names = all ? List.of() : Names.of(settings, "MYSQL_DBS");
    try (Dumps dumps = Dumps.to(Kind.MYSQL, context, "MYSQLDUMP");
        MysqlAccess access = MysqlAccess.of(context)) {
      if (all && context.dryRun()) {
        context.log().info("Dry run: all databases of the server would be dumped.");
        return ReturnCode.SUCCESS;
      }
      for (String name : all ? listed(dumps, access) : names) {
        dumps.make(dump(dumps, access, name));
      }
      dumps.forgetGone();
      return dumps.outcomes().code();
    }
  }

  private static Dump dump(Dumps dumps, MysqlAccess access, String database) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                installed(DUMPERS),
                access.argument(),
                "--single-transaction",
                "--quick",
                "--routines",
                "--events",
                "--triggers",
                "--hex-blob",
                "--add-drop-table",
                "--add-locks",
                "--skip-dump-date",
                "--no-tablespaces",
                "--default-character-set=utf8mb4",
                "--max-allowed-packet=1G"));
    if (arguments.get(0).equals("mysqldump")) {
      // MySQL's own writes what only the same server could load; MariaDB's does not know this.
      arguments.add("--loose-set-gtid-purged=OFF");
    }
    arguments.add("--");
    arguments.add(database);
    return new Dump(
        new DumpName(database, ".sql"),
        dumps.compression(),
        new SqlText(),
        dumps.clients().from(Command.of(arguments)));
  }

  /** The first of the names that a program here has, else the last one, which is then missed. */
  static String installed(List<String> programs) {
    for (String program : programs) {
      if (Programs.find(program).isPresent()) {
        return program;
      }
    }
    return programs.get(programs.size() - 1);
  }

  /** The databases that the server has; one that no file can be called after is refused. */
  private static List<String> listed(Dumps dumps, MysqlAccess access)
      throws PluginException, InterruptedException {
    List<String> lines = new ArrayList<>();
    Command command =
        Command.of(
            installed(CLIENTS),
            access.argument(),
            "--default-character-set=utf8mb4",
            "--batch",
            "--skip-column-names",
            "--execute=SELECT HEX(schema_name) FROM information_schema.schemata ORDER BY schema_name");
    Optional<String> failure = dumps.clients().read(command, lines::add);
    if (failure.isPresent()) {
      throw new PluginException(
          ReturnCode.FAILURE, "The databases cannot be listed: " + failure.get());
    }
    List<String> names = new ArrayList<>();
    for (String line : lines) {
      String name = new String(HexFormat.of().parseHex(line), StandardCharsets.UTF_8);
      Optional<String> complaint = DumpName.complaint(name);
      if (VIRTUAL.contains(name)) {
        continue;
      }
      if (complaint.isPresent()) {
        dumps
            .outcomes()
            .refuse(
                ReturnCode.PREREQUISITE,
                "The database \""
                    + Printable.of(name)
                    + "\" is not dumped: its name "
                    + complaint.get()
                    + ".");
      } else {
        names.add(name);
      }
    }
    return names;
  }
}
