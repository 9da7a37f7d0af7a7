package org.deferredsync.plugin.dump;

import static java.util.Objects.requireNonNull;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.deferredsync.process.Command;
import org.deferredsync.process.Feed;
import org.deferredsync.process.Programs;
import org.jspecify.annotations.Nullable;

/**
 * Loads a dump into a PostgreSQL cluster of its own. Its superuser has a name of its own, so that
 * the script can drop and make that of the dumped one.
 */
final class PgProof implements Proof {
  private static final String ROLE = "deferred_sync_drill";
  private static final String DATABASE = "drill";

  private static final String DATABASES =
      "SELECT encode(convert_to(datname, 'UTF8'), 'hex') FROM pg_database WHERE datallowconn";

  private static final String COUNTS =
      """
      SET client_encoding = 'UTF8';
      SELECT format('SELECT %L, count(*) FROM ONLY %I.%I',
          encode(convert_to(nspname || '.' || relname, 'UTF8'), 'hex'), nspname, relname)
        FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE relkind = 'r' AND nspname NOT IN ('pg_catalog', 'information_schema') \\gexec
      """;

  private @Nullable Scratch scratch;
  private boolean cluster;

  @Override
  public String missing() {
    try {
      return PgPrograms.find().isPresent() && Programs.find("psql").isPresent()
          ? ""
          : "PostgreSQL's server is not installed";
    } catch (IOException e) {
      return e.toString();
    }
  }

  @Override
  public void start(Scratch place) throws ProofException, IOException, InterruptedException {
    scratch = place;
    Path programs = PgPrograms.find().orElseThrow();
    place.run(
        Command.of(
            programs.resolve("initdb").toString(),
            "--pgdata=" + place.path("data"),
            "--username=" + ROLE,
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync"));
    place.serve(
        Command.of(
            programs.resolve("postgres").toString(),
            "-D",
            place.path("data"),
            "-k",
            place.path(""),
            "-c",
            "listen_addresses=",
            "-c",
            "fsync=off",
            "-c",
            "max_wal_size=256MB"),
        client("psql", "--no-psqlrc", "--dbname=postgres", "--command=SELECT 1"));
  }

  private Command client(String program, String... arguments) {
    List<String> all =
        new ArrayList<>(
            List.of(program, "--host=" + place().path(""), "--username=" + ROLE, "--no-password"));
    all.addAll(List.of(arguments));
    return Command.of(all);
  }

  private Command psql(String database, String... arguments) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "--no-psqlrc",
                "--quiet",
                "--set=ON_ERROR_STOP=1",
                "--no-align",
                "--tuples-only",
                "--field-separator= ",
                "--dbname=" + PgNames.parameter("dbname", database)));
    all.addAll(List.of(arguments));
    return client("psql", all.toArray(new String[0]));
  }

  private Scratch place() {
    return requireNonNull(scratch);
  }

  @Override
  public void load(List<StoredDump> parts)
      throws ProofException, IOException, InterruptedException {
    for (StoredDump part : parts) {
      cluster = !part.beginsWith(PgArchive.magic());
      if (cluster) {
        place().run(psql("postgres", "--file=-").reading(moved(part)), line -> {});
      } else {
        place().run(psql("postgres", "--command=CREATE DATABASE " + DATABASE));
        place()
            .run(
                client(
                        "pg_restore",
                        "--exit-on-error",
                        "--no-owner",
                        "--no-privileges",
                        "--no-tablespaces",
                        "--dbname=" + DATABASE)
                    .reading(part.feed()));
      }
    }
  }

  /** A cluster's script, with its tablespaces beside the data of this one. */
  private Feed moved(StoredDump part) throws ProofException, IOException, InterruptedException {
    PgGlobals globals;
    try (InputStream in = new BufferedInputStream(part.read())) {
      globals = PgGlobals.read(in, number -> place().path("tablespace" + number));
    }
    for (int i = 0; i < globals.tablespaces(); i++) {
      place().run(Command.of("mkdir", "-m", "700", place().path("tablespace" + i)));
    }
    return input -> {
      try (InputStream in = part.read()) {
        in.skipNBytes(globals.length());
        input.write(globals.script());
        in.transferTo(input);
      }
    };
  }

  @Override
  public Map<String, Long> tables() throws ProofException, InterruptedException {
    Map<String, Long> tables = new TreeMap<>();
    for (String hex : place().run(psql("postgres", "--command=" + DATABASES))) {
      String database = text(hex);
      if (cluster || database.equals(DATABASE)) {
        byte[] script = COUNTS.getBytes(StandardCharsets.UTF_8);
        for (String line : place().run(psql(database, "--file=-").reading(script))) {
          String[] words = line.split(" ", 2);
          String prefix = cluster ? database + "." : "";
          tables.put(prefix + text(words[0]), Long.parseLong(words[1]));
        }
      }
    }
    return tables;
  }

  private static String text(String hex) {
    return new String(HexFormat.of().parseHex(hex), StandardCharsets.UTF_8);
  }

  @Override
  public String instance() throws ProofException, InterruptedException {
    List<String> version = place().run(psql("postgres", "--command=SHOW server_version"));
    return "PostgreSQL " + Optional.of(version).map(lines -> String.join("", lines)).orElse("");
  }
}
