package org.deferredsync.backup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.deferredsync.backup.Listing.Listed;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.Directories;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Run;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Compares the names in the mirror with the entries of the catalogue, directory by directory,
 * holding neither a listing nor the rows of a huge one.
 */
final class MirrorNames {
  private static final int PAGE = 1_000;

  private final TargetReader reader;
  private final Posix posix;
  private final Catalogue catalogue;
  private final Findings findings;
  private final Stillness stillness;
  private final ListingReader listings;

  /** Every source there was, and all directories above them, which need no rows. */
  private final Set<FilePath> aboveSources = new TreeSet<>();

  MirrorNames(
      TargetReader reader, Clock clock, Findings findings, Stillness stillness, Logger log) {
    this.reader = reader;
    this.posix = reader.posix();
    this.catalogue = reader.catalogue();
    this.findings = findings;
    this.stillness = stillness;
    this.listings =
        new ListingReader(
            posix, clock, EntryFilter.NONE, Omissions.NONE, null, List.of(), new Problems(log));
  }

  /**
   * @param runs all that the catalogue knows
   */
  void verify(List<Run> runs) throws IOException {
    for (Run run : runs) {
      run.sources().forEach(source -> addWithParents(source.source()));
    }
    root(runs);
    try (ListingBesideRows beside = new ListingBesideRows(catalogue)) {
      for (FilePath path : aboveSources) {
        if (!path.isRoot() && catalogue.directories().find(path).isEmpty()) {
          directory(null, path, beside);
        }
      }
      long last = 0;
      for (List<Directories.Known> page = page(last); !page.isEmpty(); page = page(last)) {
        for (Directories.Known known : page) {
          last = known.id();
          if (!known.path().isRoot() && isInMirror(known.path())) {
            directory(known.id(), known.path(), beside);
          }
        }
      }
    }
  }

  private void addWithParents(FilePath source) {
    for (FilePath path = source; path != null; path = path.parent()) {
      aboveSources.add(path);
    }
  }

  private List<Directories.Known> page(long last) throws IOException {
    return catalogue.directories().page(last, PAGE);
  }

  /** Whether the mirror should have the directory: history keeps rows of others. */
  private boolean isInMirror(FilePath path) throws IOException {
    return aboveSources.contains(path)
        || catalogue
            .entries()
            .find(path)
            .filter(entry -> entry.version().type() == FileType.DIRECTORY)
            .isPresent();
  }

  /** The mirror shares its root with the increments and our own directory. */
  private void root(List<Run> runs) throws IOException {
    Set<String> increments = new HashSet<>();
    runs.forEach(run -> increments.add(String.valueOf(run.increment())));
    Long id = catalogue.directories().find(FilePath.ROOT).map(Directories.Known::id).orElse(null);
    Set<FilePath> there = new HashSet<>();
    List<String> ours = new ArrayList<>();
    posix.list(
        reader.target().root(),
        entry -> {
          String name = new String(entry.name(), StandardCharsets.ISO_8859_1);
          if (IncrementName.parse(name).isPresent()) {
            ours.add(name);
          } else if (!isBesideMirror(name)) {
            there.add(FilePath.ROOT.child(entry.name()));
          }
        });
    for (String name : ours) {
      if (!increments.contains(name) && stillness.holds()) {
        findings.unknown(
            reader.target().path()
                + "/"
                + name
                + ": an increment that is unknown to the catalogue");
      }
    }
    for (FilePath path : there) {
      Entry row = id == null ? null : catalogue.entries().find(id, path.name()).orElse(null);
      look(id, FilePath.ROOT, reader.target().root(), path.name(), row);
    }
    if (id != null) {
      for (Entry row : catalogue.entries().list(id)) {
        if (!there.contains(FilePath.ROOT.child(row.name()))) {
          absent(id, FilePath.ROOT.child(row.name()), row);
        }
      }
    }
  }

  /** Ours, and what the original and the file system leave at the root of a target. */
  private static boolean isBesideMirror(String name) {
    return name.equals(Target.OWN) || name.equals("lost+found") || name.matches("_backup_[0-9]{8}");
  }

  private void directory(@Nullable Long id, FilePath path, ListingBesideRows beside)
      throws IOException {
    int descriptor;
    try {
      descriptor = reader.target().mirror().open(path);
      beside.list(listings, descriptor, path);
    } catch (PosixException e) {
      Findings.requireAnswer(e);
      if (!e.isAbsence()) {
        unreadable(id, path, e);
      } else if (id != null) {
        // Named where the directory above it was looked at, or further up.
        beside.rows(id, row -> absent(id, path.child(row.name()), row));
      }
      return;
    }
    beside.each(
        id,
        new ListingBesideRows.Sink() {
          @Override
          public void listed(Listed listed, @Nullable Entry row) throws IOException {
            MirrorNames.this.listed(id, path, descriptor, listed, row);
          }

          @Override
          public void unlisted(Entry row) throws IOException {
            look(id, path, descriptor, row.name(), row); // what cannot be looked at is not listed
          }
        });
  }

  /** Looks at one name, which is perhaps not there. */
  private void look(
      @Nullable Long id, FilePath directory, int descriptor, byte[] name, @Nullable Entry row)
      throws IOException {
    Stat there;
    try {
      there = posix.stat(descriptor, name);
    } catch (PosixException e) {
      Findings.requireAnswer(e);
      if (!e.isAbsence()) {
        unreadable(id, directory.child(name), e);
      } else if (row != null) {
        absent(Objects.requireNonNull(id), directory.child(name), row);
      }
      return;
    }
    listed(id, directory, descriptor, new Listed(name, there), row);
  }

  /** What lies in it is not known to be missing. */
  private void unreadable(@Nullable Long id, FilePath path, PosixException cause) {
    String line = path + ": damaged: not readable: " + cause.errno().text();
    if (id == null) {
      findings.damaged(line);
    } else {
      findings.damagedIn(id, line);
    }
  }

  private void listed(
      @Nullable Long id, FilePath directory, int descriptor, Listed listed, @Nullable Entry row)
      throws IOException {
    FilePath path = directory.child(listed.name());
    FileType type = FileType.ofMode(listed.stat().mode());
    if (row == null) {
      if ((type != FileType.DIRECTORY || !aboveSources.contains(path)) && stillness.holds()) {
        findings.unknown(path + ": in the mirror, and unknown to the catalogue");
      }
      return;
    }
    long in = Objects.requireNonNull(id);
    if (type != row.version().type()) {
      bad(in, row, path + ": missing: the mirror has a " + type.words() + " there");
    } else if (type == FileType.SYMLINK
        && !Arrays.equals(posix.readLink(descriptor, listed.name()), row.version().linkTarget())
        && stillness.holds()) {
      findings.damagedIn(in, path + ": damaged: the link in the mirror points elsewhere");
    }
  }

  private void absent(long directory, FilePath path, Entry row) throws IOException {
    if (!isOnlyRecorded(row.version().type())) {
      bad(directory, row, path + ": missing in the mirror");
    }
  }

  /** A file is said of where its content was read, if that was. */
  private void bad(long directory, Entry row, String line) throws IOException {
    Long content = row.version().content();
    if (!stillness.holds()) {
      return;
    }
    if (content == null) {
      findings.missingIn(directory, line);
    } else if (!findings.isBad(content)) {
      findings.missing(content, line);
    }
  }

  /** Special files stand in the catalogue alone where this user cannot make them. */
  private boolean isOnlyRecorded(FileType type) {
    return type != FileType.FILE
        && type != FileType.DIRECTORY
        && type != FileType.SYMLINK
        && posix.effectiveUser() != 0;
  }
}
