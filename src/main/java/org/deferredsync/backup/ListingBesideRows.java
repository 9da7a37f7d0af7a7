package org.deferredsync.backup;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.deferredsync.backup.Listing.Listed;
import org.deferredsync.catalogue.Catalogue;
import org.deferredsync.catalogue.ListedNames;
import org.deferredsync.fs.Stat;
import org.deferredsync.fs.StatBuffer;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;

/**
 * Puts the names of a directory beside the rows that the catalogue has for it, in the order of the
 * names and in bounded memory, however huge the directory is. For one directory after the other, by
 * one thread.
 */
final class ListingBesideRows implements ListingPass.Sink, AutoCloseable {
  private static final int HELD = 20_000;
  private static final int PAGE = 1000;

  private final Catalogue catalogue;
  private final int held;
  private final List<Listed> names = new ArrayList<>();
  private final ListedNames spilled = new ListedNames();
  private boolean isSpilled;

  ListingBesideRows(Catalogue catalogue) {
    this(catalogue, HELD);
  }

  /**
   * @param held how many names are held in memory at most
   */
  ListingBesideRows(Catalogue catalogue, int held) {
    this.catalogue = catalogue;
    this.held = held;
  }

  /** Takes the names and rows. */
  interface Sink {
    /** A name that the listing has, with its row if there is one. */
    void listed(Listed listed, @Nullable Entry row) throws IOException;

    /** A row whose name the listing lacks, which may be for want of a whole listing. */
    void unlisted(Entry row) throws IOException;
  }

  /** Lists the open directory, and holds the listing until the next one. */
  ListingPass.Outcome list(ListingReader reader, int descriptor, FilePath path) throws IOException {
    return reader.newPass().list(descriptor, new PathBuffer().set(path), this);
  }

  @Override
  public void begin() throws IOException {
    names.clear();
    if (isSpilled) {
      spilled.clear();
      isSpilled = false;
    }
  }

  @Override
  public void take(StatBuffer entry) throws IOException {
    if (!isSpilled) {
      names.add(new Listed(entry.name(), entry.stat()));
      if (names.size() > held) {
        isSpilled = true;
        for (Listed listed : names) {
          spilled.add(listed.name(), bytes(listed.stat()));
        }
        names.clear();
      }
    } else {
      spilled.add(entry.name(), bytes(entry.stat()));
    }
  }

  /**
   * Hands over every name of the last listing, and every row.
   *
   * @param directory the id of the directory in the catalogue, or null if it has none
   */
  void each(@Nullable Long directory, Sink sink) throws IOException {
    PagedNames<Listed> listing = listing();
    PagedNames<Entry> rows = pages(directory);
    Listed listed = listing.next();
    Entry row = rows.next();
    while (listed != null || row != null) {
      int order =
          listed == null ? 1 : row == null ? -1 : Arrays.compareUnsigned(listed.name(), row.name());
      if (listed != null && order <= 0) {
        sink.listed(listed, order == 0 ? row : null);
      } else if (row != null) {
        sink.unlisted(row);
      }
      listed = order <= 0 ? listing.next() : listed;
      row = order >= 0 ? rows.next() : row;
    }
  }

  /** Takes rows. */
  interface RowSink {
    void take(Entry row) throws IOException;
  }

  /** Hands over every row of a directory. */
  void rows(long directory, RowSink sink) throws IOException {
    PagedNames<Entry> rows = pages(directory);
    for (Entry row = rows.next(); row != null; row = rows.next()) {
      sink.take(row);
    }
  }

  private PagedNames<Entry> pages(@Nullable Long directory) {
    return new PagedNames<>(
        after ->
            directory == null ? List.of() : catalogue.entries().listAfter(directory, after, PAGE),
        Entry::name);
  }

  private PagedNames<Listed> listing() {
    if (isSpilled) {
      return new PagedNames<>(
          after ->
              spilled.next(after, PAGE).stream()
                  .map(name -> new Listed(name.name(), stat(name.data())))
                  .toList(),
          Listed::name);
    }
    names.sort((one, other) -> Arrays.compareUnsigned(one.name(), other.name()));
    dropRepeated();
    return new PagedNames<>(after -> after == null ? names : List.of(), Listed::name);
  }

  /** A system may give a name twice when others come and go meanwhile. */
  private void dropRepeated() {
    for (int i = names.size() - 1; i > 0; i--) {
      if (Arrays.equals(names.get(i).name(), names.get(i - 1).name())) {
        names.remove(i);
      }
    }
  }

  private static byte[] bytes(Stat stat) {
    return ByteBuffer.allocate(73)
        .putLong(stat.device())
        .putLong(stat.inode())
        .putInt(stat.mode())
        .putInt(stat.nlink())
        .putInt(stat.uid())
        .putInt(stat.gid())
        .putLong(stat.size())
        .putLong(stat.blocks())
        .putLong(stat.mtimeNs())
        .putLong(stat.ctimeNs())
        .putLong(stat.rdev())
        .put((byte) (stat.mountRoot() ? 1 : 0))
        .array();
  }

  private static Stat stat(byte[] data) {
    ByteBuffer bytes = ByteBuffer.wrap(data);
    return new Stat(
        bytes.getLong(),
        bytes.getLong(),
        bytes.getInt(),
        bytes.getInt(),
        bytes.getInt(),
        bytes.getInt(),
        bytes.getLong(),
        bytes.getLong(),
        bytes.getLong(),
        bytes.getLong(),
        bytes.getLong(),
        bytes.get() != 0);
  }

  @Override
  public void close() throws IOException {
    spilled.close();
  }
}
