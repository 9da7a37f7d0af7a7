package org.deferredsync.backup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.deferredsync.fs.Posix;
import org.deferredsync.snapshot.Counts;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.RunSource;
import org.deferredsync.snapshot.SourceState;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * The runs of a catalogue that is made again, by id: those that manifests tell of, and one for each
 * increment of which none does.
 */
final class RebuiltRuns {
  private static final String UNKNOWN_END =
      "the catalogue was rebuilt; how this run ended is not known";
  private static final String FROM_FILES =
      "the catalogue was rebuilt from files alone; what was not there at this run is not known";

  private final Engine engine;
  private final Posix posix;
  private final Target target;
  private final Set<FilePath> configured;
  private final Set<String> increments;
  private final Logger log;

  /**
   * @param increments the names of all that are there, in their order
   */
  RebuiltRuns(
      Engine engine, Target target, Set<FilePath> configured, Set<String> increments, Logger log) {
    this.engine = engine;
    this.posix = engine.posix();
    this.target = target;
    this.configured = configured;
    this.increments = increments;
    this.log = log;
  }

  /** The runs as they ended, and one that did not. */
  static Map<Long, Run> merged(ManifestReplay told, ManifestReplay replay, boolean wrongRuns) {
    Map<Long, Run> runs = new TreeMap<>();
    for (Run run : told.runs()) {
      runs.put(run.id(), run);
    }
    long last = lastOf(runs);
    for (Run run : replay.runs()) {
      if (run.id() > last) {
        runs.put(run.id(), wrongRuns ? ofUnknownEnd(run) : run);
      }
    }
    return runs;
  }

  private static Run ofUnknownEnd(Run run) {
    if (run.ended() != null) {
      return run;
    }
    return new Run(
        run.id(),
        run.started(),
        run.started(),
        run.increment(),
        run.sources().stream()
            .map(
                source ->
                    new RunSource(
                        source.source(), SourceState.PARTIAL, UNKNOWN_END, Counts.NONE, false))
            .toList());
  }

  /** The highest id; 0 if there is none. */
  static long lastOf(Map<Long, Run> runs) {
    long last = 0;
    for (long id : runs.keySet()) {
      last = id;
    }
    return last;
  }

  /**
   * Gives every increment a run; from files alone also the state before the first one.
   *
   * @return the runs of which nothing else tells
   */
  Set<Long> addIncrements(Map<Long, Run> runs) throws IOException {
    Set<Long> lacking = new TreeSet<>();
    Set<String> known = new TreeSet<>();
    Set<FilePath> sources = new TreeSet<>();
    for (Run run : runs.values()) {
      String increment = run.increment();
      if (increment != null) {
        known.add(increment);
      }
      run.sources().forEach(source -> sources.add(source.source()));
    }
    if (sources.isEmpty()) {
      sources.addAll(guessed());
    }
    if (runs.isEmpty()) {
      Instant first =
          increments.stream()
              .findFirst()
              .flatMap(IncrementName::parse)
              .map(name -> name.time().minusSeconds(1))
              .orElse(engine.clock().instant());
      runs.put(1L, ofFiles(1, first, null, sources));
    }
    for (String name : increments) {
      if (!known.contains(name)) {
        Instant time = IncrementName.parse(name).orElseThrow().time();
        long before = 0;
        for (Run run : runs.values()) {
          if (!run.started().isAfter(time)) {
            before = run.id();
          }
        }
        long id = runs.containsKey(before + 1) ? lastOf(runs) + 1 : before + 1;
        runs.put(id, ofFiles(id, time, name, sources));
        lacking.add(id);
        log.warn("{}: no manifest tells of it.", name);
      }
    }
    return lacking;
  }

  /**
   * Gives the last batches a run, if there is none that they can be of.
   *
   * @return the run that was cut short in them
   */
  long addNewest(Map<Long, Run> runs) {
    long last = lastOf(runs);
    Run run = runs.get(last);
    log.warn("{}/{}/manifests: the newest ones are missing.", target.path(), Target.OWN);
    if (run == null || (run.ended() != null && isTold(run))) {
      Set<FilePath> sources = new TreeSet<>();
      runs.values().forEach(each -> each.sources().forEach(of -> sources.add(of.source())));
      runs.put(++last, ofFiles(last, engine.clock().instant(), null, sources));
    }
    return last;
  }

  private static boolean isTold(Run run) {
    return run.sources().stream().noneMatch(source -> source.reason().equals(FROM_FILES));
  }

  private static Run ofFiles(long id, Instant time, @Nullable String name, Set<FilePath> sources) {
    return new Run(
        id,
        time,
        time,
        name,
        sources.stream()
            .map(
                source ->
                    new RunSource(source, SourceState.PARTIAL, FROM_FILES, Counts.NONE, false))
            .toList());
  }

  /** Whose the files are: of the sources that are configured, else of one for each top name. */
  private Set<FilePath> guessed() throws IOException {
    Set<FilePath> tops = new TreeSet<>();
    addTops(target.root(), tops);
    for (String name : increments) {
      int increment = Increment.open(posix, target, name);
      try {
        addTops(increment, tops);
      } finally {
        posix.close(increment);
      }
    }
    Set<FilePath> sources = new TreeSet<>();
    for (FilePath source : configured) {
      if (tops.stream().anyMatch(top -> top.contains(source) || source.contains(top))) {
        sources.add(source);
      }
    }
    for (FilePath top : tops) {
      if (sources.stream().noneMatch(one -> one.contains(top) || top.contains(one))) {
        sources.add(top);
      }
    }
    return sources;
  }

  private void addTops(int directory, Set<FilePath> tops) throws IOException {
    posix.list(
        directory,
        entry -> {
          byte[] name = entry.name();
          boolean foreign =
              Target.isOurs(name)
                  || new String(name, StandardCharsets.ISO_8859_1).equals("lost+found");
          if (!foreign) {
            tops.add(FilePath.ROOT.child(name));
          }
        });
  }

  /** Those that lie in no other. */
  static Set<FilePath> outermost(Collection<Run> runs) {
    Set<FilePath> sources = new TreeSet<>();
    for (Run run : runs) {
      for (RunSource source : run.sources()) {
        if (sources.stream().noneMatch(one -> one.contains(source.source()))) {
          sources.removeIf(one -> source.source().contains(one));
          sources.add(source.source());
        }
      }
    }
    return sources;
  }
}
