package org.deferredsync.backup;

import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.deferredsync.backup.ContentFinder.Candidate;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Contents.Content;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.FilePath;

/** Reads every file of ours that should hold a content, and compares it with the hash. */
final class ContentVerifier implements AutoCloseable {
  private static final int NAMED = 10;

  private final TargetReader reader;
  private final Posix posix;
  private final Catalogue catalogue;
  private final ContentFinder finder;
  private final FileCopy copy;
  private final Findings findings;

  ContentVerifier(TargetReader reader, Clock clock, Findings findings) {
    this.reader = reader;
    this.posix = reader.posix();
    this.catalogue = reader.catalogue();
    this.finder = new ContentFinder(reader);
    this.copy = new FileCopy(posix, clock);
    this.findings = findings;
  }

  /** Verifies one content; true if every file of it is as it was stored. */
  boolean verify(Content content) throws IOException {
    findings.reading(content.size());
    List<Stat> good = new ArrayList<>();
    List<Candidate> candidates = finder.known(content.id());
    List<Fault> bad = faults(candidates, content, good);
    if (!bad.isEmpty() && reader.isWanted()) {
      good.clear();
      candidates = finder.knownNow(content.id()); // a run may just have moved it
      bad = faults(candidates, content, good);
      if (candidates.isEmpty() && catalogue.contents().find(content.id()).isEmpty()) {
        return true; // it has expired
      }
    }
    if (finder.isPending() && !good.isEmpty()) {
      return true; // a committed operation that is not carried out yet: a name is still to come
    }
    for (Fault fault : bad) {
      if (fault.missing()) {
        findings.missing(content.id(), fault.text());
      } else {
        findings.damaged(content.id(), fault.text());
      }
    }
    if (candidates.isEmpty()) {
      findings.missing(
          content.id(),
          names(catalogue, content.id()) + ": missing: no file of the target holds this version");
    } else if (bad.isEmpty()) {
      findings.good(content.id());
    }
    return bad.isEmpty() && !candidates.isEmpty();
  }

  /** Whether some file of the target has the bytes. */
  boolean isSomewhere(Content content) throws IOException {
    List<Stat> good = new ArrayList<>();
    faults(finder.candidatesNow(content.id()), content, good);
    return !good.isEmpty();
  }

  private record Fault(String text, boolean missing) {}

  private List<Fault> faults(List<Candidate> candidates, Content content, List<Stat> good)
      throws IOException {
    List<Fault> bad = new ArrayList<>();
    for (Candidate candidate : candidates) {
      fault(candidate, content, good).ifPresent(bad::add);
    }
    return bad;
  }

  /**
   * What is wrong with one file; empty if it is as it was stored.
   *
   * @param good the files that were: another name of one of them is not read again
   */
  private Optional<Fault> fault(Candidate candidate, Content content, List<Stat> good)
      throws IOException {
    int file;
    try {
      file = candidate.open();
    } catch (PosixException e) {
      if (e.isShortage()) {
        throw e; // says nothing of the file
      }
      String kind = e.isAbsence() ? ": missing: " : ": damaged: not readable: ";
      return Optional.of(new Fault(candidate.name() + kind + e.errno().text(), e.isAbsence()));
    }
    try {
      Stat stat = posix.stat(file);
      if (good.stream().anyMatch(stat::sameObject)) {
        return Optional.empty();
      }
      if (copy.read(file, -1).hash().equals(content.hash())) {
        good.add(stat);
        return Optional.empty();
      }
      return Optional.of(
          new Fault(
              candidate.name()
                  + ": damaged: its bytes are not those that were stored (SHA-256 "
                  + content.hash()
                  + ")",
              false));
    } catch (SourceException e) {
      if (e.reason() instanceof PosixException posix && posix.isShortage()) {
        throw e.reason();
      }
      return Optional.of(
          new Fault(
              candidate.name() + ": damaged: not readable: " + e.reason().getMessage(), false));
    } finally {
      posix.close(file);
    }
  }

  /** The paths that have, or had, the content; the first ten of them. */
  static String names(Catalogue catalogue, long content) throws IOException {
    List<FilePath> paths = new ArrayList<>(catalogue.entries().pathsOf(content));
    paths.addAll(catalogue.entries().formerPathsOf(content));
    return paths.isEmpty()
        ? "content " + content
        : paths.stream()
            .distinct()
            .limit(NAMED)
            .map(FilePath::toString)
            .collect(Collectors.joining(", "));
  }

  @Override
  public void close() throws IOException {
    finder.close();
  }
}
