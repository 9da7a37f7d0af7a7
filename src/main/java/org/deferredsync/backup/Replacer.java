package org.deferredsync.backup;

import java.io.IOException;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;

/**
 * Lets an object in staging take the place of what the row of a name says: that is displaced, its
 * row ends, and the new one begins in the same batch.
 */
final class Replacer {
  private final RunContext context;
  private final SourceWork work;
  private final Mover mover;

  Replacer(RunContext context, SourceWork work, Mover mover) {
    this.context = context;
    this.work = work;
    this.mover = mover;
  }

  /** By what was staged as {@code name}. */
  void replace(FilePath directory, Entry row, String name, Staged staged) throws IOException {
    FilePath path = directory.child(row.name());
    long displaced = context.displacer().displace(path, row, context.batch(), work.problems());
    context.batch().put(path, name, staged, displaced);
    context.rows().end(directory, row);
    context.rows().addStaged(directory, row.name(), staged);
  }

  /** By a file of ours that was linked into staging as {@code name}. */
  void replace(FilePath directory, Entry row, String name, Mover.Move move) throws IOException {
    FilePath path = directory.child(row.name());
    long displaced = context.displacer().displace(path, row, context.batch(), work.problems());
    context.rows().end(directory, row);
    work.tally().removed();
    context.batch().put(path, name, move.staged(), displaced);
    mover.take(move, directory, row.name());
  }

  /**
   * By a staged file that has the bytes of the row's content: it becomes the one that every version
   * with that content names.
   */
  void mend(FilePath directory, Entry row, long content, String name, Staged staged)
      throws IOException {
    FilePath path = directory.child(row.name());
    long displaced =
        context.displacer().displaceDamaged(path, row, context.batch(), work.problems());
    context.batch().put(path, name, displaced);
    context.rows().mend(content);
    context.rows().end(directory, row);
    context.rows().addStaged(directory, row.name(), staged, content, null);
  }
}
