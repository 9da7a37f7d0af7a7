package org.deferredsync.backup;

import java.io.IOException;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;
import org.deferredsync.backup.Listing.Listed;
import org.deferredsync.catalogue.Contents;
import org.deferredsync.catalogue.Contents.Content;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * Brings single entries of one source up to date that have one name: stages what is new, links what
 * is displaced, and adds rows and operations to the batch. Each answers whether the entry could not
 * be stored as it was listed, so that the next run has to look at its directory again.
 */
final class EntryApplier {
  private final RunContext context;
  private final SourceWork work;
  private final EntryStager stager;
  private final Mover mover;
  private final DirectoryApplier directories;
  private final TreeRemover remover;

  EntryApplier(
      RunContext context,
      SourceWork work,
      EntryStager stager,
      Mover mover,
      DirectoryApplier directories,
      TreeRemover remover) {
    this.context = context;
    this.work = work;
    this.stager = stager;
    this.mover = mover;
    this.directories = directories;
    this.remover = remover;
  }

  /** One entry of a directory that the mirror has, with its row if there is one. */
  boolean entry(FilePath directory, int from, Listed listed, @Nullable Entry row)
      throws IOException {
    Stat stat = listed.stat();
    if (row == null) {
      return stat.isDirectory()
          ? directories.add(directory, from, listed)
          : add(directory, from, listed);
    }
    if (row.version().type() != FileType.ofMode(stat.mode())) {
      return row.version().type() == FileType.DIRECTORY
          ? replaceDirectory(directory, from, listed, row)
          : replaceOther(directory, from, listed, row);
    }
    if (Versions.sameEvidence(stat, row)) {
      return false;
    }
    if (row.evidence().mountRoot()
        && !stat.mountRoot()
        && work.source().mounts().contains(directory.child(listed.name()))) {
      return true; // unmounted since the scan; that it was a mount must not be forgotten
    }
    return switch (row.version().type()) {
      case DIRECTORY -> directories.change(directory, from, listed, row);
      case FILE -> changeFile(directory, from, listed, row);
      default -> changeOther(directory, from, listed, row);
    };
  }

  private boolean add(FilePath directory, int from, Listed listed) throws IOException {
    FilePath path = directory.child(listed.name());
    if (work.source().holdsAnother(path)) {
      work.problems().unreadable(path, new IOException("another source lay below it"));
      return true;
    }
    String name = context.stager().newName();
    Mover.Move move = link(directory, from, listed, null, name);
    if (move != null) {
      return putMoved(directory, listed, move, name, makeWay(path));
    }
    Staged staged = stager.stage(path, from, listed, name);
    if (staged == null) {
      return true;
    }
    put(path, name, staged, makeWay(path));
    context.rows().addStaged(directory, listed.name(), staged);
    work.tally().added(staged.bytes());
    return EntryStager.isDoubtful(staged, listed.stat());
  }

  /**
   * Takes away what lies at a path without a row: what nobody knows, or the directories above a
   * source that is configured no more, whose rows become history.
   *
   * @return the inode that the staged object displaces, or 0
   */
  private long makeWay(FilePath path) throws IOException {
    if (context.catalogue().directories().isKnownAtOrBelow(path)) {
      Stat there = context.target().mirror().statOrNull(path);
      if (there != null && there.isDirectory()) {
        remover.removeScaffoldingBelow(path);
        return there.inode();
      }
    }
    context.displacer().clear(path, context.batch(), work.problems());
    return 0;
  }

  private Mover.@Nullable Move link(
      FilePath directory, int from, Listed listed, @Nullable Entry row, String name)
      throws IOException {
    FilePath path = directory.child(listed.name());
    int staging = context.stager().directory();
    return mover.link(path, from, listed, row, staging, Stager.bytes(name));
  }

  /** A file of ours, linked into staging, goes to its new name. */
  private boolean putMoved(
      FilePath directory, Listed listed, Mover.Move move, String name, long displaced)
      throws IOException {
    FilePath path = directory.child(listed.name());
    Staged staged = move.staged();
    put(path, name, staged, displaced);
    context.rows().addStaged(directory, listed.name(), staged, move.content(), null);
    mover.take(move, path);
    return EntryStager.isDoubtful(staged, listed.stat());
  }

  /** The same, in the place of what the row names. */
  private boolean replaceByMoved(
      FilePath directory, Listed listed, Entry row, Mover.Move move, String name)
      throws IOException {
    FilePath path = directory.child(listed.name());
    long displaced = context.displacer().displace(path, row, context.batch(), work.problems());
    context.rows().end(directory, row);
    work.tally().removed();
    return putMoved(directory, listed, move, name, displaced);
  }

