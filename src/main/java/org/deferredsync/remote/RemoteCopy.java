package org.deferredsync.remote;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deferredsync.process.CommandRunner;
import org.deferredsync.remote.RemoteException.Kind;

/**
 * The copy of a target on another host, step by step as rsync makes it. Each step leaves it a copy
 * from which can be restored; their order is the caller's.
 */
public final class RemoteCopy {
  private static final String OWN = ".deferred-sync";
  private static final String CHECKSUM = "--checksum";
  private static final String WHATEVER_TIMES = "--ignore-times";
  private static final RsyncResult NOTHING = RsyncResult.nothing();

  /** What the original left in a directory that it pushed to, and is not ours to delete. */
  private static final String ORIGINAL = "/_backup_[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]";

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

  private static final Pattern LISTED =
      Pattern.compile("[-a-z][-rwxsStT]{9}\\S* +[0-9,.]+ [0-9/]{10} [0-9:]{8} (.+)");

  private final Rsync rsync;
  private final boolean restricted;
  private final RemotePath directory;
  private final RemotePath copy;
  private final Path target;
  private final Path scratch;

  /**
   * @param restricted whether the host runs rrsync(1) for us
   * @param directory there, in which the copy lies
   * @param name the copy's own
   * @param target here
   * @param scratch a directory of this copy's own, mode 0700
   */
  private RemoteCopy(
      Rsync rsync,
      boolean restricted,
      RemotePath directory,
      String name,
      Path target,
      Path scratch) {
    this.rsync = restricted ? rsync.restricted() : rsync;
    this.restricted = restricted;
    this.directory = directory;
    this.copy = directory.child(name);
    this.target = target;
    this.scratch = scratch;
  }

  /**
   * The copy on {@code host}.
   *
   * @param bandwidth as rsync's {@code --bwlimit} takes it; empty for no limit
   * @param ready what the host has told
   * @param errors takes each line that rsync complains in
   */
  public static RemoteCopy of(
      CommandRunner commands,
      SshSettings ssh,
      String bandwidth,
      RemoteHost host,
      Readiness ready,
      RemotePath directory,
      Path target,
      Path scratch,
      Consumer<String> errors) {
    Rsync rsync = new Rsync(commands, host, ssh, bandwidth, false, errors);
    String name = String.valueOf(target.getFileName());
    return new RemoteCopy(rsync, ready.restricted(), directory, name, target, scratch);
  }

  /** For people: the host, and where it lies there. */
  @Override
  public String toString() {
    return rsync.host() + " " + copy;
  }

  /**
   * The marker, if the copy has one.
   *
   * @throws RemoteException if that cannot be told: what cannot be read is not absent
   */
  Optional<PushMarker> marker() throws RemoteException, IOException, InterruptedException {
    Path file = scratch.resolve(PushMarker.FILE);
    Files.deleteIfExists(file);
    RsyncResult result =
        ask(List.of("--no-recursive"), copy.name() + "/" + OWN + "/" + PushMarker.FILE);
    if (result.absent()) {
      return Optional.empty();
    } else if (!result.good()) {
      throw result.trouble(toString());
    }
    String text = Files.readString(file, StandardCharsets.UTF_8);
    return Optional.of(
        PushMarker.parse(text)
            .orElseThrow(
                () ->
                    new RemoteException(
                        Kind.FAILURE,
                        this + "/" + OWN + "/" + PushMarker.FILE + ": not ours; move it away.")));
  }

  /** Through the directory above: rrsync(1) refuses to name what is perhaps not there. */
  private RsyncResult ask(List<String> options, String name) throws InterruptedException {
    List<String> all = new ArrayList<>(options);
    all.add("--no-relative");
    byte[] listed = (name + "\0").getBytes(StandardCharsets.UTF_8);
    return rsync.asking().fetchListed(all, listed, directory, scratch + "/");
  }

  /**
   * Fetches what a target needs to be opened: the catalogue, and what proves whose it is.
   *
   * @param into a directory here that becomes the target
   * @throws RemoteException if there is no copy, or not all of that could be fetched
   */
  public void fetchOwn(Path into) throws RemoteException, InterruptedException {
    byte[] names =
        Stream.of("target-id", "generation", "lock", "catalogue.db")
            .map(name -> OWN + "/" + name + "\0")
            .collect(Collectors.joining())
            .getBytes(StandardCharsets.US_ASCII);
    RsyncResult result = rsync.asking().fetchListed(List.of("-z"), names, copy, into + "/");
    if (result.absent()) {
      throw new RemoteException(
          Kind.PREREQUISITE, this + ": there is no copy of a target; push one first.");
    }
    good(result);
  }

  /** Fetches those of these names below the target that are there. */
  public void fetchFiles(byte[] names, Path into) throws RemoteException, InterruptedException {
    if (names.length > 0) {
      good(
          rsync.fetchListed(
              List.of("-z", "--ignore-missing-args", "--no-recursive"), names, copy, into + "/"));
    }
  }

