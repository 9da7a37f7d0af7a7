package org.deferredsync.backup;

import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.ContentHash;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Version;

/** The rows that the batch under way writes when it commits. */
final class RowWriter {
  private final Catalogue catalogue;
  private final Batches batches;
  private final long run;
  private final long nowNs;

  /**
   * @param nowNs the time that new contents count as read at, in nanoseconds since 1970
   */
  RowWriter(Catalogue catalogue, Batches batches, long run, long nowNs) {
    this.catalogue = catalogue;
    this.batches = batches;
    this.run = run;
    this.nowNs = nowNs;
  }

  /** The entry of a staged object, with its content. */
  void addStaged(FilePath directory, byte[] name, Staged staged) {
    batches
        .current()
        .write(() -> add(directory, name, version(staged), staged.source(), staged.racy(), run));
  }

  private Version version(Staged staged) throws org.deferredsync.catalogue.CatalogueException {
    Stat stat = staged.source();
    ContentHash hash = staged.hash();
    if (hash != null) {
      long content = catalogue.contents().add(hash, stat.size(), nowNs);
      return Versions.ofFile(stat, content, staged.inconsistent());
    }
    byte[] target = staged.linkTarget();
    return target == null ? Versions.of(stat) : Versions.ofLink(stat, target);
  }

  void add(FilePath directory, byte[] name, Version version, Stat stat, boolean racy) {
    batches.current().write(() -> add(directory, name, version, stat, racy, run));
  }

  private void add(
      FilePath directory, byte[] name, Version version, Stat stat, boolean racy, long since)
      throws org.deferredsync.catalogue.CatalogueException {
    catalogue
        .entries()
        .add(
            catalogue.directories().idOf(directory),
            new Entry(name, since, version, Versions.evidence(stat, racy)));
  }

  /** The current version becomes history. */
  void end(FilePath directory, Entry row) {
    batches
        .current()
        .write(
            () ->
                catalogue.entries().end(catalogue.directories().idOf(directory), row.name(), run));
  }

  /** The version stays; what was seen of it is new. */
  void setEvidence(FilePath directory, Entry row, Stat stat, boolean racy) {
    batches
        .current()
        .write(
            () ->
                catalogue
                    .entries()
                    .setEvidence(
                        catalogue.directories().idOf(directory),
                        row.name(),
                        Versions.evidence(stat, racy)));
  }
}
