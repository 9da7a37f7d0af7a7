package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.deferredsync.backup.Listing.Listed;
import org.deferredsync.catalogue.Contents;
import org.deferredsync.catalogue.LinkedNames.Inode;
import org.deferredsync.catalogue.LinkedNames.Name;
import org.deferredsync.catalogue.LinkedNames.Waiting;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.ExtendedAttributes;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;
import org.deferredsync.snapshot.Version;
import org.jspecify.annotations.Nullable;

/**
 * Brings files with several names up to date, over all directories and sources of a run, when these
 * are done: all names of one file in one batch, its bytes read once and stored once. A name is
 * joined to the others only while device, inode and all times agree. What took the place of a
 * directory comes here too, so that files can move out of that before it goes.
 */
final class LinkApplier {
  private static final int PAGE = 500;

  private final RunContext context;
  private final LinkMembers names;
  private final List<TreeRemover> removers;

  /**
   * @param removers one a source of the context, in their order
   */
  LinkApplier(RunContext context, List<TreeRemover> removers) {
    this.context = context;
    this.names = new LinkMembers(context);
    this.removers = List.copyOf(removers);
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
          setDigest(waiting.directory(), digest);
        }
      }
      context.batches().flushIfFull();
      page = context.links().waiting(seq, PAGE);
    }
  }

  private void setDigest(FilePath directory, byte @Nullable [] digest) throws IOException {
    context.batch().write(c -> c.directories().setDigest(c.directories().idOf(directory), digest));
  }

  private void apply(Inode inode) throws IOException {
    List<LinkMember> members = names.of(inode);
    if (members.isEmpty() || isAsStored(members)) {
      return;
    }
    if (members.get(0).stat().isRegular()) {
      file(members);
    } else {
      other(members);
    }
  }

  /**
   * What lies in directories that the names take the place of goes, now that these can be stored.
   */
  private void makeWay(List<LinkMember> members) throws IOException {
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

  private void file(List<LinkMember> members) throws IOException {
    LinkMember lead = members.get(0);
    LinkMember base = base(members);
    if (base != null) {
      Staged read = stager(lead).readOnly(lead.path(), from(lead), lead.name());
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

  private static int from(LinkMember member) throws IOException {
    return member.work().source().tree().open(member.directory());
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
        && !read.inconsistent()
        && context
            .catalogue()
            .contents()
            .find(content)
            .filter(known -> known.state() == Contents.State.GOOD)
            .filter(known -> known.hash().equals(read.hash()))
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
        || !context.displacer().isStored(base.path(), there, baseRow.version())) {
      return false;
    }
    Version version = Versions.like(read.source(), baseRow.version());
    Long content = version.content();
    boolean same = isVersion(baseRow, version, read.attributes());
    List<LinkMember> holders = members.stream().filter(member -> member.holds(content)).toList();
    if (content == null || (!same && there.nlink() != holders.size())) {
      return false;
    }
    makeWay(members);
    for (LinkMember holder : holders) {
      Entry row = Objects.requireNonNull(holder.row());
      touch(holder);
      if (isVersion(row, version, read.attributes())) {
        context.rows().setEvidence(holder.directory(), row, read.source(), read.racy());
      } else {
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
    }
    context.batch().joins(content);
    List<LinkMember> others = members.stream().filter(member -> !member.holds(content)).toList();
    FilePath parent = Objects.requireNonNull(base.path().parent());
    link(others, new Place(parent, base.name()), read, content, null);
    return true;
  }

  private boolean isVersion(Entry row, Version version, ExtendedAttributes attributes)
      throws IOException {
    return version.equals(row.version().withXattr(version.xattr()))
        && attributes.equals(context.catalogue().xattrs().find(row.version().xattr()));
  }

  /** Where a file of ours has a name: in a directory of the mirror, or in staging. */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody
  private record Place(@Nullable FilePath mirror, byte[] name) {}

  /**
   * Gives a file of ours the names of the members. Its directory is asked for anew each time, since
   * what is looked at for one member may close what was open for the one before.
   */
  private void link(
      List<LinkMember> members,
      Place place,
      Staged staged,
      @Nullable Long content,
      @Nullable Long group)
      throws IOException {
    for (int i = 0; i < members.size(); i++) {
      LinkMember member = members.get(i);
      String to = context.stager().newName();
      try {
        FilePath mirror = place.mirror();
        context
            .stager()
            .link(
                mirror == null
                    ? context.stager().directory()
                    : context.target().mirror().open(mirror),
                place.name(),
                to);
      } catch (PosixException e) {
        if (!e.is(Errno.EMLINK)) {
          throw e;
        }
        stage(members.subList(i, members.size())); // as many names as a file can have: a second one
        return;
      }
      put(member, to, staged, content, group, 0);
    }
  }

  /** Stores the bytes, or what else it is, once more, under all the names. */
  private void stage(List<LinkMember> members) throws IOException {
    if (members.get(0).stat().isRegular()) {
      copy(members);
    } else {
      make(members);
    }
  }

  private void copy(List<LinkMember> members) throws IOException {
    LinkMember lead = members.get(0);
    String name = context.stager().newName();
    Listed listed = new Listed(lead.name(), lead.stat());
    Staged staged = stager(lead).stageNow(lead.path(), from(lead), listed, name);
    if (staged == null || staged.hash() == null) {
      names.doubt(members);
      return;
    }
    makeWay(members);
    Long lost = lostContent(members, staged);
    long content =
        lost == null ? context.rows().addContent(staged.hash(), staged.source().size()) : lost;
    if (lost == null) {
      context.batch().joins(content);
    } else {
      context.rows().mend(content);
    }
    List<LinkMember> others = members.subList(1, members.size());
    link(others, new Place(null, Stager.bytes(name)), staged, content, null);
    put(lead, name, staged, content, null, staged.bytes());
    judge(members, staged);
  }

  /**
   * The content with these bytes that all of the names, and no others, have, if no good file of
   * ours has it any more.
   */
  private @Nullable Long lostContent(List<LinkMember> members, Staged staged) throws IOException {
    Long content = members.get(0).content();
    if (content == null
        || staged.inconsistent()
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
        .filter(known -> known.hash().equals(staged.hash()))
        .map(Contents.Content::id)
        .orElse(null);
  }

  /** A link, FIFO, socket or device with several names. */
  private void other(List<LinkMember> members) throws IOException {
    LinkMember lead = members.get(0);
    Seen seen = stager(lead).see(lead.path(), from(lead), new Listed(lead.name(), lead.stat()));
    if (seen == null) {
      names.doubt(members);
      return;
    }
    for (LinkMember member : members) {
      Entry row = member.row();
      Stat there = context.target().mirror().statOrNull(member.path());
      if (row != null
          && row.version().linkGroup() != null
          && row.version().type() == FileType.ofMode(member.stat().mode())
          && row.evidence().inode() == member.stat().inode()
          && Arrays.equals(row.version().linkTarget(), seen.linkTarget())
          && isVersion(row, Versions.like(seen.stat(), row.version()), seen.attributes())
          && there != null
          && context.displacer().isStored(member.path(), there, row.version())) {
        keep(members, member, seen, row.version().linkGroup());
        return;
      }
    }
    make(members);
  }

  private void keep(List<LinkMember> members, LinkMember base, Seen seen, Long group)
      throws IOException {
    makeWay(members);
    List<LinkMember> others = new ArrayList<>();
    for (LinkMember member : members) {
      Entry row = member.row();
      if (row != null && group.equals(row.version().linkGroup())) {
        touch(member);
        context
            .rows()
            .setEvidence(
                member.directory(), row, seen.stat(), context.stager().isRacy(seen.stat()));
      } else {
        others.add(member);
      }
    }
    Staged staged =
        new Staged(
            seen.stat(),
            seen.attributes(),
            null,
            seen.linkTarget(),
            false,
            context.stager().isRacy(seen.stat()),
            false);
    FilePath parent = Objects.requireNonNull(base.path().parent());
    link(others, new Place(parent, base.name()), staged, null, group);
  }

  private void make(List<LinkMember> members) throws IOException {
    LinkMember lead = members.get(0);
    String name = context.stager().newName();
    Listed listed = new Listed(lead.name(), lead.stat());
    Staged staged = stager(lead).stageNow(lead.path(), from(lead), listed, name);
    if (staged == null) {
      names.doubt(members);
      return;
    }
    makeWay(members);
    Long group = lead.stat().nlink() > 1 ? context.rows().newGroup() : null;
    List<LinkMember> others = members.subList(1, members.size());
    if (staged.recordedOnly()) {
      for (LinkMember member : others) {
        put(member, name, staged, null, group, 0);
      }
    } else {
      link(others, new Place(null, Stager.bytes(name)), staged, null, group);
    }
    put(lead, name, staged, null, group, 0);
  }

  /** The staged name goes to the member's path, in place of what the row names. */
  private void put(
      LinkMember member,
      String name,
      Staged staged,
      @Nullable Long content,
      @Nullable Long group,
      long copied)
      throws IOException {
    long displaced = displace(member, content);
    context.batch().links(member.path());
    if (!staged.recordedOnly()) {
      context.batch().put(member.path(), name, displaced);
    } else if (displaced != 0) {
      context.batch().remove(member.path(), displaced);
    }
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
    context.rows().addStaged(member.directory(), member.name(), staged, content, group);
  }

  /**
   * @param content what takes its place
   */
  private long displace(LinkMember member, @Nullable Long content) throws IOException {
    Entry row = member.row();
    Problems problems = member.work().problems();
    if (row == null) {
      context.displacer().clear(member.path(), context.batch(), problems);
      return 0;
    }
    if (row.version().type() == FileType.DIRECTORY) {
      context.batch().replacesDirectory(member.path());
      Stat there = context.target().mirror().statOrNull(member.path());
      return there == null ? 0 : there.inode();
    }
    return member.holds(content)
        ? context.displacer().displaceDamaged(member.path(), row, context.batch(), problems)
        : context.displacer().displace(member.path(), row, context.batch(), problems);
  }

  /** A directory that was not to be looked at in this run loses its digest with its row. */
  private void touch(LinkMember member) throws IOException {
    if (!member.fresh()) {
      setDigest(member.directory(), null);
    }
  }

  private void judge(List<LinkMember> members, Staged staged) throws IOException {
    for (LinkMember member : members) {
      if (EntryStager.isDoubtful(staged, member.stat())) {
        names.doubt(member.directory());
      }
    }
  }
}
