package org.deferredsync.backup;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.deferredsync.backup.FillForecast.Copied;
import org.deferredsync.backup.FillForecast.History;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Usage;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.RunSource;
import org.deferredsync.snapshot.SourceState;
import org.jspecify.annotations.Nullable;

/**
 * How the backups of a target stand now.
 *
 * @param sources those that are configured and those that once were, by path
 */
public record Status(List<OfSource> sources, OfTarget target) {
  public Status {
    sources = List.copyOf(sources);
  }

  /**
   * One source.
   *
   * @param retired whether it is not configured any more
   * @param complete the last run that was complete for it; null if none was
   * @param last the last run that knew it; null if none did
   * @param result how that ended for it; null with {@code last}
   * @param historyBytes of all that was displaced at its path and below, except for what belongs to
   *     another source in it
   */
  public record OfSource(
      FilePath path,
      boolean retired,
      @Nullable Run complete,
      @Nullable Run last,
      @Nullable RunSource result,
      long historyBytes) {}

  /**
   * The target.
   *
   * @param mirrorBytes of all files in the mirror
   * @param historyBytes of all files that only increments have
   * @param daysUntilFull empty if too little is known, or nothing grows
   * @param verifiedNs when the last daily verification began, in nanoseconds since 1970; 0 if none
   *     did
   * @param readNs since when every stored file was read, likewise; 0 if there is no file
   * @param damaged how many files are known to be damaged or missing
   */
  public record OfTarget(
      FilePath path,
      long mirrorBytes,
      long historyBytes,
      long freeBytes,
      OptionalLong daysUntilFull,
      long verifiedNs,
      long readNs,
      long damaged) {}

  /**
   * Asks an open target; reads no file but the catalogue.
   *
   * @param configured the sources that runs back up
   */
  public static Status of(TargetReader reader, Collection<FilePath> configured, Instant now)
      throws IOException {
    Figures figures = Figures.of(reader.catalogue(), configured);
    List<Run> runs = figures.runs();
    Set<FilePath> backedUp = Set.copyOf(configured);
    List<OfSource> sources = new ArrayList<>();
    List<List<Copied>> copied = new ArrayList<>();
    figures
        .histories()
        .forEach(
            (path, bytes) -> {
              sources.add(source(path, !backedUp.contains(path), runs, bytes));
              if (backedUp.contains(path)) {
                copied.add(copied(path, runs));
              }
            });
    long history = figures.history();
    long free = reader.posix().space(reader.target().root()).freeBytes();
    return new Status(
        sources,
        new OfTarget(
            reader.target().path(),
            figures.stored().bytes() - history,
            history,
            free,
            FillForecast.days(copied, history(runs, history, now), now, free),
            figures.verifiedNs(),
            figures.stored().readNs(),
            figures.stored().damaged()));
  }

  /** What the catalogue says, all of it at one moment. */
  private record Figures(
      List<Run> runs,
      SortedMap<FilePath, Long> histories,
      Usage.Stored stored,
      long history,
      long verifiedNs) {

    static Figures of(Catalogue catalogue, Collection<FilePath> configured) throws IOException {
      List<Figures> read = new ArrayList<>();
      catalogue.reading(
          () -> {
            List<Run> runs = catalogue.runs().list();
            Set<FilePath> paths = new TreeSet<>(configured);
            runs.forEach(run -> run.sources().forEach(source -> paths.add(source.source())));
            Usage usage = catalogue.usage();
            SortedMap<FilePath, Long> histories = new TreeMap<>();
            for (FilePath path : paths) {
              List<FilePath> inner =
                  paths.stream()
                      .filter(other -> !other.equals(path) && path.contains(other))
                      .toList();
              histories.put(path, usage.history(path, inner));
            }
            read.add(
                new Figures(
                    runs,
                    histories,
                    usage.stored(),
                    usage.history(),
                    catalogue.upkeep().verifiedNs()));
          });
      return read.get(0);
    }
  }

  private static OfSource source(FilePath path, boolean retired, List<Run> runs, long history) {
    Run complete = null;
    Run last = null;
    RunSource result = null;
    for (Run run : runs) {
      for (RunSource of : run.sources()) {
        if (of.source().equals(path)) {
          last = run;
          result = of;
          complete = of.state() == SourceState.COMPLETE ? run : complete;
        }
      }
    }
    return new OfSource(path, retired, complete, last, result, history);
  }

  private static List<Copied> copied(FilePath path, List<Run> runs) {
    List<Copied> copied = new ArrayList<>();
    for (Run run : runs) {
      for (RunSource of : run.sources()) {
        if (of.source().equals(path) && of.state() == SourceState.COMPLETE) {
          copied.add(new Copied(run.started(), of.counts().copiedBytes()));
        }
      }
    }
    return copied;
  }

  private static History history(List<Run> runs, long bytes, Instant now) {
    Instant since = runs.stream().filter(Run::restorable).map(Run::started).findFirst().orElse(now);
    boolean expiring =
        runs.stream().flatMap(run -> run.sources().stream()).anyMatch(RunSource::expired);
    return new History(bytes, since, expiring);
  }
}
