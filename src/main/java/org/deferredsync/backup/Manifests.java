package org.deferredsync.backup;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.zip.GZIPOutputStream;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.fs.AtomicFile;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.slf4j.Logger;

/**
 * The manifests of a target, in {@code .deferred-sync/manifests}: what the catalogue knows, as text
 * from which it can be made again. One a batch; now and then one with all rows, which takes the
 * place of those before it, so that they never have more bytes than the catalogue for long; and
 * {@code runs.gz} with the runs as they ended.
 */
final class Manifests implements AutoCloseable {
  static final byte[] DIRECTORY = Stager.bytes("manifests");
  static final byte[] RUNS = Stager.bytes("runs.gz");
  private static final byte[] NEW = Stager.bytes("all.new");
  private static final long SMALL = 1 << 20;

  private final Posix posix;
  private final Target target;
  private final Logger log;
  private final int directory;
  private long last;
  private boolean lost;

  private Manifests(
      Posix posix, Target target, Logger log, int directory, long last, boolean lost) {
    this.posix = posix;
    this.target = target;
    this.log = log;
    this.directory = directory;
    this.last = last;
    this.lost = lost;
  }

  /** Opens those of the target, whose catalogue this is. */
  static Manifests open(Posix posix, Target target, Catalogue catalogue, Logger log)
      throws IOException {
    try {
      posix.makeDirectory(target.own(), DIRECTORY, 0700);
    } catch (PosixException e) {
      if (!e.is(Errno.EEXIST)) {
        throw e;
      }
    }
    int directory = posix.openDirectory(target.own(), DIRECTORY);
    try {
      long known = catalogue.manifest();
      long generation = catalogue.generation();
      boolean lost = known > generation; // a rebuild or a verification found that some are
      return new Manifests(posix, target, log, directory, Math.min(known, generation), lost);
    } catch (IOException e) {
      posix.close(directory);
      throw e;
    }
  }

  /** Tells that a file or directory was written, where nobody syncs all at once. */
  interface Written {
    void tell(int descriptor) throws IOException;
  }

  /** The batch of the newest one. */
  long last() {
    return last;
  }

  /** There is a newer one. */
  void add(long batch) {
    last = batch;
  }

  int directory() {
    return directory;
  }

  ManifestFile create(ManifestName name) throws IOException {
    return new ManifestFile(posix, directory, name.bytes());
  }

  /** The names that are there, in their order. */
  static List<ManifestName> names(Posix posix, int directory) throws IOException {
    TreeSet<ManifestName> names = new TreeSet<>();
    posix.list(
        directory,
        entry ->
            ManifestName.parse(new String(entry.name(), StandardCharsets.ISO_8859_1))
                .ifPresent(names::add));
    return new ArrayList<>(names);
  }

  /** Drops those of batches that were not committed, and sees whether the others are there. */
  void dropAfter(long generation) throws IOException {
    long newest = 0;
    for (ManifestName name : names(posix, directory)) {
      if (name.batch() > generation) {
        posix.unlink(directory, name.bytes());
      } else {
        newest = name.batch();
      }
    }
    lost |= newest < last;
  }

  /** Writes the runs as they are now; a failure is no more than a warning. */
  void keepRuns(Catalogue catalogue) throws IOException {
    keepRuns(catalogue, false);
  }

  /** The same before anything is deleted by them, in batches that have no manifest. */
  void keepRunsToDelete(Catalogue catalogue) throws IOException {
    keepRuns(catalogue, true);
  }

  private void keepRuns(Catalogue catalogue, boolean deleting) throws IOException {
    try {
      ManifestText text = new ManifestText();
      text.row("after").number(last).end();
      text.row("generation").number(catalogue.generation()).word(deleting ? "deleting" : "-").end();
      long rows = 2 + new ManifestRows(catalogue).runs(text);
      text.row("rows").number(rows).end();
      ByteArrayOutputStream packed = new ByteArrayOutputStream();
      try (OutputStream out = new GZIPOutputStream(packed)) {
        out.write(text.bytes(), 0, text.length());
      }
      AtomicFile.write(posix, directory, RUNS, packed.toByteArray(), 0600);
    } catch (PosixException e) {
      log.warn(
          "{}/{}/manifests/runs.gz: not written: {}; the next run tries again",
          target.path(),
          Target.OWN,
          e.getMessage());
    }
  }

  /**
   * Writes all rows anew where the manifests are not those that the catalogue counts on, or have
   * become many.
   */
  void keepSmall(Catalogue catalogue) throws IOException {
    try {
      keepSmallOrFail(catalogue);
    } catch (PosixException e) {
      log.warn(
          "{}/{}/manifests: not written anew: {}; the next run tries again",
          target.path(),
          Target.OWN,
          e.getMessage());
    }
  }

  private void keepSmallOrFail(Catalogue catalogue) throws IOException {
    long bytes = 0;
    for (ManifestName name : names(posix, directory)) {
      bytes += posix.stat(directory, name.bytes()).size();
    }
    if (lost) {
      log.warn(
          "{}/{}/manifests: some are damaged or missing; all are written anew.",
          target.path(),
          Target.OWN);
    }
    if (lost || bytes > Math.max(SMALL, catalogueBytes())) {
      writeAll(catalogue);
    }
  }

  private long catalogueBytes() throws IOException {
    return posix.stat(target.own(), Stager.bytes(Target.CATALOGUE)).size();
  }

  /** Keeps damaged ones under names that are nothing to the program. */
  void keepAside(List<ManifestName> damaged) throws IOException {
    for (ManifestName name : damaged) {
      posix.rename(directory, name.bytes(), directory, Stager.bytes(name + ".damaged"));
    }
  }

  /** Writes one with all rows and drops all others; nothing may be pending. */
  void writeAll(Catalogue catalogue) throws IOException {
    ManifestName name = new ManifestName(catalogue.generation(), 0, true);
    try (ManifestFile file = new ManifestFile(posix, directory, NEW)) {
      new ManifestRows(catalogue).all(file);
      file.finish();
      posix.sync(file.descriptor());
    }
    posix.rename(directory, NEW, directory, name.bytes());
    posix.syncDirectory(directory);
    catalogue.transaction(() -> catalogue.setManifest(name.batch()));
    last = name.batch();
    lost = false;
    for (ManifestName other : names(posix, directory)) {
      if (!other.equals(name)) {
        posix.unlink(directory, other.bytes());
      }
    }
  }

  @Override
  public void close() throws IOException {
    posix.close(directory);
  }
}
