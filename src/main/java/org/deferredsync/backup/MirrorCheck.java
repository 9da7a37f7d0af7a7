package org.deferredsync.backup;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.CatalogueException;
import org.deferredsync.catalogue.Directories;
import org.deferredsync.fs.Posix;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.ContentHash;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * Holds the mirror against the rows of the catalogue. What is there counts as stored by its type,
 * size and time, and where only the time is another by its bytes; what cannot be read is not known
 * to be ours.
 */
final class MirrorCheck {
  private final Posix posix;
  private final Target target;
  private final Catalogue catalogue;
  private final FileCopy copy;

  MirrorCheck(Posix posix, Clock clock, Target target, Catalogue catalogue) {
    this.posix = posix;
    this.target = target;
    this.catalogue = catalogue;
    this.copy = new FileCopy(posix, clock);
  }

  /** Whether the mirror has at the path what the row says, as far as that is seen from outside. */
  boolean isInMirror(FilePath path, Entry row) throws IOException {
    Stat there = target.mirror().statOrNull(path);
    return there == null ? isOnlyRecorded(row.version()) : isStored(path, there, row.version());
  }

  /** Special files stand in the catalogue alone where this user cannot make them. */
  boolean isOnlyRecorded(Version version) {
    return version.type() != FileType.FILE
        && version.type() != FileType.SYMLINK
        && posix.effectiveUser() != 0;
  }

  /** Whether what lies at the path is what the catalogue stored there. */
  boolean isStored(FilePath path, Stat there, Version version) throws IOException {
    if (FileType.ofMode(there.mode()) != version.type()) {
      return false;
    }
    return switch (version.type()) {
      case FILE -> there.size() == version.size() && isStoredFile(path, there, version);
      case SYMLINK ->
          Arrays.equals(
              version.linkTarget(),
              posix.readLink(target.mirror().open(path.above()), path.name()));
      default -> true;
    };
  }

  /**
   * Another time than was set is no proof: not every file system keeps every time. Then the bytes
   * decide.
   */
  private boolean isStoredFile(FilePath path, Stat there, Version version) throws IOException {
    Long content = version.content();
    if (there.mtimeNs() == version.mtimeNs() || content == null) {
      return content != null;
    }
    int file = posix.openFile(target.mirror().open(path.above()), path.name());
    try {
      ContentHash hash = copy.read(file, -1).hash();
      return catalogue.contents().find(content).filter(it -> it.hash().equals(hash)).isPresent();
    } catch (SourceException e) {
      return false; // what cannot be read is not known to be ours
    } finally {
      posix.close(file);
    }
  }

  /** The names in a mirror directory that no row names. */
  List<FilePath> unknown(FilePath directory) throws IOException {
    List<FilePath> unknown = new ArrayList<>();
    Stat there = target.mirror().statOrNull(directory);
    if (there == null || !there.isDirectory()) {
      return unknown;
    }
    Long id = catalogue.directories().find(directory).map(Directories.Known::id).orElse(null);
    Names known = new Names(id);
    try {
      posix.list(
          target.mirror().open(directory),
          entry -> {
            if (!known.has(entry.name())) {
              unknown.add(directory.child(entry.name()));
            }
          });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    return unknown;
  }

  /** The names of a directory's rows: in memory if they are few, else asked for one by one. */
  private final class Names {
    private static final int FEW = 10_000;

    private final @Nullable Long directory;
    private final Set<ByteBuffer> few = new HashSet<>();
    private final boolean all;

    Names(@Nullable Long directory) throws IOException {
      this.directory = directory;
      List<Entry> rows =
          directory == null ? List.of() : catalogue.entries().listAfter(directory, null, FEW);
      all = rows.size() < FEW;
      if (all) {
        rows.forEach(row -> few.add(ByteBuffer.wrap(row.name())));
      }
    }

    boolean has(byte[] name) {
      if (all) {
        return few.contains(ByteBuffer.wrap(name));
      }
      try {
        return catalogue.entries().find(Objects.requireNonNull(directory), name).isPresent();
      } catch (CatalogueException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Whether the mirror's directory exists and holds nothing. */
  boolean isEmptyDirectory(FilePath directory) throws IOException {
    Stat there = target.mirror().statOrNull(directory);
    if (there == null || !there.isDirectory()) {
      return false;
    }
    boolean[] any = new boolean[1];
    posix.list(target.mirror().open(directory), entry -> any[0] = true);
    return !any[0];
  }
}
