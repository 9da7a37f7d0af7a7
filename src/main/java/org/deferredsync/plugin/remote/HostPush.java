package org.deferredsync.plugin.remote;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deferredsync.backup.PushSource;
import org.deferredsync.backup.Sizes;
import org.deferredsync.logging.ChildLines;
import org.deferredsync.logging.Quantity;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.remote.Preflight;
import org.deferredsync.remote.Push;
import org.deferredsync.remote.PushMarker;
import org.deferredsync.remote.Readiness;
import org.deferredsync.remote.RemoteCopy;
import org.deferredsync.remote.RemoteException;
import org.deferredsync.remote.RemoteException.Kind;
import org.deferredsync.remote.RemoteHost;
import org.deferredsync.remote.RemotePath;
import org.deferredsync.remote.RsyncResult;
import org.deferredsync.remote.SharedConnection;
import org.deferredsync.remote.SshSettings;
import org.deferredsync.snapshot.FilePath;

/** The push to one host: looked at, pushed, acknowledged; its trouble is no other host's. */
record HostPush(
    PluginContext context,
    PushSource source,
    FilePath target,
    SshSettings ssh,
    String bandwidth,
    RemoteHost host,
    RemotePath directory,
    Path scratch) {

  static ReturnCode failed(PluginContext context, RemoteException trouble) {
    context.log().warn("{}", trouble.getMessage());
    context.reasons().accept(String.valueOf(trouble.getMessage()));
    return RemoteSettings.code(trouble);
  }

  ReturnCode run(Duration full, boolean deletions) throws IOException, InterruptedException {
    try (ChildLines lines = new ChildLines(context.log())) {
      try (SharedConnection shared = SharedConnection.to(context.commands(), ssh, host, scratch)) {
        Readiness ready = look(context, shared.settings(), host, directory);
        RemoteCopy copy =
            RemoteCopy.of(
                context.commands(),
                shared.settings(),
                bandwidth,
                host,
                ready,
                directory,
                Path.of(target.toString()),
                scratch,
                line -> lines.accept(host + ": " + line));
        return push(copy, ready, full, deletions);
      }
    } catch (RemoteException e) {
      return failed(context, e);
    } finally {
      BackupToRemote.remove(scratch);
    }
  }

  private ReturnCode push(RemoteCopy copy, Readiness ready, Duration full, boolean deletions)
      throws RemoteException, IOException, InterruptedException {
    Push push = new Push(copy, base(Path.of(target.toString()), ready), deletions);
    PushMarker marker = push.look();
    if (marker == null) {
      requireParent(ready, host, directory);
      requireRoom(ready);
    }
    Instant now = context.clock().instant();
    Push.Result result = push.run(marker, now.getEpochSecond(), full.toSeconds());
    source.acknowledge(
        BackupToRemote.remoteName(host, directory),
        result.seq(),
        now.getEpochSecond() * 1_000_000_000L);
    context
        .log()
        .info(
            "{}: {} pushed, {} sent, {} deleted{}.",
            copy,
            Quantity.of(result.files(), "file"),
            Sizes.text(result.bytes()),
            result.deleted(),
            result.compared() ? "; everything was compared" : "");
    return ReturnCode.SUCCESS;
  }

  private static Readiness look(
      PluginContext context, SshSettings ssh, RemoteHost host, RemotePath directory)
      throws RemoteException, InterruptedException {
    return new Preflight(context.commands(), ssh, context.environment())
        .look(host, List.of(directory, directory.above()));
  }

  /** What a push would do; nothing is sent, nor anything written here. */
  static ReturnCode preview(
      PluginContext context, SshSettings ssh, Path target, RemoteHost host, RemotePath directory)
      throws InterruptedException {
    try (ChildLines lines = new ChildLines(context.log())) {
      Readiness ready = look(context, ssh, host, directory);
      requireParent(ready, host, directory);
      RemoteCopy copy =
          RemoteCopy.of(
              context.commands(),
              ssh,
              "",
              host,
              ready,
              directory,
              target,
              context.scratch(),
              line -> lines.accept(host + ": " + line));
      RsyncResult result = copy.preview();
      context
          .log()
          .info(
              "{}: would be pushed: {} of {}, at most {} deleted.",
              copy,
              Quantity.of(result.figure("Number of regular files transferred").orElse(0), "file"),
              Sizes.text(result.figure("Total transferred file size").orElse(0)),
              result.figure("Number of deleted files").orElse(0));
      return ReturnCode.SUCCESS;
    } catch (RemoteException e) {
      return failed(context, e);
    }
  }

  private static void requireParent(Readiness ready, RemoteHost host, RemotePath directory)
      throws RemoteException {
    if (ready.lacks(directory) && ready.lacks(directory.above())) {
      throw new RemoteException(
          Kind.PREREQUISITE,
          host
              + ": REMOTE_DIR="
              + directory
              + " cannot be made, since "
              + directory.above()
              + " is not there; make that.");
    }
  }

  private void requireRoom(Readiness ready) throws RemoteException, IOException {
    OptionalLong room = ready.roomAt(directory);
    if (room.isEmpty()) {
      room = ready.roomAt(directory.above());
    }
    if (room.isPresent() && room.getAsLong() < source.bytes()) {
      throw new RemoteException(
          Kind.FAILURE,
          host
              + ": "
              + directory
              + " has "
              + Sizes.text(room.getAsLong())
              + " free, and the target is "
              + Sizes.text(source.bytes())
              + "; make room there.");
    }
  }

  /**
   * Of what is to be sent a part may be there, from a push that was cut short: no reason to end.
   */
  private void warnOfRoom(Readiness ready, long bytes) {
    OptionalLong room = ready.roomAt(directory);
    if (room.isPresent() && room.getAsLong() < bytes) {
      context
          .log()
          .warn(
              "{}: {} has {} free, and {} are new; make room there if it does not suffice.",
              host,
              directory,
              Sizes.text(room.getAsLong()),
              Sizes.text(bytes));
    }
  }

  private Push.Base base(Path here, Readiness ready) {
    String name = BackupToRemote.remoteName(host, directory);
    return new Push.Base() {
      @Override
      public String target() {
        return source.targetId();
      }

      @Override
      public String journal() throws IOException {
        return source.journal();
      }

      @Override
      public long generation() {
        return source.generation();
      }

      @Override
      public long seq() throws IOException {
        return source.seq();
      }

      @Override
      public Optional<Push.Lists> since(long seq) throws IOException {
        Optional<PushSource.Changes> changes = source.since(name, seq);
        changes.ifPresent(c -> warnOfRoom(ready, c.bytes()));
        return changes.map(
            c ->
                new Push.Lists(
                    c.increments(),
                    c.contents(),
                    c.moved(),
                    c.movedTree(),
                    c.metadata(),
                    c.removed()));
      }

      @Override
      public Set<String> names() throws IOException {
        try (Stream<Path> all = Files.list(here)) {
          return all.map(path -> path.getFileName().toString()).collect(Collectors.toSet());
        }
      }

      @Override
      public List<String> increments() throws IOException {
        return source.increments();
      }
    };
  }
}
