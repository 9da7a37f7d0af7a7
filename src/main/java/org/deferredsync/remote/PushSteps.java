package org.deferredsync.remote;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.deferredsync.remote.RemoteException.Kind;

/**
 * The steps of a push, as rsync makes them. Each leaves the copy one from which can be restored;
 * their order is {@link Push}'s.
 */
final class PushSteps {
  private static final String CHECKSUM = "--checksum";
  private static final String WHATEVER_TIMES = "--ignore-times";
  private static final RsyncResult NOTHING = RsyncResult.nothing();

  /** What is of no use elsewhere, or is that host's own. */
  private static final List<String> OWN_EXCLUDES =
      List.of(
          "--exclude=/staging",
          "--exclude=/moved",
          "--exclude=/lock",
          "--exclude=/reserve",
          "--exclude=/reserve.inode",
          "--exclude=/catalogue.new*",
          "--filter=hide *-wal",
          "--filter=hide *-shm",
          "--exclude=/catalogue.db.*");

  private final CopyPlace place;
  private final Rsync rsync;
  private final RemotePath copy;
  private final Path target;

  PushSteps(CopyPlace place) {
    this.place = place;
    this.rsync = place.rsync();
    this.copy = place.copy();
    this.target = place.target();
  }

  /** Makes the copy, empty and marked as ours; only its own directory's parent has to be there. */
  void begin(PushMarker marker) throws RemoteException, IOException, InterruptedException {
    Path top = directory(place.scratch().resolve(copy.name()));
    Path own = directory(top.resolve(CopyPlace.OWN));
    Files.writeString(own.resolve(PushMarker.FILE), marker.text());
    Files.writeString(own.resolve("lock"), "");
    for (String name : List.of(PushMarker.FILE, "lock")) {
      Files.setPosixFilePermissions(
          own.resolve(name), PosixFilePermissions.fromString("rw-------"));
    }
    // Whoever began one at the same time keeps it.
    RsyncResult made =
        rsync.send(List.of("--ignore-existing"), top.toString(), place.directory(), true);
    if (!made.good()) {
      boolean noParent =
          made.errors().stream().anyMatch(line -> line.contains("No such file or directory"));
      throw noParent
          ? new RemoteException(
              Kind.PREREQUISITE,
              rsync.host()
                  + ": REMOTE_DIR="
                  + place.directory()
                  + " cannot be made, since "
                  + place.directory().above()
                  + " is not there; make that.")
          : made.trouble(place.toString());
    }
  }