  /** The names at the top of the copy; none if it is not there. */
  public List<String> names() throws RemoteException, InterruptedException {
    RsyncResult result = ask(List.of("--no-recursive", "--dirs", "--list-only"), copy.name() + "/");
    if (result.absent()) {
      return List.of();
    } else if (!result.good()) {
      throw result.trouble(toString());
    }
    List<String> names = new ArrayList<>();
    for (String line : result.output()) {
      Matcher matcher = LISTED.matcher(line);
      if (matcher.matches() && !matcher.group(1).equals(".")) {
        names.add(matcher.group(1));
      }
    }
    return names;
  }

  /**
   * What a push of everything would do, by size and time.
   *
   * @return the figures of an rsync that changed nothing
   */
  public RsyncResult preview() throws RemoteException, InterruptedException {
    String top = "/" + copy.name();
    List<String> options =
        List.of(
            "--delete",
            "--force",
            "--exclude=" + top + "/" + OWN,
            "--filter=protect " + top + ORIGINAL);
    return good(rsync.trying().send(options, target.toString(), directory, true));
  }

  /** Makes the copy, empty and marked as ours; only its own directory's parent has to be there. */
  void begin(PushMarker marker) throws RemoteException, IOException, InterruptedException {
    Path top = directory(scratch.resolve(copy.name()));
    Path own = directory(top.resolve(OWN));
    Files.writeString(own.resolve(PushMarker.FILE), marker.text());
    Files.writeString(own.resolve("lock"), "");
    for (String name : List.of(PushMarker.FILE, "lock")) {
      Files.setPosixFilePermissions(
          own.resolve(name), PosixFilePermissions.fromString("rw-------"));
    }
    // Whoever began one at the same time keeps it.
    RsyncResult made = rsync.send(List.of("--ignore-existing"), top.toString(), directory, true);
    if (!made.good()) {
      boolean noParent =
          made.errors().stream().anyMatch(line -> line.contains("No such file or directory"));
      throw noParent
          ? new RemoteException(
              Kind.PREREQUISITE,
              rsync.host()
                  + ": REMOTE_DIR="
                  + directory
                  + " cannot be made, since "
                  + directory.above()
                  + " is not there; make that.")
          : made.trouble(toString());
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
          good(
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
    return good(
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
        : good(linked);
  }

  /** Names in the mirror of which only metadata changed. */
  RsyncResult sendMetadata(byte[] names) throws RemoteException, InterruptedException {
    return names.length == 0 ? NOTHING : sendListed(List.of(), names);
  }

  private RsyncResult sendListed(List<String> more, byte[] names)
      throws RemoteException, InterruptedException {
    List<String> options = new ArrayList<>(List.of("-z", "--force"));
    options.addAll(more);
    return good(rsync.sendListed(options, names, target.toString(), copy));
  }

  /** The mirror and whatever else is in the target, but nothing of ours; deletes nothing. */
  RsyncResult sendAll(boolean checksum) throws RemoteException, InterruptedException {
    List<String> options = new ArrayList<>(List.of("-z", "--force", "--exclude=/" + OWN));
    if (checksum) {
      options.add(CHECKSUM);
    }
    return good(rsync.send(options, target + "/", copy, true));
  }

  /** Catalogue, generation and manifests, and the marker behind them. */
  RsyncResult sendOwn(PushMarker marker) throws RemoteException, IOException, InterruptedException {
    String with = written(marker).getParent() + "/";
    List<String> options = new ArrayList<>(List.of("-z", "--delete-after"));
    options.addAll(OWN_EXCLUDES);
    if (restricted) {
      options.add(CHECKSUM); // sizes are fixed, and two pushes may come within a second
    }
    // The marker first: of two files the first one counts, and a target that was fetched from a
    // copy has the one of that.
    return good(rsync.send(options, List.of(with, target + "/" + OWN + "/"), copy.child(OWN)));
  }

  /** The marker alone. */
  void sendMarker(PushMarker marker) throws RemoteException, IOException, InterruptedException {
    good(rsync.send(List.of(WHATEVER_TIMES), written(marker).toString(), copy.child(OWN), true));
  }

  private Path written(PushMarker marker) throws IOException {
    Path file = directory(scratch.resolve("marker")).resolve(PushMarker.FILE);
    Files.writeString(file, marker.text());
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    return file;
  }

  /** Deletes names, each with all below it. */
  RsyncResult delete(byte[] names) throws RemoteException, InterruptedException {
    return names.length == 0
        ? NOTHING
        : good(
            rsync.sendListed(
                List.of("--force", "--delete-missing-args", "--existing", "--ignore-existing"),
                names,
                target.toString(),
                copy));
  }

  /** Deletes everything that is not in the target. */
  RsyncResult deleteOthers() throws RemoteException, InterruptedException {
    return good(
        rsync.send(
            List.of(
                "--delete",
                "--force",
                "--existing",
                "--ignore-existing",
                "--exclude=/" + OWN,
                "--filter=protect " + ORIGINAL),
            target + "/",
            copy,
            true));
  }

  private RsyncResult good(RsyncResult result) throws RemoteException {
    if (!result.succeeded()) {
      throw result.trouble(toString());
    }
    return result;
  }
}
