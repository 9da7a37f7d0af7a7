package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FileType;
import org.jspecify.annotations.Nullable;

/**
 * Brings a symbolic link, FIFO, socket or device with several names up to date: it has no content,
 * so that what its names share is the number of their link group.
 */
final class LinkGroupApplier {
  private final RunContext context;
  private final LinkMembers names;
  private final Linker linker;

  LinkGroupApplier(RunContext context, LinkMembers names, Linker linker) {
    this.context = context;
    this.names = names;
    this.linker = linker;
  }

  void apply(List<LinkMember> members) throws IOException {
    LinkMember lead = members.get(0);
    Seen seen = stager(lead).see(lead.path(), lead.openDirectory(), lead.listed());
    if (seen == null) {
      names.doubt(members);
      return;
    }
    for (LinkMember member : members) {
      Long group = groupOf(member, seen);
      if (group != null) {
        keep(members, member, seen, group);
        return;
      }
    }
    make(members);
  }

  private EntryStager stager(LinkMember member) {
    return new EntryStager(context, member.work().problems());
  }

  /** The group of a name whose object in the mirror is still this one; null if it is not. */
  private @Nullable Long groupOf(LinkMember member, Seen seen) throws IOException {
    Entry row = member.row();
    Stat there = context.target().mirror().statOrNull(member.path());
    return row != null
            && row.version().linkGroup() != null
            && row.version().type() == FileType.ofMode(member.stat().mode())
            && row.evidence().inode() == member.stat().inode()
            && Arrays.equals(row.version().linkTarget(), seen.linkTarget())
            && context.isVersion(row, Versions.like(seen.stat(), row.version()), seen.attributes())
            && there != null
            && context.mirror().isStored(member.path(), there, row.version())
        ? row.version().linkGroup()
        : null;
  }

  private void keep(List<LinkMember> members, LinkMember base, Seen seen, Long group)
      throws IOException {
    linker.makeWay(members);
    boolean racy = context.reader().isRacy(seen.stat());
    List<LinkMember> others = new ArrayList<>();
    for (LinkMember member : members) {
      Entry row = member.row();
      if (row != null && group.equals(row.version().linkGroup())) {
        linker.touch(member);
        context.rows().setEvidence(member.directory(), row, seen.stat(), racy);
      } else {
        others.add(member);
      }
    }
    Staged staged =
        new Staged(seen.stat(), seen.attributes(), null, seen.linkTarget(), false, racy, false);
    makeRest(linker.link(base, others, new Linker.Shared(staged, null, group)));
  }

  /** Makes it once more for the names that the one before cannot have. */
  private void makeRest(List<LinkMember> rest) throws IOException {
    if (!rest.isEmpty()) {
      make(rest);
    }
  }

  private void make(List<LinkMember> members) throws IOException {
    LinkMember lead = members.get(0);
    String name = context.stager().newName();
    Staged staged = stager(lead).stageNow(lead.path(), lead.openDirectory(), lead.listed(), name);
    if (staged == null) {
      names.doubt(members);
      return;
    }
    linker.makeWay(members);
    Long group = lead.stat().nlink() > 1 ? context.rows().newGroup() : null;
    Linker.Shared shared = new Linker.Shared(staged, null, group);
    List<LinkMember> others = members.subList(1, members.size());
    if (staged.recordedOnly()) {
      for (LinkMember member : others) {
        linker.put(member, name, shared);
      }
    } else {
      makeRest(linker.link(name, others, shared));
    }
    linker.put(lead, name, shared);
  }
}