  private static Path directory(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      Files.createDirectory(
          path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    return path;
  }

  /**
   * What is new in some increments; versions that the mirror there still has are linked. By
   * contents: if the push before was cut short, the mirror may have another version of equal size
   * and time.
   */
  RsyncResult sendIncrements(Map<String, byte[]> lists)
      throws RemoteException, InterruptedException {
    RsyncResult last = null;
    for (Map.Entry<String, byte[]> increment : lists.entrySet()) {
      last =
          place.good(
              rsync.sendListed(
                  List.of("-z", "--force", CHECKSUM, "--link-dest=" + copy),
                  withTop(increment.getValue()),
                  target + "/" + increment.getKey(),
                  copy.child(increment.getKey())));
    }
    return last == null ? NOTHING : last;
  }

  /** The directory itself before the names in it, or it would get the mode of any new one. */
  private static byte[] withTop(byte[] names) {
    byte[] all = new byte[names.length + 2];
    all[0] = '.';
    System.arraycopy(names, 0, all, 2, names.length);
    return all;
  }

  /** All of one increment, by contents. */
  RsyncResult sendIncrement(String name) throws RemoteException, InterruptedException {
    return place.good(
        rsync.send(
            List.of("-z", "--force", CHECKSUM, "--link-dest=" + copy),
            target + "/" + name + "/",
            copy.child(name),
            true));
  }

  /** Names in the mirror whose files are other ones than before, whatever size and time say. */
  RsyncResult sendContents(byte[] names) throws RemoteException, InterruptedException {
    return names.length == 0 ? NOTHING : sendListed(List.of(WHATEVER_TIMES), names);
  }

  /**
   * Files that have, or had, their bytes there under another name: links, of which one is enough.
   * By contents, since equal size and time do not prove them. What cannot be linked is sent.
   *
   * @param tree in which names of one file are links to it, as a path from the root of the target
   */
  RsyncResult sendMoved(byte[] names, String tree) throws RemoteException, InterruptedException {
    if (names.length == 0) {
      return NOTHING;
    }
    // Directories on the way are there already; those in the tree have not their metadata.
    List<String> options = List.of("-z", "--force", CHECKSUM, "--no-implied-dirs");
    RsyncResult linked = rsync.sendListed(options, names, target + tree, copy);
    return linked.partial()
        ? sendListed(List.of(WHATEVER_TIMES, "--ignore-missing-args"), names)
        : place.good(linked);
  }

  /** Names in the mirror of which only metadata changed. */
  RsyncResult sendMetadata(byte[] names) throws RemoteException, InterruptedException {
    return names.length == 0 ? NOTHING : sendListed(List.of(), names);
  }

  private RsyncResult sendListed(List<String> more, byte[] names)
      throws RemoteException, InterruptedException {
    List<String> options = new ArrayList<>(List.of("-z", "--force"));
    options.addAll(more);
    return place.good(rsync.sendListed(options, names, target.toString(), copy));
  }

  /** The mirror and whatever else is in the target, but nothing of ours; deletes nothing. */
  RsyncResult sendAll(boolean checksum) throws RemoteException, InterruptedException {
    List<String> options = new ArrayList<>(List.of("-z", "--force", "--exclude=/" + CopyPlace.OWN));
    if (checksum) {
      options.add(CHECKSUM);
    }
    return place.good(rsync.send(options, target + "/", copy, true));
  }

  /** Catalogue, generation and manifests, and the marker behind them. */
  RsyncResult sendOwn(PushMarker marker) throws RemoteException, IOException, InterruptedException {
    String with = written(marker).getParent() + "/";
    List<String> options = new ArrayList<>(List.of("-z", "--delete-after"));
    options.addAll(OWN_EXCLUDES);
    if (place.restricted()) {
      options.add(CHECKSUM); // sizes are fixed, and two pushes may come within a second
    }
    // The marker first: of two files the first one counts, and a target that was fetched from a
    // copy has the one of that.
    return place.good(
        rsync.send(
            options, List.of(with, target + "/" + CopyPlace.OWN + "/"), copy.child(CopyPlace.OWN)));
  }

  /** The marker alone. */
  void sendMarker(PushMarker marker) throws RemoteException, IOException, InterruptedException {
    place.good(
        rsync.send(
            List.of(WHATEVER_TIMES), written(marker).toString(), copy.child(CopyPlace.OWN), true));
  }

  private Path written(PushMarker marker) throws IOException {
    Path file = directory(place.scratch().resolve("marker")).resolve(PushMarker.FILE);
    Files.writeString(file, marker.text());
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    return file;
  }

  /** Deletes names, each with all below it. */
  RsyncResult delete(byte[] names) throws RemoteException, InterruptedException {
    return names.length == 0
        ? NOTHING
        : place.good(
            rsync.sendListed(
                List.of("--force", "--delete-missing-args", "--existing", "--ignore-existing"),
                names,
                target.toString(),
                copy));
  }

  /** Deletes everything that is not in the target. */
  RsyncResult deleteOthers() throws RemoteException, InterruptedException {
    return place.good(
        rsync.send(
            List.of(
                "--delete",
                "--force",
                "--existing",
                "--ignore-existing",
                "--exclude=/" + CopyPlace.OWN,
                "--filter=protect " + CopyPlace.ORIGINAL),
            target + "/",
            copy,
            true));
  }
}
