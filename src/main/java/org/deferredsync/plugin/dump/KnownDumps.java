package org.deferredsync.plugin.dump;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.deferredsync.plugin.dump.DumpRecord.Dumped;
import org.jspecify.annotations.Nullable;

/**
 * What is remembered of the dumps that one plugin makes in one directory, and which files in it are
 * the dumps of somebody else, by whatever path that has the directory.
 */
final class KnownDumps {
  private final Kind kind;
  private final DumpDirectory directory;
  private final DumpRecords records;
  private final Set<String> attempted = new HashSet<>();
  private @Nullable Map<String, List<DumpRecord>> byFile;

  KnownDumps(Kind kind, DumpDirectory directory, DumpRecords records) {
    this.kind = kind;
    this.directory = directory;
    this.records = records;
  }

  /** What is remembered of a dump; of one that is not known, nothing but its name. */
  DumpRecord of(DumpName name) throws IOException {
    String path = directory.path().toString();
    return records
        .find(kind, path, name.contents())
        .orElse(DumpRecord.of(kind, path, name.contents()));
  }

  /** All of this kind in this directory. */
  List<DumpRecord> all() throws IOException {
    return records.all().stream()
        .filter(record -> record.kind() == kind)
        .filter(record -> record.directory().equals(directory.path().toString()))
        .toList();
  }

  /** Notes that a dump is wanted still, whatever becomes of it. */
  void attempt(DumpName name) {
    attempted.add(name.contents());
  }

  void write(DumpRecord record) throws IOException {
    records.write(record);
    if (byFile != null) {
      add(byFile, record);
    }
  }

  void remove(DumpRecord record) throws IOException {
    records.remove(record);
  }

  /** Forgets what was not attempted and has no file any more. */
  void forgetGone() throws IOException {
    for (DumpRecord record : all()) {
      Dumped dump = record.dump();
      boolean there = dump != null && directory.has(dump.file());
      if (!there && !attempted.contains(record.contents())) {
        records.remove(record);
      }
    }
  }

  /** Why a dump cannot have a file: it is the last good one of something else. */
  Optional<String> conflict(DumpName name, String file) throws IOException {
    for (DumpRecord other : others().getOrDefault(file, List.of())) {
      Dumped dump = requireNonNull(other.dump());
      boolean same = other.kind() == kind && other.contents().equals(name.contents());
      if (!same && directory.holds(file, dump.fileHash(), dump.fileBytes())) {
        String remedy =
            other.kind() == kind
                ? "rename one of them"
                : "give each a directory of its own by "
                    + DumpDirectories.key(other.kind())
                    + " and "
                    + DumpDirectories.key(kind);
        return Optional.of(
            "this is the dump of "
                + other.contents()
                + " by "
                + other.kind().plugin()
                + ", and "
                + name.contents()
                + " by "
                + kind.plugin()
                + " would have the same name; "
                + remedy
                + ", or remove the file if it is not made any more");
      }
    }
    return Optional.empty();
  }

  private Map<String, List<DumpRecord>> others() throws IOException {
    Map<String, List<DumpRecord>> known = byFile;
    if (known == null) {
      known = new TreeMap<>();
      Map<String, Boolean> here = new TreeMap<>();
      for (DumpRecord record : records.all()) {
        String path = record.directory();
        if (!here.containsKey(path)) {
          here.put(path, directory.isAt(path));
        }
        if (requireNonNull(here.get(path))) {
          add(known, record);
        }
      }
      byFile = known;
    }
    return known;
  }

  private static void add(Map<String, List<DumpRecord>> known, DumpRecord record) {
    Dumped dump = record.dump();
    if (dump != null) {
      known.computeIfAbsent(dump.file(), file -> new ArrayList<>()).add(record);
    }
  }
}
