package org.deferredsync.catalogue;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Hold;

/** What the guard recorded of sources in runs; rows only for those that it found wrong. */
final class Holds {
  private final Database database;

  Holds(Database database) {
    this.database = database;
  }

  /** One source in one run. */
  record Key(long run, FilePath source) {}

  /** Records, or replaces, what was found. */
  void set(long run, FilePath source, List<Hold> holds) throws CatalogueException {
    database.update("DELETE FROM hold WHERE run = ? AND source = ?", run, source.bytes());
    for (Hold hold : holds) {
      database.update(
          "INSERT INTO hold (run, source, kind, count, of, mounts) VALUES (?, ?, ?, ?, ?, ?)",
          run,
          source.bytes(),
          hold.kind().word(),
          hold.count(),
          hold.of(),
          joined(hold.mounts()));
    }
  }

  /** Forgets a source. */
  void remove(FilePath source) throws CatalogueException {
    database.update("DELETE FROM hold WHERE source = ?", source.bytes());
  }

  /** All of them. */
  Map<Key, List<Hold>> all() throws CatalogueException {
    Map<Key, List<Hold>> all = new HashMap<>();
    database.each(
        "SELECT * FROM hold ORDER BY run, source, kind",
        row ->
            all.computeIfAbsent(
                    new Key(row.getLong("run"), FilePath.of(row.getBytes("source"))),
                    key -> new ArrayList<>())
                .add(
                    new Hold(
                        Hold.Kind.ofWord(row.getString("kind")),
                        row.getLong("count"),
                        row.getLong("of"),
                        split(row.getBytes("mounts")))));
    return all;
  }

  /** Each path with a NUL behind it, which no path has in it. */
  private static byte[] joined(List<FilePath> paths) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (FilePath path : paths) {
      bytes.writeBytes(path.bytes());
      bytes.write(0);
    }
    return bytes.toByteArray();
  }

  private static List<FilePath> split(byte[] bytes) {
    List<FilePath> paths = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == 0) {
        paths.add(FilePath.of(Arrays.copyOfRange(bytes, start, i)));
        start = i + 1;
      }
    }
    return paths;
  }
}
