package org.deferredsync.backup;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.deferredsync.backup.ContentFinder.Candidate;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Contents.Content;
import org.deferredsync.catalogue.Contents.Total;
import org.deferredsync.catalogue.Directories;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.logging.Progress;
import org.deferredsync.logging.Progress.Phase;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Run;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Reads every content in the mirror and the increments and compares it with its hash, and looks for
 * names that are missing or that the catalogue does not know. Changes nothing.
 */
public final class Verifier {
  private static final int PAGE = 1_000;

  private final TargetReader reader;
  private final Posix posix;
  private final Catalogue catalogue;
  private final FileCopy copy;
  private final Logger log;
  private final Progress progress;
  private long contents;
  private long bytes;
  private long damaged;
  private long missing;
  private long unknown;

  public Verifier(TargetReader reader, Clock clock, Logger log) {
    this.reader = reader;
    this.posix = reader.posix();
    this.catalogue = reader.catalogue();
    this.copy = new FileCopy(posix, clock);
    this.log = log;
    this.progress = reader.progress();
  }

  /**
   * What was found.
   *
   * @param contents files read
   * @param bytes of them
   * @param damaged files with other bytes than were stored
   * @param missing names where nothing, or something else, is
   * @param unknown names that the catalogue does not know
   */
  public record Result(long contents, long bytes, long damaged, long missing, long unknown) {
    /** Whether every version of everything is there. */
    public boolean good() {
      return damaged == 0 && missing == 0;
    }
  }

  /** Verifies all of the target. */
  public Result verify() throws IOException {
    Total total = catalogue.contents().total();
    progress.begin(Phase.VERIFY, total.contents(), total.bytes());
    try {
      return verifyAll();
    } finally {
      progress.end();
    }
  }

  private Result verifyAll() throws IOException {
    try (ContentFinder finder = new ContentFinder(reader)) {
      long last = 0;
      for (List<Content> page = page(last); !page.isEmpty(); page = page(last)) {
        for (Content content : page) {
          last = content.id();
          verify(content, finder);
          progress.advance(1, content.size());
        }
      }
    }
    verifyMirrorNames();
    verifyIncrementNames();
    return new Result(contents, bytes, damaged, missing, unknown);
  }

  private List<Content> page(long last) throws IOException {
    return catalogue.contents().page(last, PAGE);
  }

  private void verify(Content content, ContentFinder finder) throws IOException {
    contents++;
    bytes += content.size();
    List<Candidate> candidates = finder.candidates(content.id());
    boolean pending = !reader.pending().isEmpty();
    List<Fault> bad = new ArrayList<>();
    List<Stat> good = new ArrayList<>();
    for (Candidate candidate : candidates) {
      fault(candidate, content, good).ifPresent(bad::add);
    }
    if (pending && !good.isEmpty()) {
      return; // a committed operation that is not carried out yet: one of its names is still to
      // come
    }
    for (Fault fault : bad) {
      log.error(fault.text());
      if (fault.missing()) {
        missing++;
      } else {
        damaged++;
      }
    }
    if (candidates.isEmpty()) {
      missing++;
      log.error("{}: missing: no file of the target holds this version", names(content.id()));
    }
  }

