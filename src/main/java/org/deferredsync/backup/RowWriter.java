package org.deferredsync.backup;

import java.io.IOException;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.CatalogueException;
import org.deferredsync.catalogue.Contents;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.ContentHash;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/** The rows of the batch under way, and the numbers of new contents and link groups. */
final class RowWriter {
  private final Batches batches;
  private final long run;
  private final long nowNs;
  private long lastContent;
  private long lastGroup;

  /**
   * @param nowNs the time that new contents count as read at, in nanoseconds since 1970
   */
  RowWriter(Catalogue catalogue, Batches batches, long run, long nowNs) throws IOException {
    this.batches = batches;
    this.run = run;
    this.nowNs = nowNs;
    this.lastContent = catalogue.contents().lastId();
    this.lastGroup = run << 32;
  }

  /** A number that no group of links has ever had. */
  long newGroup() {
    return ++lastGroup;
  }

  /** Stores the content of a staged regular file; answers its number. */
  long addContent(ContentHash hash, long size) throws IOException {
    long id = ++lastContent;
    batches.current().write(catalogue -> catalogue.contents().add(id, hash, size, nowNs));
    return id;
  }

  /** The staged file has the bytes of a content that no file of ours had any more. */
  void mend(long content) throws IOException {
    batches
        .current()
        .write(catalogue -> catalogue.contents().setState(content, Contents.State.GOOD, nowNs));
  }

  /** The entry of a staged object with one name, and its content. */
  void addStaged(FilePath directory, byte[] name, Staged staged) throws IOException {
    ContentHash hash = staged.hash();
    Long content = hash == null ? null : addContent(hash, staged.source().size());
    addStaged(directory, name, staged, content, null);
  }

  /** The entry of a staged object whose content is stored already, or that has none. */
  void addStaged(
      FilePath directory,
      byte[] name,
      Staged staged,
      @Nullable Long content,
      @Nullable Long linkGroup)
      throws IOException {
    Stat stat = staged.source();
    Version version =
        Versions.of(stat, staged.linkTarget(), linkGroup, content, staged.inconsistent());
    add(directory, name, version, staged.attributes(), stat, staged.racy());
  }

  /** The entry of a directory. */
  void addDirectory(
      FilePath directory, byte[] name, Stat stat, ExtendedAttributes attributes, boolean racy)
      throws IOException {
    add(directory, name, Versions.of(stat), attributes, stat, racy);
  }

  /**
   * An entry.
   *
   * @param version without its attributes
   */
  void add(
      FilePath directory,
      byte[] name,
      Version version,
      ExtendedAttributes attributes,
      Stat stat,
      boolean racy)
      throws IOException {
    batches
        .current()
        .write(
            catalogue ->
                catalogue
                    .entries()
                    .add(
                        catalogue.directories().idOf(directory),
                        entry(catalogue, name, version, attributes, stat, racy)));
  }

  private Entry entry(
      Catalogue catalogue,
      byte[] name,
      Version version,
      ExtendedAttributes attributes,
      Stat stat,
      boolean racy)
      throws CatalogueException {
    Version whole = version.withXattr(catalogue.xattrs().idOf(attributes));
    return new Entry(name, run, whole, Versions.evidence(stat, racy));
  }

  /** The current version becomes history. */
  void end(FilePath directory, Entry row) throws IOException {
    batches
        .current()
        .write(
            catalogue ->
                catalogue.entries().end(catalogue.directories().idOf(directory), row.name(), run));
  }

  /** Of a directory; null for one that the next run has to look at. */
  void setDigest(FilePath directory, byte @Nullable [] digest) throws IOException {
    batches
        .current()
        .write(
            catalogue ->
                catalogue.directories().setDigest(catalogue.directories().idOf(directory), digest));
  }

  /** The version stays; what was seen of it is new. */
  void setEvidence(FilePath directory, Entry row, Stat stat, boolean racy) throws IOException {
    batches
        .current()
        .write(
            catalogue ->
                catalogue
                    .entries()
                    .setEvidence(
                        catalogue.directories().idOf(directory),
                        row.name(),
                        Versions.evidence(stat, racy)));
  }
}
