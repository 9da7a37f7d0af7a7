package org.deferredsync.backup;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.deferredsync.backup.SourceGround.Ground;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.PlanStore;
import org.deferredsync.fs.Posix;
import org.deferredsync.logging.Progress;
import org.deferredsync.snapshot.FilePath;
import org.slf4j.LoggerFactory;

/** One source, opened to be scanned against the catalogue of a target that need not be there. */
final class ScanGround implements AutoCloseable {
  private final Posix posix;
  private final int target;
  private final Ground ground;
  private final Catalogue catalogue;
  private PlanStore store;

  private ScanGround(Posix posix, int target, Ground ground, Catalogue catalogue, PlanStore store) {
    this.posix = posix;
    this.target = target;
    this.ground = ground;
    this.catalogue = catalogue;
    this.store = store;
  }

  static ScanGround open(Engine engine, Path target, Path source)
      throws BackupException, IOException {
    Posix posix = engine.posix();
    FilePath targetPath = EngineFixture.filePath(target);
    int root = posix.openPath(targetPath.bytes());
    Ground ground =
        new SourceGround(posix, engine.clock(), LoggerFactory.getLogger("scan"))
            .open(
                List.of(new Source(EngineFixture.filePath(source), EntryFilter.NONE)),
                targetPath,
                root,
                Set.of(),
                LostMounts.Expected.NOTHING);
    Path file = target.resolve(".deferred-sync/catalogue.db");
    Catalogue catalogue = Files.exists(file) ? Catalogue.openReader(file) : Catalogue.temporary();
    return new ScanGround(posix, root, ground, catalogue, PlanStore.open());
  }

  SourceRoot source() {
    return ground.open().get(0);
  }

  Catalogue catalogue() {
    return catalogue;
  }

  Posix posix() {
    return posix;
  }

  Problems problems() {
    return source().problems();
  }

  /** Scans anew. */
  Plan scan(int threads) throws IOException {
    store.close();
    store = PlanStore.open();
    return new Scanner(
            posix, catalogue, store, catalogue.directories().digests(), threads, Progress.NONE)
        .scan(source());
  }

  /** The changed directories, relative to the source. */
  List<String> changed() throws IOException {
    return store.changed(source().index(), null, Integer.MAX_VALUE).stream()
        .map(this::relative)
        .toList();
  }

  /** The removed names behind their directories, relative to the source. */
  List<String> removed() throws IOException {
    List<String> removed = new ArrayList<>();
    for (PlanStore.Removed each : store.removed(source().index(), 0, Integer.MAX_VALUE)) {
      FilePath path = each.directory().child(each.name());
      removed.add(
          relative(each.directory())
              + (each.directory().equals(source().path()) ? "/ " : " ")
              + path.toString().substring(path.toString().lastIndexOf('/') + 1));
    }
    return removed;
  }

  private String relative(FilePath path) {
    return path.toString().substring(source().path().toString().length());
  }

  @Override
  public void close() throws IOException {
    store.close();
    catalogue.close();
    for (SourceRoot root : ground.open()) {
      root.close(posix);
    }
    posix.close(target);
  }
}
