package org.deferredsync.config;

import com.sun.security.auth.module.UnixSystem;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.deferredsync.logging.Printable;

/**
 * Tells whether somebody else could change what a path leads to: it, each directory down to it, and
 * each link on the way must belong to root or the running user and be writable by nobody else.
 */
public final class TrustedPath {
  private static final int MOST_LINKS = 40;
  private static final int TYPE_MASK = 0170000;
  private static final int DIRECTORY = 0040000;
  private static final int SYMLINK = 0120000;
  private static final int STICKY = 01000;
  private static final int GROUP_WRITE = 0020;
  private static final int OTHER_WRITE = 0002;

  private final int uid;
  private final Accounts accounts;

  /**
   * The judgement for a user.
   *
   * @param uid who runs
   * @param passwd the users, as passwd(5) has them
   * @param group the groups, as group(5) has them
   */
  public TrustedPath(int uid, Path passwd, Path group) {
    this.uid = uid;
    this.accounts = Accounts.read(passwd, group);
  }

  /** The judgement for the user of this process. */
  public static TrustedPath ofProcess() {
    return new TrustedPath(Running.USER, Path.of("/etc/passwd"), Path.of("/etc/group"));
  }

  private record Attributes(int mode, int uid, int gid) {
    static Attributes of(Path path, LinkOption... options) throws IOException {
      Map<String, Object> all = Files.readAttributes(path, "unix:mode,uid,gid", options);
      return new Attributes(number(all, "mode"), number(all, "uid"), number(all, "gid"));
    }

    private static int number(Map<String, Object> all, String name) {
      return all.get(name) instanceof Integer number ? number : -1;
    }

    boolean is(int type) {
      return (mode & TYPE_MASK) == type;
    }
  }

  /**
   * Why what lies at an absolute path is not to be trusted, in one line that names the part at
   * fault and the remedy; nothing if it is. A path that leads nowhere is not trusted either.
   */
  public Optional<String> complaint(Path path) {
    Deque<Path> ahead = new ArrayDeque<>();
    Path here = path.getRoot();
    if (here == null) {
      return Optional.of(shown(path) + " is relative; give an absolute path");
    }
    path.forEach(ahead::add);
    int links = 0;
    Path at = here;
    try {
      Optional<String> complaint = ofPart(at, Attributes.of(at));
      while (complaint.isEmpty() && !ahead.isEmpty()) {
        String name = ahead.remove().toString();
        if (name.equals("..")) {
          here = here.getParent() == null ? here : here.getParent();
        } else if (!name.equals(".") && !name.isEmpty()) {
          at = here.resolve(name);
          Attributes attributes = Attributes.of(at, LinkOption.NOFOLLOW_LINKS);
          complaint = ofPart(at, attributes);
          if (!attributes.is(SYMLINK)) {
            here = at;
          } else if (++links > MOST_LINKS) {
            return Optional.of(shown(path) + " leads through too many links; remove the loop");
          } else {
            Path target = Files.readSymbolicLink(at);
            here = target.isAbsolute() ? path.getRoot() : here;
            pushFront(ahead, target);
          }
        }
      }
      return complaint;
    } catch (NoSuchFileException e) {
      return Optional.of(shown(at) + " does not exist; create it, or correct the path to it");
    } catch (FileSystemException e) {
      return Optional.of(
          shown(at) + " cannot be examined: " + Printable.of(String.valueOf(e.getReason())));
    } catch (IOException e) {
      return Optional.of(shown(at) + " cannot be examined: " + e);
    }
  }

  private static void pushFront(Deque<Path> ahead, Path target) {
    List<Path> names = new ArrayList<>();
    target.forEach(names::add);
    for (int i = names.size() - 1; i >= 0; i--) {
      ahead.push(names.get(i));
    }
  }

  private Optional<String> ofPart(Path part, Attributes attributes) {
    Optional<String> owner = ofOwner(part, attributes);
    if (owner.isPresent() || attributes.is(SYMLINK)) {
      return owner;
    }
    boolean sticky =
        attributes.is(DIRECTORY) && (attributes.mode() & STICKY) != 0 && attributes.uid() == 0;
    return sticky ? Optional.empty() : ofMode(part, attributes);
  }

  private Optional<String> ofOwner(Path part, Attributes attributes) {
    if (attributes.uid() == 0 || attributes.uid() == uid) {
      return Optional.empty();
    }
    return Optional.of(
        shown(part)
            + " belongs to "
            + userName(attributes.uid())
            + ", who is neither root nor the running user: chown "
            + (attributes.is(SYMLINK) ? "-h " : "")
            + userName(uid)
            + " "
            + shown(part));
  }

  private Optional<String> ofMode(Path part, Attributes attributes) {
    boolean byGroup =
        (attributes.mode() & GROUP_WRITE) != 0
            && !accounts.isPrivateGroup(attributes.gid(), attributes.uid());
    boolean byOthers = (attributes.mode() & OTHER_WRITE) != 0;
    if (!byGroup && !byOthers) {
      return Optional.empty();
    }
    String who = byOthers ? "everybody" : "group " + groupName(attributes.gid());
    return Optional.of(
        String.format(
            "%s is writable by %s (mode %04o, owner %s): chmod %s %s",
            shown(part),
            who,
            attributes.mode() & 07777,
            userName(attributes.uid()),
            byGroup && byOthers ? "go-w" : byGroup ? "g-w" : "o-w",
            shown(part)));
  }

  /**
   * Why a log must not be appended to at that absolute path, in one line with the remedy; nothing
   * if it may. The log must not be a symbolic link, nor its own directory writable by others, not
   * even a sticky one; the directory's parents are not judged, and that it is absent is no
   * complaint.
   */
  public Optional<String> logComplaint(Path log) {
    if (Files.isSymbolicLink(log)) {
      return Optional.of(
          shown(log) + " is a symbolic link; name the file itself, or remove the link");
    }
    Path directory = log.getParent();
    if (directory == null || !Files.isDirectory(directory)) {
      return Optional.empty();
    }
    try {
      Attributes attributes = Attributes.of(directory);
      return ofOwner(directory, attributes)
          .or(() -> ofMode(directory, attributes))
          .map(complaint -> complaint + ", or give the log a directory of its own");
    } catch (IOException e) {
      return Optional.of(shown(directory) + " cannot be examined: " + e);
    }
  }

  private String userName(int id) {
    return accounts.userName(id).map(Printable::of).orElse("uid " + Integer.toUnsignedString(id));
  }

  private String groupName(int id) {
    return accounts.groupName(id).map(Printable::of).orElse(Integer.toUnsignedString(id));
  }

  private static String shown(Path path) {
    return Printable.of(path.toString());
  }

  /**
   * Asked for once: each time, the library that tells is looked for anew, where an upgrade of the
   * runtime may have taken it away.
   */
  private static final class Running {
    static final int USER = (int) new UnixSystem().getUid();
  }
}
