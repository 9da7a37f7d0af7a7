package org.deferredsync.backup;

import java.io.IOException;
import org.deferredsync.backup.Listing.Listed;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * Brings the directories of one source up to date: new ones are staged with their files and go in
 * by one rename, known ones get new metadata in place. Each answers whether the directory could not
 * be stored as it was listed.
 */
final class DirectoryApplier {
  private final RunContext context;
  private final SourceWork work;
  private final SourceRoot source;
  private final EntryStager stager;
  private final Mover mover;

  DirectoryApplier(RunContext context, SourceWork work, EntryStager stager, Mover mover) {
    this.context = context;
    this.work = work;
    this.source = work.source();
    this.stager = stager;
    this.mover = mover;
  }

  /**
   * Whether a directory without rows has nothing in the mirror that would be in the way of staging
   * it whole.
   */
  boolean isNewInMirror(FilePath path) throws IOException {
    return context.batch().isMadeHere(path)
        || (!path.isRoot()
            && !source.holdsAnother(path)
            && context.mirror().isEmptyDirectory(path));
  }

  /** Begins to stage a directory with its files, to be published by one rename. */
  Whole beginWhole(FilePath path, int from) throws IOException {
    return new Whole(path, from);
  }

  /** A new directory being staged, as far as it fits into the batch. */
  final class Whole {
    private final FilePath path;
    private final int from;
    private final Batch batch = context.batch();
    private final String name = context.stager().newName();
    private final int into;
    private boolean empty = true;
    private boolean doubt;
    private boolean links;

    private Whole(FilePath path, int from) throws IOException {
      this.path = path;
      this.from = from;
      context.stager().directory(name);
      this.into = context.stager().openStaged(name);
    }

    /** Whether the next entry can go into it. */
    boolean hasRoom() {
      return empty || !batch.isFull();
    }

    void add(Listed listed) throws IOException {
      empty = false;
      if (listed.stat().isDirectory()) {
        addDirectory(listed);
      } else if (listed.stat().nlink() > 1) {
        LinkApplier.putOff(context, source, path, listed);
        links = true;
      } else if (!addMoved(listed)) {
        Staged staged =
            stager.stageInside(path.child(listed.name()), from, listed, into, listed.name());
        doubt |= staged == null || EntryStager.isDoubtful(staged, listed.stat());
        if (staged != null) {
          context.rows().addStaged(path, listed.name(), staged);
          work.tally().added(staged.bytes());
        }
      }
    }

    private boolean addMoved(Listed listed) throws IOException {
      FilePath child = path.child(listed.name());
      Mover.Move move = mover.link(child, from, listed, null, into, listed.name());
      if (move == null) {
        return false;
      }
      doubt |= EntryStager.isDoubtful(move.staged(), listed.stat());
      mover.take(move, path, listed.name());
      return true;
    }

    /** A directory in a new one, empty until its own turn comes. */
    private void addDirectory(Listed listed) throws IOException {
      FilePath child = path.child(listed.name());
      if (!context.store().isChanged(child)) {
        doubt = true; // younger than the scan: the next run stores it with what is in it
        return;
      }
      ExtendedAttributes attributes = stager.attributes(child, from, listed.name());
      if (attributes == null) {
        doubt = true;
        return;
      }
      context.posix().makeDirectory(into, listed.name(), 0700);
      batch.makes(child);
      batch.count(1, 0);
      batch.set(child); // for the case that its own turn cannot come
      addRow(path, listed, attributes);
      work.tally().added(0);
    }

    /** Nothing more goes into it: the batch publishes it. */
    void end() throws IOException {
      batch.putDirectory(path, name, 0);
      context.stager().closeLater(into);
    }

    /** Whether something in it could not be stored as it was listed. */
    boolean isDoubtful() {
      return doubt;
    }

    /** Whether names of files that have several wait until all directories are done. */
    boolean hasLinks() {
      return links;
    }
  }

