package org.deferredsync.remote;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deferredsync.process.CommandRunner;
import org.deferredsync.remote.RemoteException.Kind;

/**
 * The copy of a target on another host: what is there, and what of it is fetched. Looking changes
 * nothing, and what cannot be read is never taken for absent.
 */
public final class RemoteCopy {
  private static final Pattern LISTED =
      Pattern.compile("[-a-z][-rwxsStT]{9}\\S* +[0-9,.]+ [0-9/]{10} [0-9:]{8} (.+)");

  /** What is to be read here: no link or pipe that lies there instead, nor more than we write. */
  private static final List<String> A_FILE =
      List.of("--no-recursive", "--no-links", "--no-devices", "--no-specials", "--max-size=64k");

  private final CopyPlace place;

  private RemoteCopy(CopyPlace place) {
    this.place = place;
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
    return new RemoteCopy(
        new CopyPlace(
            ready.restricted() ? rsync.restricted() : rsync,
            ready.restricted(),
            directory,
            directory.child(String.valueOf(target.getFileName())),
            target,
            scratch));
  }

  /** For people: the host, and where it lies there. */
  @Override
  public String toString() {
    return place.toString();
  }

  /** The steps by which it is pushed. */
  PushSteps steps() {
    return new PushSteps(place);
  }

  /**
   * The marker, if the copy has one.
   *
   * @throws RemoteException if that cannot be told: what cannot be read is not absent
   */
  Optional<PushMarker> marker() throws RemoteException, IOException, InterruptedException {
    Path file = place.scratch().resolve(PushMarker.FILE);
    Files.deleteIfExists(file);
    RsyncResult result =
        ask(A_FILE, place.copy().name() + "/" + CopyPlace.OWN + "/" + PushMarker.FILE);
    if (result.absent()) {
      return Optional.empty();
    } else if (!result.good()) {
      throw result.trouble(toString());
    }
    String text =
        Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
            ? new String(Files.readAllBytes(file), StandardCharsets.UTF_8)
            : "";
    return Optional.of(
        PushMarker.parse(text)
            .orElseThrow(
                () ->
                    new RemoteException(
                        Kind.FAILURE,
                        this
                            + "/"
                            + CopyPlace.OWN
                            + "/"
                            + PushMarker.FILE
                            + ": not ours; move it away.")));
  }

  /** Through the directory above: rrsync(1) refuses to name what is perhaps not there. */
  private RsyncResult ask(List<String> options, String name) throws InterruptedException {
    List<String> all = new ArrayList<>(options);
    all.add("--no-relative");
    byte[] listed = (name + "\0").getBytes(StandardCharsets.UTF_8);
    return place
        .rsync()
        .asking()
        .fetchListed(all, listed, place.directory(), place.scratch() + "/");
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
            .map(name -> CopyPlace.OWN + "/" + name + "\0")
            .collect(Collectors.joining())
            .getBytes(StandardCharsets.US_ASCII);
    RsyncResult result =
        place.rsync().asking().fetchListed(List.of("-z"), names, place.copy(), into + "/");
    if (result.absent()) {
      throw new RemoteException(
          Kind.PREREQUISITE, this + ": there is no copy of a target; push one first.");
    }
    place.good(result);
  }

  /** Fetches those of these names below the target that are there. */
  public void fetchFiles(byte[] names, Path into) throws RemoteException, InterruptedException {
    if (names.length > 0) {
      place.good(
          place
              .rsync()
              .fetchListed(
                  List.of("-z", "--ignore-missing-args", "--no-recursive"),
                  names,
                  place.copy(),
                  into + "/"));
    }
  }

  /** The names at the top of the copy; none if it is not there. */
  public List<String> names() throws RemoteException, InterruptedException {
    RsyncResult result =
        ask(List.of("--no-recursive", "--dirs", "--list-only"), place.copy().name() + "/");
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
    String top = "/" + place.copy().name();
    List<String> options =
        List.of(
            "--delete",
            "--force",
            "--exclude=" + top + "/" + CopyPlace.OWN,
            "--filter=protect " + top + CopyPlace.ORIGINAL);
    return place.good(
        place.rsync().trying().send(options, place.target().toString(), place.directory(), true));
  }
}
