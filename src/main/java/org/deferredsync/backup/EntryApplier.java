package org.deferredsync.backup;

import java.io.IOException;
import java.util.Arrays;
import org.deferredsync.backup.Listing.Listed;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
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
  private final Replacer replacer;
  private final FileApplier files;
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
    this.replacer = new Replacer(context, work, mover);
    this.files = new FileApplier(context, work, stager, mover, replacer);
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
      case FILE -> files.change(directory, from, listed, row);
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
    Mover.Move move = mover.link(path, from, listed, null, name);
    if (move != null) {
      context.batch().put(path, name, move.staged(), makeWay(path));
      mover.take(move, directory, listed.name());
      return EntryStager.isDoubtful(move.staged(), listed.stat());
    }
    Staged staged = stager.stage(path, from, listed, name);
    if (staged == null) {
      return true;
    }
    context.batch().put(path, name, staged, makeWay(path));
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
    long displaced = context.displacer().displaceDirectory(path, context.batch(), work.problems());
    context.batch().replacesDirectory(path);
    context.batch().put(path, name, staged, displaced);
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
      directories.replace(directory, listed, attributes, row);
      return false;
    }
    String name = context.stager().newName();
    Mover.Move move = mover.link(path, from, listed, row, name);
    if (move != null) {
      replacer.replace(directory, row, name, move);
      return EntryStager.isDoubtful(move.staged(), listed.stat());
    }
    Staged staged = stager.stage(path, from, listed, name);
    if (staged == null) {
      return true;
    }
    replacer.replace(directory, row, name, staged);
    work.tally().removed();
    work.tally().added(staged.bytes());
    return EntryStager.isDoubtful(staged, listed.stat());
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
        && (!row.evidence().racy() || context.mirror().isInMirror(path, row))
        && row.version().linkGroup() == null
        && context.isVersion(row, Versions.like(seen.stat(), row.version()), seen.attributes())) {
      boolean racy = context.reader().isRacy(seen.stat());
      context.rows().setEvidence(directory, row, seen.stat(), racy);
      return racy;
    }
    String name = context.stager().newName();
    Staged staged = stager.stage(path, from, listed, name);
    if (staged == null) {
      return true;
    }
    replacer.replace(directory, row, name, staged);
    if (sameTarget) {
      work.tally().metadata();
    } else {
      work.tally().changed(0);
    }
    return EntryStager.isDoubtful(staged, listed.stat());
  }
}
