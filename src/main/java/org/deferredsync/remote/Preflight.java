package org.deferredsync.remote;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.deferredsync.logging.Printable;
import org.deferredsync.process.CommandRunner;
import org.deferredsync.remote.HostProbe.Answer;
import org.deferredsync.remote.HostProbe.Outcome;
import org.deferredsync.remote.HostProbe.Refused;
import org.deferredsync.remote.RemoteException.Kind;

/**
 * Looks before anything is sent whether a host lets us in and what is there. The system's ssh
 * decides whether one can, since the data will go the same way; where it does not get in, JSch is
 * asked, which knows what is wrong.
 */
public final class Preflight {
  private static final String DIRECTORY = "directory ";
  private static final int NOT_FOUND = 127;
  private static final int AVAILABLE = 3;

  private final HostProbe deciding;
  private final HostProbe narrowing;

  /**
   * @param environment what this process was started with
   */
  public Preflight(CommandRunner commands, SshSettings settings, Map<String, String> environment) {
    this(new SshProbe(commands, settings), new JschProbe(commands, settings, environment));
  }

  Preflight(HostProbe deciding, HostProbe narrowing) {
    this.deciding = deciding;
    this.narrowing = narrowing;
  }

  /**
   * Looks at a host and the directories there.
   *
   * @throws RemoteException if it cannot be reached or logged in to, or has no rsync that will do
   */
  public Readiness look(RemoteHost host, List<RemotePath> directories)
      throws RemoteException, InterruptedException {
    String question = question(directories);
    Outcome verdict = deciding.ask(host, question);
    if (verdict instanceof Answer answer) {
      return readiness(host, answer);
    }
    if (verdict instanceof HostProbe.Unable unable) {
      throw new RemoteException(Kind.PREREQUISITE, host + ": " + unable.reason() + ".");
    }
    Outcome closer = narrowing.ask(host, question);
    String reason =
        closer instanceof Refused narrow ? narrow.reason() : ((Refused) verdict).reason();
    throw new RemoteException(Kind.NETWORK, host + ": " + reason + ".");
  }

  private static String question(List<RemotePath> directories) {
    String names = directories.stream().map(RemotePath::text).collect(Collectors.joining(" "));
    return "rsync --version && sh -c 'for d in "
        + names
        + "; do if test -d $d; then echo "
        + DIRECTORY
        + "$d; df -Pk $d; fi; done'";
  }

  private static Readiness readiness(RemoteHost host, Answer answer) throws RemoteException {
    List<String> lines = answer.output().lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      Optional<RsyncVersion> version = RsyncVersion.ofLine(lines.get(i));
      if (version.isPresent()) {
        if (i > 0) {
          throw new RemoteException(
              Kind.FAILURE,
              host
                  + ": its shell prints \""
                  + Printable.of(lines.get(0))
                  + "\" at each login, which rsync takes for data; silence it where nobody looks.");
        }
        if (version.get().compareTo(RsyncVersion.OLDEST) < 0) {
          throw new RemoteException(
              Kind.FAILURE,
              host
                  + ": rsync there is "
                  + version.get()
                  + "; install "
                  + RsyncVersion.OLDEST
                  + " or newer.");
        }
        return new Readiness(false, room(lines.subList(i, lines.size())));
      }
    }
    if (answer.status() == NOT_FOUND) {
      throw new RemoteException(
          Kind.FAILURE, host + ": there is no rsync in the PATH of a login; install it there.");
    }
    return new Readiness(true, Map.of());
  }

  /** The available blocks that df(1) prints behind each directory's name. */
  private static Map<RemotePath, Long> room(List<String> lines) {
    Map<RemotePath, Long> room = new HashMap<>();
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).startsWith(DIRECTORY)) {
        String[] columns = i + 2 < lines.size() ? lines.get(i + 2).split(" +") : new String[0];
        boolean told = columns.length > AVAILABLE && columns[AVAILABLE].matches("[0-9]{1,15}");
        room.put(
            new RemotePath(lines.get(i).substring(DIRECTORY.length())),
            told ? Long.parseLong(columns[AVAILABLE]) * 1024 : Long.MAX_VALUE);
      }
    }
    return room;
  }
}
