package org.deferredsync.remote;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import org.deferredsync.process.Command;
import org.deferredsync.process.CommandRunner;

/**
 * One connection and login for all sessions with a host: the {@link Preflight} makes it, an ssh in
 * the background keeps it. Where it cannot be had, or is lost, each session connects by itself and
 * tells what is wrong. Should we be killed, it ends by itself.
 */
public final class SharedConnection implements AutoCloseable {
  /** What ssh leaves us of a socket's address: it appends 17 bytes while it makes the socket. */
  private static final int LONGEST = 107 - 17;

  private static final Duration GRACE = Duration.ofSeconds(5);
  private static final long LOOK_MS = 5;

  private final CommandRunner commands;
  private final SshSettings settings;
  private final RemoteHost host;

  private SharedConnection(CommandRunner commands, SshSettings settings, RemoteHost host) {
    this.commands = commands;
    this.settings = settings;
    this.host = host;
  }

  /**
   * The one to the host, not made yet.
   *
   * @param directory of this connection's own, mode 0700, in which its socket will lie
   */
  public static SharedConnection to(
      CommandRunner commands, SshSettings settings, RemoteHost host, Path directory) {
    Path socket = directory.resolve("ssh");
    String path = socket.toString();
    boolean oneWord = path.matches("[A-Za-z0-9/._-]+"); // for rsync and ssh
    boolean fits = path.getBytes(StandardCharsets.UTF_8).length <= LONGEST;
    return new SharedConnection(
        commands, oneWord && fits ? settings.through(socket) : settings, host);
  }

  /** How ssh is used to share it. */
  public SshSettings settings() {
    return settings;
  }

  private static boolean isThere(Path socket) {
    return Files.exists(socket, LinkOption.NOFOLLOW_LINKS);
  }

  /** Ends the connection, and waits until its socket is gone. */
  @Override
  public void close() {
    Path socket = settings.socket();
    if (socket == null) {
      return;
    }
    boolean interrupted = Thread.interrupted();
    try {
      // If it fails nobody listens any more.
      Command end = Command.of(new SshCommand(settings).unshare(host));
      boolean ends =
          isThere(socket) && commands.run(end.within(GRACE), line -> {}, line -> {}).succeeded();
      long deadline = System.nanoTime() + GRACE.toNanos();
      while (ends && isThere(socket) && System.nanoTime() < deadline) {
        Thread.sleep(LOOK_MS);
      }
    } catch (InterruptedException e) {
      interrupted = true; // it ends by itself
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
