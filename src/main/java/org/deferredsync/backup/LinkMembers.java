package org.deferredsync.backup;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.deferredsync.catalogue.LinkedNames.Inode;
import org.deferredsync.catalogue.LinkedNames.Name;
import org.deferredsync.fs.Errno;
import org.deferredsync.fs.PosixException;
import org.deferredsync.fs.Stat;
import org.deferredsync.snapshot.Entry;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.FileType;

/**
 * Finds the names of a file over all sources of a run: those that were put off, and those that the
 * catalogue knows elsewhere. A name is one of them only while device, inode and all times agree;
 * the directory of one that does not is in doubt.
 */
final class LinkMembers {
  private final RunContext context;

  LinkMembers(RunContext context) {
    this.context = context;
  }

  /** The names of the file, those first that this run looks at. */
  List<LinkMember> of(Inode inode) throws IOException {
    List<LinkMember> members = new ArrayList<>();
    Set<FilePath> seen = new HashSet<>();
    for (Name name : context.links().names(inode)) {
      seen.add(name.directory().child(name.name()));
      add(members, inode, name, true);
    }
    for (FilePath path : context.catalogue().entries().linkedAt(inode.inode())) {
      Optional<SourceWork> work = workOf(path);
      if (work.isPresent() && seen.add(path)) {
        int index = work.get().source().index();
        add(members, inode, new Name(index, path.above(), path.name()), false);
      }
    }
    return members;
  }

  private Optional<SourceWork> workOf(FilePath path) {
    return context.sources().stream()
        .filter(work -> work.source().path().contains(path))
        .filter(work -> !work.source().leavesToAnother(path))
        .findFirst();
  }

  private void add(List<LinkMember> members, Inode inode, Name name, boolean fresh)
      throws IOException {
    FilePath path = name.directory().child(name.name());
    int index = indexOf(name.source());
    SourceWork work = context.sources().get(index);
    Stat stat;
    try {
      stat = context.posix().stat(work.source().tree().open(name.directory()), name.name());
    } catch (PosixException e) {
      if (fresh) {
        doubt(name.directory());
        note(work.problems(), path, e);
      }
      return;
    }
    boolean same =
        stat.device() == inode.device()
            && stat.inode() == inode.inode()
            && !stat.isDirectory()
            && (members.isEmpty() || agree(members.get(0).stat(), stat));
    if (!same || !isStoredDirectory(work, name.directory()) || liesInOneOf(members, path)) {
      if (fresh) {
        doubt(name.directory());
      }
      return;
    }
    if (!fresh && isToGo(work, path)) {
      return; // a listing lacked it: there again, it waits for the next run
    }
    Entry row = context.catalogue().entries().find(path).orElse(null);
    if ((row == null || row.version().type() == FileType.DIRECTORY)
        && work.source().holdsAnother(path)) {
      work.problems().unreadable(path, new IOException("another source lay below it"));
      doubt(name.directory());
      return;
    }
    members.add(new LinkMember(index, work, name.directory(), name.name(), stat, row, fresh));
  }

  /** Whether it is to be removed in this run, by itself or with a directory around it. */
  private boolean isToGo(SourceWork work, FilePath path) throws IOException {
    for (FilePath at = path; !at.equals(work.source().path()); at = at.above()) {
      if (context.store().isRemoved(at.above(), at.name())) {
        return true;
      }
    }
    return false;
  }

  /** Whether one of the names was a directory around the other a moment ago. */
  private static boolean liesInOneOf(List<LinkMember> members, FilePath path) {
    return members.stream()
        .anyMatch(member -> member.path().contains(path) || path.contains(member.path()));
  }

  private static void note(Problems problems, FilePath path, PosixException e) {
    if (e.is(Errno.ENOENT)) {
      problems.vanished(path);
    } else {
      problems.unreadable(path, e);
    }
  }

  private int indexOf(int source) {
    for (int i = 0; i < context.sources().size(); i++) {
      if (context.sources().get(i).source().index() == source) {
        return i;
      }
    }
    throw new IllegalStateException("no source " + source);
  }

  private static boolean agree(Stat one, Stat other) {
    return one.size() == other.size()
        && one.mtimeNs() == other.mtimeNs()
        && one.ctimeNs() == other.ctimeNs();
  }

  private boolean isStoredDirectory(SourceWork work, FilePath directory) throws IOException {
    return directory.equals(work.source().path())
        || (!context.batch().hasReplaced(directory)
            && context
                .catalogue()
                .entries()
                .find(directory)
                .filter(entry -> entry.version().type() == FileType.DIRECTORY)
                .isPresent());
  }

  /** The directory's digest is not to be set by this run. */
  void doubt(FilePath directory) throws IOException {
    context.links().doubt(directory);
    context.store().setDigest(directory, null);
  }

  /** The same for the directories of all of them. */
  void doubt(List<LinkMember> members) throws IOException {
    for (LinkMember member : members) {
      doubt(member.directory());
    }
  }
}
