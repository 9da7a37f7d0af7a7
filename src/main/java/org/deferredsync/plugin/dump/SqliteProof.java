package org.deferredsync.plugin.dump;

import static java.util.Objects.requireNonNull;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.deferredsync.process.Command;
import org.deferredsync.process.Programs;
import org.jspecify.annotations.Nullable;

/** Lets SQLite's own program open a dump and check its integrity. */
final class SqliteProof implements Proof {
  private @Nullable Scratch scratch;

  @Override
  public String missing() {
    return Programs.find("sqlite3").isPresent() ? "" : "the program sqlite3 is not installed";
  }

  @Override
  public void start(Scratch place) {
    scratch = place;
  }

  private Scratch place() {
    return requireNonNull(scratch);
  }

  private Command sqlite(String script) {
    return Command.of("sqlite3", "-batch", "-bail", "-init", "/dev/null", place().path("copy"))
        .reading(script.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void load(List<StoredDump> parts) throws ProofException, InterruptedException {
    for (StoredDump part : parts) {
      place()
          .run(
              Command.of("dd", "of=" + place().path("copy"), "bs=64k", "status=none")
                  .reading(part.feed()));
    }
    List<String> found = place().run(sqlite("PRAGMA integrity_check(1);\n"));
    if (!found.equals(List.of("ok"))) {
      throw new ProofException("its integrity is not given: " + String.join("; ", found));
    }
  }

  @Override
  public Map<String, Long> tables() throws ProofException, InterruptedException {
    List<String> names = new ArrayList<>();
    String list = SqliteTables.LIST.replaceFirst("SELECT name", "SELECT hex(name)");
    for (String line : place().run(sqlite(list + ";\n"))) {
      names.add(new String(HexFormat.of().parseHex(line), StandardCharsets.UTF_8));
    }
    StringBuilder questions = new StringBuilder();
    names.forEach(name -> questions.append(SqliteTables.count(name)).append(";\n"));
    List<String> counts = place().run(sqlite(questions.toString()));
    Map<String, Long> tables = new TreeMap<>();
    for (int i = 0; i < names.size(); i++) {
      tables.put(names.get(i), Long.parseLong(counts.get(i)));
    }
    return tables;
  }

  @Override
  public String instance() throws ProofException, InterruptedException {
    return "SQLite " + String.join("", place().run(sqlite("SELECT sqlite_version();\n")));
  }
}
