package org.deferredsync.backup;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import org.deferredsync.backup.ScanFinding.Changed;
import org.deferredsync.backup.ScanFinding.End;
import org.deferredsync.backup.ScanFinding.Links;
import org.deferredsync.catalogue.DirectoryDigests;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.StatBuffer;
import org.deferredsync.logging.Progress;
import org.jspecify.annotations.Nullable;

/**
 * One thread's part of a scan: compares the digest of each directory with the stored one, and tells
 * of those that differ. Of a directory nobody knew it also counts what is in it.
 */
final class DirectoryScan implements Walk.Visitor, ListingPass.Sink {
  private static final int LINKS = 3 * 256;

  private final ListingPass pass;
  private final Problems problems;
  private final DirectoryDigests digests;
  private final DirectoryDigests.Keys keys = new DirectoryDigests.Keys();
  private final int rootLength;
  private final BlockingQueue<ScanFinding> findings;
  private final Progress progress;
  private final ScanTotals totals = new ScanTotals();

  // Of the directory being visited.
  private final ScanTotals here = new ScanTotals();
  private NameList directories = new NameList();
  private boolean known;
  private final long[] links = new long[LINKS];
  private int linksEnd;

  DirectoryScan(
      SourceRoot source,
      DirectoryDigests digests,
      BlockingQueue<ScanFinding> findings,
      Progress progress) {
    this.progress = progress;
    this.pass = source.reader().newPass();
    this.problems = source.problems();
    this.rootLength = source.path().length();
    this.digests = digests;
    this.findings = findings;
  }

  @Override
  public Walk.@Nullable Found visit(int descriptor, PathBuffer path) throws IOException {
    long key = path.key(keys);
    known = digests.isKnown(key);
    ListingPass.Outcome outcome = pass.list(descriptor, path, this);
    totals.add(here);
    totals.directories++;
    progress.advance(here.files, here.bytes);
    if (outcome.vanished() > 0) {
      problems.vanishedFrom(path.path(), outcome.vanished());
    }
    if (!known || !outcome.complete() || !digests.isSame(key, outcome.digest())) {
      sendLinks();
      send(new Changed(path.path(), known, here.added, here.newBytes));
    }
    if (directories.isEmpty()) {
      return null;
    }
    Walk.Found found = new Walk.Found(outcome.self(), directories);
    directories = new NameList();
    return found;
  }

  @Override
  public void begin() {
    here.clear();
    directories.clear();
  }

  @Override
  public void take(StatBuffer entry) throws IOException {
    here.count(entry);
    if (entry.isDirectory()) {
      directories.add(entry);
    }
    if (!known) {
      here.countNew(entry);
      if (ScanTotals.isLinked(entry)) {
        link(entry);
      }
    }
  }

  private void link(StatBuffer entry) throws IOException {
    links[linksEnd] = entry.device();
    links[linksEnd + 1] = entry.inode();
    links[linksEnd + 2] = entry.data();
    linksEnd += 3;
    if (linksEnd == LINKS) {
      sendLinks();
    }
  }

  private void sendLinks() throws IOException {
    if (linksEnd > 0) {
      send(new Links(Arrays.copyOf(links, linksEnd)));
      linksEnd = 0;
    }
  }

  private void send(ScanFinding finding) throws IOException {
    try {
      findings.put(finding);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("the scan was interrupted");
    }
  }

  @Override
  public void failed(PathBuffer path, PosixException cause) {
    if (cause.is(Errno.ENOENT) && path.length() > rootLength) {
      problems.vanished(path.path());
    } else {
      problems.unreadable(path.path(), cause);
    }
  }

  @Override
  public void end() {
    boolean interrupted = false;
    while (true) {
      try {
        findings.put(new End(totals));
        break;
      } catch (InterruptedException e) {
        interrupted = true; // the other side counts the ends
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
