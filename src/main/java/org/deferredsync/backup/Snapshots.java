package org.deferredsync.backup;

import java.time.Instant;
import java.time.ZoneId;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.deferredsync.backup.Snapshot.SourceAt;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.RunSource;

/** The restore points of a target, oldest first. */
public final class Snapshots {
  private final TargetReader reader;
  private final List<Run> runs;

  Snapshots(TargetReader reader, List<Run> runs) {
    this.reader = reader;
    this.runs = runs;
  }

  /** The runs of which something can be restored. */
  public List<Run> list() {
    return runs.stream().filter(Run::restorable).toList();
  }

  /**
   * The snapshot at a point in time: the last one that began at or before it.
   *
   * @throws BackupException if there is none, with what there is instead
   */
  public Snapshot at(PointInTime point, Instant now, ZoneId zone) throws BackupException {
    List<Run> restorable = list();
    if (restorable.isEmpty()) {
      throw BackupException.failure("there is no snapshot yet; run a backup first");
    }
    Optional<Run> run = point.select(restorable, now, zone);
    if (run.isEmpty()) {
      Run oldest = restorable.get(0);
      Run newest = restorable.get(restorable.size() - 1);
      throw BackupException.failure(
          point.isId()
              ? "there is no snapshot "
                  + point.text()
                  + ", only "
                  + oldest.id()
                  + " to "
                  + newest.id()
                  + "; see \"deferred-sync snapshots\""
              : "there was no snapshot yet at "
                  + point.text()
                  + "; the oldest is "
                  + oldest.id()
                  + ", of "
                  + oldest
                      .started()
                      .truncatedTo(ChronoUnit.SECONDS)
                      .atZone(zone)
                      .toOffsetDateTime());
    }
    return all().stream()
        .filter(snapshot -> snapshot.run().id() == run.get().id())
        .findFirst()
        .orElseThrow();
  }

  /** Each of them, oldest first. */
  public List<Snapshot> all() {
    Map<Long, Set<FilePath>> sourcesOfRun = new HashMap<>();
    for (Run run : runs) {
      sourcesOfRun.put(
          run.id(), run.sources().stream().map(RunSource::source).collect(Collectors.toSet()));
    }
    List<Snapshot> all = new ArrayList<>();
    TreeMap<FilePath, SourceAt> last = new TreeMap<>();
    for (Run run : runs) {
      for (RunSource source : run.sources()) {
        if (source.state().restorable() && !source.expired()) {
          last.put(
              source.source(),
              new SourceAt(source.source(), run.id(), source.state(), source.reason()));
        }
      }
      if (run.restorable()) {
        all.add(new Snapshot(reader, run, List.copyOf(last.values()), sourcesOfRun));
      }
    }
    return all;
  }
}
