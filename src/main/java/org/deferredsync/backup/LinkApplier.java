package org.deferredsync.backup;

import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.deferredsync.backup.Listing.Listed;
import org.deferredsync.catalogue.LinkedNames.Inode;
import org.deferredsync.catalogue.LinkedNames.Name;
import org.deferredsync.catalogue.LinkedNames.Waiting;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;

/**
 * Brings files with several names up to date, over all directories and sources of a run, when these
 * are done: all names of one file in one batch. What took the place of a directory comes here too,
 * so that files can move out of that before it goes.
 */
final class LinkApplier {
  private static final int PAGE = 500;

  private final RunContext context;
  private final LinkMembers names;
  private final LinkedFileApplier files;
  private final LinkGroupApplier groups;

  /**
   * @param removers one a source of the context, in their order
   */
  LinkApplier(RunContext context, List<TreeRemover> removers) {
    this.context = context;
    this.names = new LinkMembers(context);
    Linker linker = new Linker(context, removers);
    this.files = new LinkedFileApplier(context, names, linker);
    this.groups = new LinkGroupApplier(context, names, linker);
  }

  /** Leaves an entry with several names for later. */
  static void putOff(RunContext context, SourceRoot source, FilePath directory, Listed listed)
      throws IOException {
    context
        .links()
        .add(
            new Inode(listed.stat().device(), listed.stat().inode()),
            new Name(source.index(), directory, listed.name()));
  }

  /** Stores all that was put off, and then the digests that waited for it. */
  void apply() throws IOException {
    Optional<Inode> inode = context.links().next(null);
    if (inode.isEmpty()) {
      return;
    }
    context.batches().flush(); // directories and rows have to be where they are looked for
    for (; inode.isPresent(); inode = context.links().next(inode.get())) {
      apply(inode.get());
      context.batches().flushIfFull();
    }
    setDigests();
  }

  private void setDigests() throws IOException {
    long seq = 0;
    List<Waiting> page = context.links().waiting(seq, PAGE);
    while (!page.isEmpty()) {
      for (Waiting waiting : page) {
        seq = waiting.seq();
        byte[] digest = waiting.digest();
        if (digest != null) {
          context.rows().setDigest(waiting.directory(), digest);
        }
      }
      context.batches().flushIfFull();
      page = context.links().waiting(seq, PAGE);
    }
  }

  private void apply(Inode inode) throws IOException {
    List<LinkMember> members = names.of(inode);
    if (members.isEmpty() || isAsStored(members)) {
      return;
    }
    if (members.get(0).stat().isRegular()) {
      files.apply(members);
    } else {
      groups.apply(members);
    }
  }

  private static boolean isAsStored(List<LinkMember> members) {
    Entry first = members.get(0).row();
    for (LinkMember member : members) {
      Entry row = member.row();
      if (row == null
          || first == null
          || row.version().type() != FileType.ofMode(member.stat().mode())
          || !Versions.sameEvidence(member.stat(), row)
          || !Objects.equals(row.version().content(), first.version().content())
          || !Objects.equals(row.version().linkGroup(), first.version().linkGroup())) {
        return false;
      }
    }
    return true;
  }
}
