package org.deferredsync.plugin.dump;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.deferredsync.config.KnownSettings;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.Settings;
import org.deferredsync.fs.Posix;
import org.deferredsync.logging.Printable;
import org.deferredsync.plugin.dump.DumpRecord.Dumped;
import org.deferredsync.plugin.dump.DumpRecord.Result;
import org.deferredsync.process.CommandRunner;
import org.deferredsync.process.Durations;
import org.deferredsync.snapshot.FilePath;

/**
 * Proves dumps: loads the newest one of each kind into an instance of its own, compares what is in
 * it with what was recorded when the dump was made, and remembers the answer. Where there is no
 * server, the dump is parsed to its end, and that is what is said.
 */
public final class DumpDrill {
  private final Settings settings;
  private final DumpRecords records;
  private final CommandRunner commands;
  private final Clock clock;
  private final Path place;
  private final Duration timeout;
  private final Posix posix = Posix.ofSystem();

  /**
   * @param environment what the process was started with
   * @param place where the instances are made, a directory that every user may pass through
   */
  public DumpDrill(
      Settings settings,
      Map<String, String> environment,
      CommandRunner commands,
      Clock clock,
      Path place)
      throws SettingException {
    this.settings = settings;
    this.records = DumpRecords.ofHost(Posix.ofSystem(), environment);
    this.commands = commands;
    this.clock = clock;
    this.place = place;
    this.timeout = KnownSettings.dumpTimeout(settings);
  }

  /**
   * What became of one dump.
   *
   * @param result {@code proven}, {@code parsed} or {@code failed}
   * @param text what was found, in one sentence without its end
   */
  public record Outcome(String kind, String path, String result, String text, Duration took) {
    public boolean failed() {
      return result.equals("failed");
    }
  }

  /**
   * Proves the newest dump of each kind; none if there are no dumps.
   *
   * @param all the dump of each database instead
   */
  public List<Outcome> run(boolean all) throws SettingException, IOException, InterruptedException {
    Map<String, DumpRecord> newest = new TreeMap<>();
    List<DumpRecord> known = new ArrayList<>();
    for (DumpRecord record : records.all()) {
      if (record.dump() != null && DumpDirectories.have(settings, record)) {
        known.add(record);
      }
    }
    known.stream()
        .sorted(Comparator.comparing(record -> requireNonNull(record.dump()).written()))
        .forEach(record -> newest.put(all ? identity(record) : record.kind().word(), record));
    List<Outcome> outcomes = new ArrayList<>();
    for (DumpRecord record : newest.values()) {
      outcomes.add(prove(record, known));
    }
    return outcomes;
  }

  /** The parts of a repository are one dump. */
  private static String identity(DumpRecord record) {
    String contents = record.kind() == Kind.SVN ? SvnParts.wholeOf(record) : record.contents();
    return record.kind().word() + record.directory() + "/" + contents;
  }

  private Outcome prove(DumpRecord record, List<DumpRecord> known)
      throws SettingException, IOException, InterruptedException {
    long start = System.nanoTime();
    Answer answer;
    try (DumpDirectory directory = directory(record)) {
      answer =
          prove(
              directory,
              record.kind(),
              record.kind() == Kind.SVN
                  ? SvnParts.of(known, SvnParts.wholeOf(record)).all()
                  : List.of(record));
    } catch (ProofException | IOException e) {
      answer = new Answer(Result.FAILED, Printable.of(String.valueOf(e.getMessage())));
    }
    Dumped dump = requireNonNull(record.dump());
    Optional<DumpRecord> now = records.find(record.kind(), record.directory(), record.contents());
    if (now.isPresent()
        && now.get().dump() != null
        && dump.written().equals(requireNonNull(now.get().dump()).written())) {
      records.write(
          now.get()
              .with(
                  new DumpRecord.Proof(
                      clock.instant(), dump.written(), answer.result(), answer.text())));
    }
    return new Outcome(
        record.kind().word(),
        record.path(),
        answer.result().word(),
        answer.text(),
        Duration.ofNanos(System.nanoTime() - start));
  }

