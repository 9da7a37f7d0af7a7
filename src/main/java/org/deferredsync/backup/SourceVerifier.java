package org.deferredsync.backup;

import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Contents.Content;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Run;
import org.slf4j.Logger;

/**
 * Reads files of the sources that nothing has touched since they were stored, as far as their times
 * and numbers tell, and compares their bytes with what was stored. A difference is the work of a
 * failing disk or of somebody who hides: both versions are kept then.
 */
final class SourceVerifier implements AutoCloseable {
  private final Posix posix;
  private final Catalogue catalogue;
  private final List<SourceRoot> roots;
  private final FileCopy copy;
  private final Findings findings;

  private SourceVerifier(
      Engine engine, Catalogue catalogue, List<SourceRoot> roots, Findings findings) {
    this.posix = engine.posix();
    this.catalogue = catalogue;
    this.roots = roots;
    this.copy = new FileCopy(posix, engine.clock());
    this.findings = findings;
  }

  /** Opens the sources that can be believed. */
  static SourceVerifier open(
      Engine engine, BackupRequest request, TargetReader reader, Findings findings, Logger log)
      throws BackupException, IOException {
    Set<FilePath> former = new HashSet<>();
    for (Run run : reader.catalogue().runs().list()) {
      run.sources().forEach(source -> former.add(source.source()));
    }
    List<SourceRoot> roots =
        new SourceGround(engine.posix(), engine.clock(), log)
            .open(
                request.sources(),
                request.target(),
                reader.target().root(),
                former,
                new LostMounts.Expected(
                    Set.copyOf(reader.catalogue().entries().mountRoots()),
                    RequiredMounts.look(engine.posix(), request.requiredMounts())))
            .open();
    return new SourceVerifier(engine, reader.catalogue(), roots, findings);
  }

  /** Verifies the source's file of a content of the current state; of several names one. */
  void verify(Content content) throws IOException {
    for (FilePath path : catalogue.entries().pathsOf(content.id())) {
      Optional<SourceRoot> root =
          roots.stream()
              .filter(source -> source.path().contains(path) && !source.holdsAnother(path))
              .findFirst();
      Optional<Entry> row = catalogue.entries().find(path);
      if (root.isPresent() && row.isPresent() && isRead(root.get(), path, row.get(), content)) {
        return;
      }
    }
  }

  /** False if the file is not as it was stored, or cannot be read: the next run sees to that. */
  private boolean isRead(SourceRoot source, FilePath path, Entry row, Content content)
      throws IOException {
    FilePath parent = path.parent();
    if (parent == null || row.version().inconsistent()) {
      return false;
    }
    int file;
    try {
      int directory = source.tree().open(parent);
      if (!Versions.sameEvidence(posix.stat(directory, path.name()), row)) {
        return false;
      }
      file = posix.openFile(directory, path.name());
    } catch (PosixException e) {
      return false;
    }
    try {
      FileCopy.Reading reading = copy.read(file, -1);
      if (!reading.still() || !Versions.sameEvidence(reading.before(), row)) {
        return false;
      }
      if (!reading.hash().equals(content.hash())) {
        findings.rot(
            content.id(),
            path
                + ": its bytes changed and nothing else about it did: its disk may be failing; the"
                + " stored version stays, the next run stores the other one beside it");
      }
      return true;
    } catch (SourceException e) {
      return false;
    } finally {
      posix.close(file);
    }
  }

  @Override
  public void close() throws IOException {
    for (SourceRoot root : roots) {
      root.close(posix);
    }
  }
}
