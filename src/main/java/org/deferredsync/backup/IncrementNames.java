package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.StatBuffer;
import org.deferredsync.fs.StatSink;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;

/**
 * Compares the names in increments with the places that the catalogue has in them: what lies there
 * without one is unknown, all that is below an unknown directory known with it.
 */
final class IncrementNames {
  private static final int PAGE = 1_000;

  private final Target target;
  private final Posix posix;
  private final Catalogue catalogue;
  private final Findings findings;
  private final Stillness stillness;

  IncrementNames(TargetReader reader, Findings findings, Stillness stillness) {
    this.target = reader.target();
    this.posix = reader.posix();
    this.catalogue = reader.catalogue();
    this.findings = findings;
    this.stillness = stillness;
  }

  /** Those of the increment of a run. */
  void verify(String name, long run) throws IOException {
    int descriptor;
    try {
      descriptor = Increment.open(posix, target, name);
    } catch (PosixException e) {
      Findings.requireAnswer(e);
      if (!e.isAbsence()) {
        findings.damaged(inTarget(name) + ": damaged: not readable: " + e.errno().text());
      } else if (catalogue.contents().placesIn(run) > 0 && stillness.holds()) {
        findings.missing(inTarget(name) + ": missing: " + e.errno().text());
      }
      return;
    }
    try (DirectoryTree tree = new DirectoryTree(posix, descriptor, FilePath.ROOT, true)) {
      placed(tree, name, run);
      unplaced(tree, name, run);
    } finally {
      posix.close(descriptor);
    }
  }

  private String inTarget(String name) {
    return target.path() + "/" + name;
  }

  /** Links, special files, and what was unknown: they have no content that is read. */
  private void placed(DirectoryTree tree, String increment, long run) throws IOException {
    FilePath last = null;
    for (List<FilePath> page = places(run, last); !page.isEmpty(); page = places(run, last)) {
      for (FilePath path : page) {
        last = path;
        try {
          if (tree.statOrNull(path) == null && stillness.holds()) {
            findings.missing(inTarget(increment) + path + ": missing");
          }
        } catch (PosixException e) {
          unreadable(increment, path, e);
        }
      }
    }
  }

  private List<FilePath> places(long run, @Nullable FilePath last) throws IOException {
    return catalogue.contents().placesWithoutContent(run, last, PAGE);
  }

  private void unplaced(DirectoryTree tree, String increment, long run) throws IOException {
    Deque<FilePath> open = new ArrayDeque<>();
    open.push(FilePath.ROOT);
    while (!open.isEmpty()) {
      FilePath path = open.pop();
      try {
        unplaced(tree.open(path), path, increment, run, open);
      } catch (PosixException e) {
        unreadable(increment, path, e);
      }
    }
  }

  private void unreadable(String increment, FilePath path, PosixException cause)
      throws PosixException {
    Findings.requireAnswer(cause);
    findings.damaged(
        inTarget(increment) + path + ": damaged: not readable: " + cause.errno().text());
  }

  private void unplaced(
      int directory, FilePath path, String increment, long run, Deque<FilePath> open)
      throws IOException {
    boolean settled = stillness.holds();
    posix.statEach(
        directory,
        new StatSink() {
          @Override
          public void take(StatBuffer entry) throws IOException {
            FilePath child = path.child(entry.name());
            if (catalogue.contents().hasPlace(run, child)) {
              return; // a directory among them was unknown, with all that is in it
            }
            if (entry.isDirectory()) {
              open.push(child);
            } else if (settled) {
              findings.unknown(inTarget(increment) + child + ": unknown to the catalogue");
            }
          }

          @Override
          public void failed(byte[] name, PosixException cause) throws IOException {
            FilePath child = path.child(name);
            if (!cause.isAbsence()) {
              unreadable(increment, child, cause);
            } else if (settled && catalogue.contents().hasPlace(run, child)) {
              findings.missing(inTarget(increment) + child + ": missing");
            }
          }
        });
  }
}
