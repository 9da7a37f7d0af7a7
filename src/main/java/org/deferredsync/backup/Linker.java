package org.deferredsync.backup;

import java.io.IOException;
import java.util.List;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.PosixException;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.jspecify.annotations.Nullable;

/**
 * Gives one file of ours its names, in the place of what each of them was: that is displaced, its
 * row ends, and the new one begins in the same batch.
 */
final class Linker {
  private final RunContext context;
  private final List<TreeRemover> removers;

  /**
   * @param removers one a source of the context, in their order
   */
  Linker(RunContext context, List<TreeRemover> removers) {
    this.context = context;
    this.removers = List.copyOf(removers);
  }

  /**
   * The file that all names are to be.
   *
   * @param content of a regular file
   * @param group of anything else that has several names
   */
  record Shared(Staged staged, @Nullable Long content, @Nullable Long group) {}

  /**
   * What lies in directories that the names take the place of goes, now that these can be stored.
   */
  void makeWay(List<LinkMember> members) throws IOException {
    for (LinkMember member : members) {
      Entry row = member.row();
      if (row != null
          && row.version().type() == FileType.DIRECTORY
          && !context.batch().hasReplaced(member.path())) {
        if (context.batch().changesBelow(member.path())) {
          context.batches().flush(); // the rows of what this batch has put there are to be read too
        }
        removers.get(member.source()).removeBelow(member.path());
        context.batch().replacesDirectory(member.path());
      }
    }
  }

  /**
   * Gives the file that the mirror has under the name of {@code base} the names of the members.
   *
   * @return those that it cannot have, since a file can have no more
   */
  List<LinkMember> link(LinkMember base, List<LinkMember> members, Shared shared)
      throws IOException {
    return link(
        members,
        shared,
        to -> {
          int mirror = context.target().mirror().open(base.directory());
          context.stager().link(mirror, base.name(), to);
        });
  }

  /** The same for a file in staging. */
  List<LinkMember> link(String staged, List<LinkMember> members, Shared shared) throws IOException {
    int staging = context.stager().directory();
    return link(members, shared, to -> context.stager().link(staging, Stager.bytes(staged), to));
  }

  /** Gives a file one more name, in staging. */
  private interface Link {
    void as(String to) throws IOException;
  }

  /**
   * Each link opens the directory of the file's name anew, since what is looked at for one member
   * may close what was open for the one before.
   */
  private List<LinkMember> link(List<LinkMember> members, Shared shared, Link link)
      throws IOException {
    for (int i = 0; i < members.size(); i++) {
      String to = context.stager().newName();
      try {
        link.as(to);
      } catch (PosixException e) {
        if (!e.is(Errno.EMLINK)) {
          throw e;
        }
        return members.subList(i, members.size());
      }
      put(members.get(i), to, shared, 0);
    }
    return List.of();
  }

  /** The staged name itself goes to the member's path. */
  void put(LinkMember member, String staged, Shared shared) throws IOException {
    put(member, staged, shared, shared.staged().bytes());
  }

  private void put(LinkMember member, String name, Shared shared, long copied) throws IOException {
    Staged staged = shared.staged();
    long displaced = displace(member, shared.content());
    context.batch().links(member.path());
    context.batch().put(member.path(), name, staged, displaced);
    touch(member);
    Entry row = member.row();
    if (row != null) {
      context.rows().end(member.directory(), row);
      if (row.version().type() == FileType.ofMode(member.stat().mode())) {
        member.work().tally().changed(copied);
        if (context.isRewritten(row, staged)) {
          member.work().tally().countRewritten();
        }
      } else {
        member.work().tally().removed();
        member.work().tally().added(copied);
      }
    } else {
      member.work().tally().added(copied);
    }
    context
        .rows()
        .addStaged(member.directory(), member.name(), staged, shared.content(), shared.group());
  }

  /**
   * @param content what takes its place
   */
  private long displace(LinkMember member, @Nullable Long content) throws IOException {
    Entry row = member.row();
    FilePath path = member.path();
    Problems problems = member.work().problems();
    if (row == null) {
      context.displacer().clear(path, context.batch(), problems);
      return 0;
    }
    if (row.version().type() == FileType.DIRECTORY) {
      context.batch().replacesDirectory(path);
      return context.displacer().displaceDirectory(path, context.batch(), problems);
    }
    return member.holds(content)
        ? context.displacer().displaceDamaged(path, row, context.batch(), problems)
        : context.displacer().displace(path, row, context.batch(), problems);
  }

  /** A directory that was not to be looked at in this run loses its digest with a row of it. */
  void touch(LinkMember member) throws IOException {
    if (!member.fresh()) {
      context.rows().setDigest(member.directory(), null);
    }
  }
}