  /** A directory that the catalogue does not know, in one that it knows. */
  boolean add(FilePath directory, int from, Listed listed) throws IOException {
    FilePath path = directory.child(listed.name());
    if (!context.store().isChanged(path)) {
      return true; // younger than the scan
    }
    ExtendedAttributes attributes = stager.attributes(path, from, listed.name());
    if (attributes == null) {
      return true;
    }
    add(directory, listed, attributes);
    return false;
  }

  /** The same with attributes that were read. */
  void add(FilePath directory, Listed listed, ExtendedAttributes attributes) throws IOException {
    FilePath path = directory.child(listed.name());
    boolean ours =
        context.catalogue().directories().isKnownAtOrBelow(path) || source.holdsAnother(path);
    if (ours && isInMirror(path)) {
      context.batch().adopts(path);
    } else {
      context.displacer().clear(path, context.batch(), work.problems());
      putEmpty(path, 0);
    }
    addRow(directory, listed, attributes);
    work.tally().added(0);
  }

  private void addRow(FilePath directory, Listed listed, ExtendedAttributes attributes)
      throws IOException {
    boolean racy = context.reader().isRacy(listed.stat());
    context.rows().addDirectory(directory, listed.name(), listed.stat(), attributes, racy);
  }

  /**
   * Makes sure that the mirror has a directory that the catalogue says it has. Whatever took its
   * name is kept in the increment; if it is simply gone it is made again, and that is told.
   */
  void makeSureOf(FilePath path) throws IOException {
    FilePath parent = path.parent();
    if (parent == null || context.batch().isMadeHere(path)) {
      return;
    }
    Stat there = context.target().mirror().statOrNull(path);
    if (there != null && there.isDirectory()) {
      return;
    }
    if (!path.equals(source.path())) {
      makeSureOf(parent);
    }
    if (there == null) {
      work.problems().unknown(path, "the directory is gone from the mirror; it is made again");
    } else {
      context.displacer().clear(path, context.batch(), work.problems());
    }
    putEmpty(path, 0);
  }

  /** Whether the mirror has a directory there. */
  boolean isInMirror(FilePath path) throws IOException {
    Stat there = context.target().mirror().statOrNull(path);
    return there != null && there.isDirectory();
  }

  /** An empty directory goes to the path, in place of the inode {@code displaced}. */
  private void putEmpty(FilePath path, long displaced) throws IOException {
    String name = context.stager().newName();
    context.stager().directory(name);
    context.batch().putDirectory(path, name, displaced);
  }

  /** Something that is no directory became one. */
  void replace(FilePath directory, Listed listed, ExtendedAttributes attributes, Entry row)
      throws IOException {
    FilePath path = directory.child(listed.name());
    long displaced = context.displacer().displace(path, row, context.batch(), work.problems());
    putEmpty(path, displaced);
    context.rows().end(directory, row);
    addRow(directory, listed, attributes);
    work.tally().removed();
    work.tally().added(0);
  }

  /** A directory that was one before. */
  boolean change(FilePath directory, int from, Listed listed, Entry row) throws IOException {
    @Nullable ExtendedAttributes attributes =
        stager.attributes(directory.child(listed.name()), from, listed.name());
    if (attributes == null) {
      return true;
    }
    if (row.evidence().racy()) {
      makeSureOf(directory.child(listed.name())); // verify missed it in the mirror
    }
    change(directory, listed, attributes, row);
    return false;
  }

  /** The same with attributes that were read. */
  void change(FilePath directory, Listed listed, ExtendedAttributes attributes, Entry row)
      throws IOException {
    Version version = Versions.like(listed.stat(), row.version());
    if (context.isVersion(row, version, attributes)) {
      boolean racy = context.reader().isRacy(listed.stat());
      context.rows().setEvidence(directory, row, listed.stat(), racy);
    } else {
      context.rows().end(directory, row);
      addRow(directory, listed, attributes);
      makeSureOf(directory.child(listed.name()));
      context.batch().set(directory.child(listed.name()));
      work.tally().metadata();
    }
  }
}
