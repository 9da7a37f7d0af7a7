package org.deferredsync.backup;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.CatalogueException;
import org.deferredsync.catalogue.Contents;
import org.deferredsync.catalogue.Contents.Content;
import org.deferredsync.catalogue.Pending.Operation;
import org.deferredsync.catalogue.RowLog;
import org.deferredsync.snapshot.ContentHash;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.Evidence;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * Writes the rows of each batch to a manifest of its own, while the catalogue gets them. The
 * manifest is whole before the barrier in front of the batch's commit, so whatever is committed has
 * one; one of a batch that was not committed is dropped by the next recovery.
 */
final class ManifestWriter implements RowLog, AutoCloseable {
  private static final int PIECE = 1 << 16;

  private final Manifests manifests;
  private final Catalogue catalogue;
  private final ManifestText text = new ManifestText();
  private final Map<Long, Content> contents = new HashMap<>();
  private @Nullable ManifestFile file;
  private @Nullable Run run;
  private long number;
  private long rows;
  private long lastDirectory;
  private FilePath directory = FilePath.ROOT;

  /**
   * @param catalogue whose changes are written from now on
   */
  ManifestWriter(Manifests manifests, Catalogue catalogue) {
    this.manifests = manifests;
    this.catalogue = catalogue;
    catalogue.setLog(this);
  }

  /**
   * Begins a batch.
   *
   * @param of the run whose batch it is; null if it is no run's
   */
  void begin(long batch, @Nullable Run of) {
    number = batch;
    run = of;
  }

  @Override
  public void stored(long content, ContentHash hash, long size) {
    contents.put(content, new Content(content, hash, size, Contents.State.GOOD));
  }

  @Override
  public void added(long in, Entry entry) throws IOException {
    Version version = entry.version();
    ExtendedAttributes attributes = catalogue.xattrs().find(version.xattr());
    row("+")
        .path(pathOf(in, entry.name()))
        .number(entry.since())
        .version(version, attributes, hashOf(version.content()))
        .evidence(entry.evidence());
    end();
  }

  @Override
  public void ended(long in, byte[] name, long by) throws IOException {
    row("end").path(pathOf(in, name)).number(by);
    end();
  }

  @Override
  public void forgotten(long in, byte[] name) throws IOException {
    row("forget").path(pathOf(in, name));
    end();
  }

  @Override
  public void seen(long in, byte[] name, Evidence evidence) throws IOException {
    row("seen").path(pathOf(in, name)).evidence(evidence);
    end();
  }

  @Override
  public void placed(long in, FilePath path, @Nullable Long content, boolean unknown)
      throws IOException {
    Optional<Content> known = content == null ? Optional.empty() : content(content);
    row("place")
        .number(in)
        .path(path)
        .numberOrNone(content)
        .hex(known.map(one -> one.hash().bytes()).orElse(null))
        .number(known.map(Content::size).orElse(0L))
        .word(unknown ? "unknown" : "-");
    end();
  }

  /** Whether the batch under way has any row. */
  boolean isEmpty() {
    return rows == 0;
  }

  /**
   * Writes all that there is of the batch, behind the last of its rows. The caller makes it durable
   * before it commits.
   */
  void finish(List<Operation> operations, Manifests.Written written) throws IOException {
    for (Operation operation : operations) {
      String staged = operation.staged();
      row("do")
          .number(number)
          .number(operation.run())
          .word(operation.kind().name().toLowerCase(Locale.ROOT))
          .word(staged == null ? "-" : staged)
          .path(operation.path())
          .number(operation.displacedInode());
      end();
    }
    ManifestFile whole = opened();
    whole.count(rows);
    whole.add(text);
    whole.finish();
    written.tell(whole.descriptor());
    file = null; // closed once: its number may be another thread's before a second time
    whole.close();
    written.tell(manifests.directory());
    catalogue.setManifest(number);
    manifests.add(number);
    rows = 0;
    contents.clear();
  }

  private ManifestText row(String kind) {
    rows++;
    return text.row(kind);
  }

  private void end() throws IOException {
    text.end();
    if (text.length() > PIECE) {
      opened().add(text);
    }
  }

  private ManifestFile opened() throws IOException {
    ManifestFile open = file;
    if (open == null) {
      Run of = run;
      ManifestName name = new ManifestName(number, of == null ? 0 : of.id(), false);
      open = manifests.create(name);
      file = open;
      ManifestText head = new ManifestText();
      head.row("after").number(manifests.last()).end();
      open.count(1);
      if (of != null) {
        ManifestRows.run(head, of);
        open.count(1 + of.sources().size());
      }
      open.add(head);
    }
    return open;
  }

  private FilePath pathOf(long in, byte[] name) throws CatalogueException {
    if (in != lastDirectory) {
      directory = catalogue.directories().pathOf(in);
      lastDirectory = in;
    }
    return directory.child(name);
  }

  private byte @Nullable [] hashOf(@Nullable Long content) throws CatalogueException {
    return content == null ? null : content(content).orElseThrow().hash().bytes();
  }

  private Optional<Content> content(long id) throws CatalogueException {
    Content known = contents.get(id);
    return known == null ? catalogue.contents().find(id) : Optional.of(known);
  }

  @Override
  public void close() throws IOException {
    catalogue.setLog(RowLog.NONE);
    ManifestFile open = file;
    if (open != null) {
      open.close(); // of a batch that will not be committed
    }
  }
}