  private record Fault(String text, boolean missing) {}

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
      return Optional.of(new Fault(candidate.name() + ": missing: " + e.errno().text(), true));
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
      return Optional.of(
          new Fault(
              candidate.name() + ": damaged: not readable: " + e.reason().getMessage(), false));
    } finally {
      posix.close(file);
    }
  }

  private String names(long content) throws IOException {
    List<FilePath> paths = new ArrayList<>(catalogue.entries().pathsOf(content));
    paths.addAll(catalogue.entries().formerPathsOf(content));
    return paths.isEmpty()
        ? "content " + content
        : paths.stream().distinct().map(FilePath::toString).collect(Collectors.joining(", "));
  }

  private void verifyMirrorNames() throws IOException {
    Set<FilePath> sources = new HashSet<>();
    for (Run run : catalogue.runs().list()) {
      run.sources().forEach(source -> sources.add(source.source()));
    }
    Deque<FilePath> open = new ArrayDeque<>();
    open.push(FilePath.ROOT);
    while (!open.isEmpty()) {
      FilePath path = open.pop();
      Optional<Directories.Known> known = catalogue.directories().find(path);
      Map<ByteBuffer, Entry> rows = new HashMap<>();
      if (known.isPresent()) {
        for (Entry row : catalogue.entries().list(known.get().id())) {
          rows.put(ByteBuffer.wrap(row.name()), row);
        }
      }
      for (byte[] name : names(reader.target().mirror(), path)) {
        if (path.isRoot() && isBesideMirror(name)) {
          continue;
        }
        FilePath child = path.child(name);
        Entry row = rows.remove(ByteBuffer.wrap(name));
        if (verifyName(child, name, row, sources)) {
          open.push(child);
        }
      }
      for (Entry row : rows.values()) {
        if (row.version().type() != FileType.FILE
            && !isOnlyRecorded(row.version().type())
            && reader.pending().isEmpty()) {
          missing++;
          log.error("{}: missing in the mirror", path.child(row.name()));
        }
      }
    }
  }

  /** Special files stand in the catalogue alone where this user cannot make them. */
  private boolean isOnlyRecorded(FileType type) {
    return type != FileType.DIRECTORY && type != FileType.SYMLINK && posix.effectiveUser() != 0;
  }

  /**
   * Ours, the increments, and those of the original: everything in the target that is not the
   * mirror.
   */
  private static boolean isBesideMirror(byte[] name) {
    String text = new String(name, StandardCharsets.ISO_8859_1);
    return Target.isOurs(name) || text.equals("lost+found") || text.matches("_backup_[0-9]{8}");
  }

  /** Compares one name of the mirror with its row; true for a directory to be entered. */
  private boolean verifyName(FilePath path, byte[] name, @Nullable Entry row, Set<FilePath> sources)
      throws IOException {
    FilePath parent = path.parent();
    int directory = reader.target().mirror().open(parent == null ? FilePath.ROOT : parent);
    Stat stat = posix.stat(directory, name);
    if (row == null) {
      if (stat.isDirectory() && sources.stream().anyMatch(path::contains)) {
        return true; // a directory above a source
      }
      if (reader.pending().isEmpty()) {
        unknown++;
        log.warn("{}: in the mirror, and unknown to the catalogue", path);
      }
      return false;
    }
    boolean settled = reader.pending().isEmpty();
    if (FileType.ofMode(stat.mode()) != row.version().type()) {
      if (!settled) {
        return false;
      }
      missing++;
      log.error("{}: missing: the mirror has a {} there", path, FileType.ofMode(stat.mode()));
      return false;
    }
    if (settled
        && row.version().type() == FileType.SYMLINK
        && !Arrays.equals(posix.readLink(directory, name), row.version().linkTarget())) {
      damaged++;
      log.error("{}: damaged: the link in the mirror points elsewhere", path);
    }
    return stat.isDirectory();
  }

  private void verifyIncrementNames() throws IOException {
    for (Run run : catalogue.runs().list()) {
      String name = run.increment();
      if (name == null) {
        continue;
      }
      int descriptor;
      try {
        descriptor = Increment.open(posix, reader.target(), name);
      } catch (PosixException e) {
        if (catalogue.contents().placesIn(run.id()) > 0) {
          missing++;
          log.error("{}: missing: {}", name, e.errno().text());
        }
        continue;
      }
      try (DirectoryTree tree = new DirectoryTree(posix, descriptor, FilePath.ROOT, true)) {
        verifyIncrementNames(tree, name, run.id());
      } finally {
        posix.close(descriptor);
      }
    }
  }

  private void verifyIncrementNames(DirectoryTree tree, String increment, long run)
      throws IOException {
    Deque<FilePath> open = new ArrayDeque<>();
    open.push(FilePath.ROOT);
    while (!open.isEmpty()) {
      FilePath path = open.pop();
      for (byte[] name : names(tree, path)) {
        FilePath child = path.child(name);
        boolean placed = catalogue.contents().hasPlace(run, child);
        if (posix.stat(tree.open(path), name).isDirectory()) {
          if (!placed) {
            open.push(child);
          }
        } else if (!placed && reader.pending().isEmpty()) {
          unknown++;
          log.warn("/{}{}: unknown to the catalogue", increment, child);
        }
      }
    }
  }

  private List<byte[]> names(DirectoryTree tree, FilePath path) throws IOException {
    List<byte[]> names = new ArrayList<>();
    posix.list(tree.open(path), entry -> names.add(entry.name()));
    return names;
  }
}
