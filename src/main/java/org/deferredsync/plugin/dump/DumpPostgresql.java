package org.deferredsync.plugin.dump;

import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.Settings;
import org.deferredsync.plugin.Plugin;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.plugin.PluginException;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.process.Command;

/** Dumps a cluster of PostgreSQL with its roles, or some of its databases one by one. */
public final class DumpPostgresql implements Plugin {
  @Override
  public String name() {
    return "dump_postgresql";
  }

  @Override
  public int number() {
    return 31;
  }

  @Override
  public String description() {
    return "dumps PostgreSQL to PGDUMP: the whole cluster, or the databases PG_DBS";
  }

  @Override
  public Set<String> settings() {
    return Set.of(
        "PGDUMP",
        "PG_USER",
        "PG_DBS",
        "PG_HOST",
        "PG_PORT",
        "PG_PASS",
        "PG_PASS_FILE",
        "DUMP_COMPRESSION",
        "DUMP_TIMEOUT");
  }

  @Override
  public ReturnCode run(PluginContext context)
      throws PluginException, SettingException, IOException, InterruptedException {
    Settings settings = context.settings();
    List<String> names =
        settings.list("PG_DBS").isEmpty() ? List.of() : Names.of(settings, "PG_DBS");
    try (Dumps dumps = Dumps.to(Kind.POSTGRESQL, context, "PGDUMP");
        PgAccess access = PgAccess.of(context)) {
      if (names.isEmpty()) {
        dumps.make(cluster(dumps, access));
      }
      for (String name : names) {
        dumps.make(database(dumps, access, name));
      }
      dumps.forgetGone();
      return dumps.outcomes().code();
    }
  }

  private static Dump cluster(Dumps dumps, PgAccess access) {
    return new Dump(
        new DumpName("all", ".dump"),
        dumps.compression(),
        new PgText(PgText.OF_CLUSTER),
        dumps.clients().from(access.command("pg_dumpall", "--clean", "--if-exists")));
  }

  /** In PostgreSQL's own format, uncompressed within: the compression around it is ours. */
  private static Dump database(Dumps dumps, PgAccess access, String name) {
    PgArchive contents = new PgArchive();
    Command dump =
        access.command(
            "pg_dump",
            "--format=custom",
            "--compress=0",
            "--dbname=" + PgNames.parameter("dbname", name));
    return new Dump(
            new DumpName(name, ".dump"), dumps.compression(), contents, dumps.clients().from(dump))
        .checkedBy(file -> parse(dumps, access, contents, file));
  }

  private static Optional<String> parse(
      Dumps dumps, PgAccess access, PgArchive contents, DumpFile file)
      throws IOException, PluginException, InterruptedException {
    try (InputStream in = file.reread()) {
      Optional<String> failure = dumps.clients().run(access.asUser(contents.parsing(in)));
      return failure.or(
          () -> Optional.of(contents.script().fault()).filter(fault -> !fault.isEmpty()));
    }
  }
}
