package org.deferredsync.backup;

import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.deferredsync.catalogue.Contents;
import org.deferredsync.catalogue.Contents.Content;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * Brings a regular file with several names up to date: its bytes are read once, and stored once as
 * the one content that all its names have.
 */
final class LinkedFileApplier {
  private final RunContext context;
  private final LinkMembers names;
  private final Linker linker;

  LinkedFileApplier(RunContext context, LinkMembers names, Linker linker) {
    this.context = context;
    this.names = names;
    this.linker = linker;
  }

  void apply(List<LinkMember> members) throws IOException {
    LinkMember lead = members.get(0);
    LinkMember base = base(members);
    if (base != null) {
      Staged read = stager(lead).readOnly(lead.path(), lead.openDirectory(), lead.name());
      if (read == null) {
        names.doubt(members);
        return;
      }
      if (isContentOf(base, read) && keep(members, base, read)) {
        judge(members, read);
        return;
      }
    }
    copy(members);
  }

  private EntryStager stager(LinkMember member) {
    return new EntryStager(context, member.work().problems());
  }

  /** The name whose file in the mirror may be this one: of names that were one, only one is. */
  private @Nullable LinkMember base(List<LinkMember> members) throws IOException {
    for (LinkMember member : members) {
      Entry row = member.row();
      if (row == null
          || row.version().type() != FileType.FILE
          || row.version().size() != member.stat().size()
          || row.version().content() == null) {
        continue;
      }
      long content = row.version().content();
      if (row.evidence().inode() == member.stat().inode()
          || context
              .catalogue()
              .entries()
              .pathOf(content, path -> !context.batch().hasLeft(path) && !isOf(members, path))
              .isEmpty()) {
        return member;
      }
    }
    return null;
  }

  private static boolean isOf(List<LinkMember> members, FilePath path) {
    return members.stream().anyMatch(member -> member.path().equals(path));
  }

  private boolean isContentOf(LinkMember base, Staged read) throws IOException {
    Long content = base.content();
    return content != null
        && context
            .catalogue()
            .contents()
            .find(content)
            .filter(known -> known.state() == Contents.State.GOOD)
            .filter(read::hasBytesOf)
            .isPresent();
  }

  /**
   * Lets the names be those of the mirror's file at {@code base}; false if that file must not be
   * changed, since another name or an increment has it too.
   */
  private boolean keep(List<LinkMember> members, LinkMember base, Staged read) throws IOException {
    Entry baseRow = base.row();
    Stat there = context.target().mirror().statOrNull(base.path());
    if (baseRow == null
        || there == null
        || !context.mirror().isStored(base.path(), there, baseRow.version())) {
      return false;
    }
    Version version = Versions.like(read.source(), baseRow.version());
    Long content = version.content();
    boolean same = context.isVersion(baseRow, version, read.attributes());
    List<LinkMember> holders = members.stream().filter(member -> member.holds(content)).toList();
    if (content == null || (!same && there.nlink() != holders.size())) {
      return false;
    }
    linker.makeWay(members);
    for (LinkMember holder : holders) {
      linker.touch(holder);
      update(holder, version, read);
    }
    context.batch().joins(content);
    List<LinkMember> others = members.stream().filter(member -> !member.holds(content)).toList();
    copyRest(linker.link(base, others, new Linker.Shared(read, content, null)));
    return true;
  }

  /** A name that has the content already. */
  private void update(LinkMember holder, Version version, Staged read) throws IOException {
    Entry row = Objects.requireNonNull(holder.row());
    if (context.isVersion(row, version, read.attributes())) {
      context.rows().setEvidence(holder.directory(), row, read.source(), read.racy());
      return;
    }
    context.rows().end(holder.directory(), row);
    context
        .rows()
        .add(
            holder.directory(),
            holder.name(),
            version,
            read.attributes(),
            read.source(),
            read.racy());
    context.batch().set(holder.path());
    holder.work().tally().metadata();
  }

  /** Stores the bytes once more under the names that the file before cannot have. */
  private void copyRest(List<LinkMember> rest) throws IOException {
    if (!rest.isEmpty()) {
      copy(rest);
    }
  }

  private void copy(List<LinkMember> members) throws IOException {
    LinkMember lead = members.get(0);
    String name = context.stager().newName();
    Staged staged = stager(lead).stageNow(lead.path(), lead.openDirectory(), lead.listed(), name);
    if (staged == null || staged.hash() == null) {
      names.doubt(members);
      return;
    }
    linker.makeWay(members);
    Long lost = lostContent(members, staged);
    long content =
        lost == null ? context.rows().addContent(staged.hash(), staged.source().size()) : lost;
    if (lost == null) {
      context.batch().joins(content);
    } else {
      context.rows().mend(content);
    }
    Linker.Shared shared = new Linker.Shared(staged, content, null);
    copyRest(linker.link(name, members.subList(1, members.size()), shared));
    linker.put(lead, name, shared);
    judge(members, staged);
  }

  /**
   * The content with these bytes that all of the names, and no others, have, if no good file of
   * ours has it any more.
   */
  private @Nullable Long lostContent(List<LinkMember> members, Staged staged) throws IOException {
    Long content = members.get(0).content();
    if (content == null
        || members.stream().anyMatch(member -> !member.holds(content))
        || context
            .catalogue()
            .entries()
            .pathOf(content, path -> !isOf(members, path))
            .isPresent()) {
      return null;
    }
    return context
        .catalogue()
        .contents()
        .find(content)
        .filter(known -> known.state() != Contents.State.GOOD)
        .filter(staged::hasBytesOf)
        .map(Content::id)
        .orElse(null);
  }

  private void judge(List<LinkMember> members, Staged staged) throws IOException {
    for (LinkMember member : members) {
      if (EntryStager.isDoubtful(staged, member.stat())) {
        names.doubt(member.directory());
      }
    }
  }
}