  /** A directory became something else. */
  private boolean replaceDirectory(FilePath directory, int from, Listed listed, Entry row)
      throws IOException {
    FilePath path = directory.child(listed.name());
    if (work.source().holdsAnother(path)) {
      work.problems().unreadable(path, new IOException("another source lay below it"));
      return true;
    }
    String name = context.stager().newName();
    Staged staged = stager.stage(path, from, listed, name);
    if (staged == null) {
      return true;
    }
    remover.removeBelow(path);
    Stat there = context.target().mirror().statOrNull(path);
    context.batch().replacesDirectory(path);
    put(path, name, staged, there == null ? 0 : there.inode());
    context.rows().end(directory, row);
    context.rows().addStaged(directory, listed.name(), staged);
    work.tally().removed();
    work.tally().added(staged.bytes());
    return EntryStager.isDoubtful(staged, listed.stat());
  }

  /** Something that is no directory became another thing that it was not. */
  private boolean replaceOther(FilePath directory, int from, Listed listed, Entry row)
      throws IOException {
    FilePath path = directory.child(listed.name());
    if (listed.stat().isDirectory()) {
      ExtendedAttributes attributes =
          context.store().isChanged(path) ? stager.attributes(path, from, listed.name()) : null;
      if (attributes == null) {
        return true; // younger than the scan, or not to be read
      }
      replaceByDirectory(directory, listed, attributes, row);
      return false;
    }
    String name = context.stager().newName();
    Mover.Move move = link(directory, from, listed, row, name);
    if (move != null) {
      return replaceByMoved(directory, listed, row, move, name);
    }
    Staged staged = stager.stage(path, from, listed, name);
    if (staged == null) {
      return true;
    }
    replace(directory, row, name, staged);
    work.tally().removed();
    work.tally().added(staged.bytes());
    return EntryStager.isDoubtful(staged, listed.stat());
  }

  /** Something that is no directory became one. */
  void replaceByDirectory(
      FilePath directory, Listed listed, ExtendedAttributes attributes, Entry row)
      throws IOException {
    FilePath path = directory.child(listed.name());
    long displaced = context.displacer().displace(path, row, context.batch(), work.problems());
    directories.putEmpty(path, displaced);
    context.rows().end(directory, row);
    context
        .rows()
        .addDirectory(directory, listed.name(), listed.stat(), attributes, isRacy(listed.stat()));
    work.tally().removed();
    work.tally().added(0);
  }

  /** A name of a source that is configured no more gives way to a directory above this one. */
  void removeForScaffolding(FilePath path, Stat there) throws IOException {
    FilePath directory = path.parent();
    Optional<Entry> row = context.catalogue().entries().find(path);
    if (directory == null || row.isEmpty()) {
      context.displacer().clear(path, context.batch(), work.problems());
      return;
    }
    long displaced =
        context.displacer().displace(path, row.get(), context.batch(), work.problems());
    if (displaced != 0) {
      context.batch().remove(path, there.inode());
    }
    context.rows().end(directory, row.get());
    context.batches().flush();
  }

  /** Reads the file again; where its bytes are the same, only metadata and evidence change. */
  private boolean changeFile(FilePath directory, int from, Listed listed, Entry row)
      throws IOException {
    FilePath path = directory.child(listed.name());
    String name = context.stager().newName();
    Mover.Move move = link(directory, from, listed, row, name);
    if (move != null) {
      return replaceByMoved(directory, listed, row, move, name);
    }
    boolean probablySame =
        listed.stat().size() == row.version().size()
            && listed.stat().mtimeNs() == row.version().mtimeNs();
    Content stored = stored(row);
    if (probablySame) {
      Staged read = stager.readOnly(path, from, listed.name());
      if (read == null) {
        return true;
      }
      if (isStoredContent(path, read, row, stored) && changeMetadata(directory, path, read, row)) {
        return EntryStager.isDoubtful(read, listed.stat());
      }
    }
    Staged staged = stager.stage(path, from, listed, name);
    if (staged == null) {
      return true;
    }
    if (!probablySame
        && isStoredContent(path, staged, row, stored)
        && changeMetadata(directory, path, staged, row)) {
      context.stager().discardLater(name);
    } else if (isLostContent(path, staged, stored)) {
      mend(directory, path, row, name, staged);
    } else {
      if (RunContext.isRewritten(stored, staged)) {
        work.tally().countRewritten();
      }
      replace(directory, row, name, staged);
      work.tally().changed(staged.bytes());
    }
    return EntryStager.isDoubtful(staged, listed.stat());
  }

  private @Nullable Content stored(Entry row) throws IOException {
    Long content = row.version().content();
    return content == null ? null : context.catalogue().contents().find(content).orElse(null);
  }