  private record Answer(Result result, String text) {}

  private DumpDirectory directory(DumpRecord record) throws SettingException {
    String key = DumpDirectories.key(record.kind());
    FilePath path = DumpDirectory.path(settings, key);
    FilePath parent = path.parent();
    return DumpDirectory.at(
        posix, record.kind() == Kind.MONGODB && parent != null ? parent : path, settings, key);
  }

  private Answer prove(DumpDirectory directory, Kind kind, List<DumpRecord> records)
      throws ProofException, IOException, InterruptedException {
    List<StoredDump> parts = new ArrayList<>();
    try {
      for (DumpRecord part : records) {
        parts.add(StoredDump.open(directory, part));
      }
      return prove(kind, parts);
    } finally {
      for (StoredDump part : parts) {
        part.close();
      }
    }
  }

  private Answer prove(Kind kind, List<StoredDump> parts)
      throws ProofException, IOException, InterruptedException {
    Optional<Proof> proof = proof(kind);
    String missing = proof.map(Proof::missing).orElse("it can only be loaded by hand");
    for (StoredDump part : parts) {
      String hindrance = parsed(part, kind);
      missing = missing.isEmpty() ? hindrance : missing;
    }
    Tables expected = expected(kind, parts);
    if (proof.isEmpty() || !missing.isEmpty()) {
      return new Answer(Result.PARSED, "parsed, not proven: " + missing + "; " + expected.text());
    }
    return load(proof.get(), parts, expected);
  }

  private static Optional<Proof> proof(Kind kind) {
    return switch (kind) {
      case MYSQL -> Optional.of(new MysqlProof());
      case POSTGRESQL -> Optional.of(new PgProof());
      case SQLITE -> Optional.of(new SqliteProof());
      case SVN -> Optional.of(new SvnProof());
      case MONGODB -> Optional.empty();
    };
  }

  /** What all parts together have to give. */
  private static Tables expected(Kind kind, List<StoredDump> parts) {
    Map<String, Long> rows = new TreeMap<>();
    for (StoredDump part : parts) {
      part.dump().tables().rows().forEach((table, count) -> rows.merge(table, count, Long::sum));
    }
    return new Tables(kind, rows);
  }

  /** Parses it to its end; answers why it cannot be loaded all the same, or nothing. */
  private String parsed(StoredDump part, Kind kind)
      throws ProofException, IOException, InterruptedException {
    Contents contents =
        switch (kind) {
          case MYSQL -> new SqlText();
          case POSTGRESQL ->
              part.beginsWith(PgArchive.magic()) ? new PgArchive() : new PgText(PgText.OF_CLUSTER);
          case MONGODB -> new MongoArchive();
          case SQLITE -> new SqliteImage(Map.of());
          case SVN -> new SvnStream(0);
        };
    part.parse(contents);
    String fault = contents.fault();
    // Of an archive, the program that loads it knows the rest.
    boolean hashed = !(contents instanceof PgArchive);
    if (fault.isEmpty() && hashed && !contents.hash().equals(part.dump().contentHash())) {
      fault = "its contents are not what was recorded";
    }
    if (!fault.isEmpty()) {
      throw new ProofException(part.record().path() + ": " + fault);
    }
    return contents instanceof PgText script && script.hasFixedTablespaces()
        ? "it makes a tablespace that would lie outside of the scratch instance"
        : "";
  }

  private Answer load(Proof proof, List<StoredDump> parts, Tables expected)
      throws ProofException, IOException, InterruptedException {
    long start = System.nanoTime();
    try (Scratch scratch = Scratch.in(place, commands, timeout)) {
      proof.start(scratch);
      String instance = proof.instance();
      proof.load(parts);
      Optional<String> difference = expected.difference(proof.tables());
      if (difference.isPresent()) {
        throw new ProofException("loaded into " + instance + ", but " + difference.get());
      }
      return new Answer(
          Result.PROVEN,
          "loaded into "
              + instance
              + ", "
              + expected.text()
              + ", in "
              + Durations.format(Duration.ofNanos(System.nanoTime() - start)));
    }
  }
}