  /** Whether these are the bytes that the mirror's file should have and has not, of one name. */
  private boolean isLostContent(FilePath path, Staged staged, @Nullable Content stored)
      throws IOException {
    return stored != null
        && stored.state() != Contents.State.GOOD
        && !staged.inconsistent()
        && stored.hash().equals(staged.hash())
        && context
            .catalogue()
            .entries()
            .pathOf(stored.id(), other -> !other.equals(path))
            .isEmpty();
  }

  /** The staged file becomes the one that every version with these bytes names. */
  private void mend(FilePath directory, FilePath path, Entry row, String name, Staged staged)
      throws IOException {
    long displaced =
        context.displacer().displaceDamaged(path, row, context.batch(), work.problems());
    context.batch().put(path, name, displaced);
    context.rows().mend(Objects.requireNonNull(row.version().content()));
    context.rows().end(directory, row);
    context.rows().addStaged(directory, row.name(), staged, row.version().content(), null);
    work.tally().changed(staged.bytes());
  }

  /** Whether the mirror's file holds the bytes that were read, and is this name's to keep. */
  private boolean isStoredContent(FilePath path, Staged staged, Entry row, @Nullable Content stored)
      throws IOException {
    return stored != null
        && stored.state() == Contents.State.GOOD
        && !staged.inconsistent()
        && stored.hash().equals(staged.hash())
        && isOwn(path, stored.id(), staged, row);
  }

  /** Of names that were one file, those with another inode now get a copy of their own. */
  private boolean isOwn(FilePath path, long content, Staged staged, Entry row) throws IOException {
    return staged.source().inode() == row.evidence().inode()
        || context
            .catalogue()
            .entries()
            .pathOf(content, other -> !other.equals(path) && !context.batch().hasLeft(other))
            .isEmpty();
  }

  /** False if the mirror's file is not ours alone to change: then a copy has to be staged. */
  private boolean changeMetadata(FilePath directory, FilePath path, Staged read, Entry row)
      throws IOException {
    Version version = Versions.like(read.source(), row.version());
    if (version.equals(row.version()) && hasAttributes(row, read.attributes())) {
      context.rows().setEvidence(directory, row, read.source(), read.racy());
      return true;
    }
    Stat there = context.target().mirror().statOrNull(path);
    if (there == null
        || there.nlink() != 1
        || !context.displacer().isStored(path, there, row.version())) {
      return false;
    }
    context.rows().end(directory, row);
    context
        .rows()
        .add(directory, row.name(), version, read.attributes(), read.source(), read.racy());
    context.batch().set(path);
    work.tally().metadata();
    return true;
  }

  private boolean hasAttributes(Entry row, ExtendedAttributes attributes) throws IOException {
    return attributes.equals(context.catalogue().xattrs().find(row.version().xattr()));
  }

  /** A symbolic link, FIFO, socket or device. */
  private boolean changeOther(FilePath directory, int from, Listed listed, Entry row)
      throws IOException {
    FilePath path = directory.child(listed.name());
    Seen seen = stager.see(path, from, listed);
    if (seen == null) {
      return true;
    }
    boolean sameTarget = Arrays.equals(seen.linkTarget(), row.version().linkTarget());
    if (sameTarget
        && (!row.evidence().racy() || context.displacer().isInMirror(path, row))
        && row.version().linkGroup() == null
        && Versions.like(seen.stat(), row.version()).equals(row.version())
        && hasAttributes(row, seen.attributes())) {
      boolean racy = isRacy(seen.stat());
      context.rows().setEvidence(directory, row, seen.stat(), racy);
      return racy;
    }
    String name = context.stager().newName();
    Staged staged = stager.stage(path, from, listed, name);
    if (staged == null) {
      return true;
    }
    replace(directory, row, name, staged);
    if (sameTarget) {
      work.tally().metadata();
    } else {
      work.tally().changed(0);
    }
    return EntryStager.isDoubtful(staged, listed.stat());
  }

  private boolean isRacy(Stat stat) {
    return context.stager().isRacy(stat);
  }

  /** A staged object takes the place of what the row names. */
  private void replace(FilePath directory, Entry row, String name, Staged staged)
      throws IOException {
    FilePath path = directory.child(row.name());
    long displaced = context.displacer().displace(path, row, context.batch(), work.problems());
    put(path, name, staged, displaced);
    context.rows().end(directory, row);
    context.rows().addStaged(directory, row.name(), staged);
  }

  /** What could only be recorded leaves the mirror without the name. */
  private void put(FilePath path, String name, Staged staged, long displaced) {
    if (!staged.recordedOnly()) {
      context.batch().put(path, name, displaced);
    } else if (displaced != 0) {
      context.batch().remove(path, displaced);
    }
  }
}
