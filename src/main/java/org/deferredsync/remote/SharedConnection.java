package org.deferredsync.remote;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.deferredsync.process.Command;
import org.deferredsync.process.CommandResult;
import org.deferredsync.process.CommandRunner;

/**
 * One connection and login for all sessions with a host, kept by an ssh in the background. Where it
 * cannot be had, or is lost, each session connects by itself and tells what is wrong. Should we be
 * killed, it ends by itself.
 */
public final class SharedConnection implements AutoCloseable {
  /** What ssh leaves us of a socket's address: it appends 17 bytes while it makes the socket. */
  private static final int LONGEST = 107 - 17;

  private static final long GRACE_NS = Duration.ofSeconds(5).toNanos();
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
   * Connects to the host, if that can be shared.
   *
   * @param directory of this connection's own, mode 0700, in which its socket lies
   */
  public static SharedConnection open(
      CommandRunner commands, SshSettings settings, RemoteHost host, Path directory)
      throws InterruptedException {
    Path socket = directory.resolve("ssh");
    String path = socket.toString();
    boolean oneWord = path.matches("[A-Za-z0-9/._-]+"); // for rsync and ssh
    if (!oneWord || path.getBytes(StandardCharsets.UTF_8).length > LONGEST) {
      return new SharedConnection(commands, settings, host);
    }
    SharedConnection shared = new SharedConnection(commands, settings.through(socket), host);
    boolean connected = false;
    try {
      List<String> share = new SshCommand(shared.settings).share(host);
      connected = shared.ssh(share).succeeded();
    } finally {
      if (!connected) {
        shared.close();
      }
    }
    return connected ? shared : new SharedConnection(commands, settings, host);
  }

  /** How ssh is used to share it. */
  public SshSettings settings() {
    return settings;
  }

  private CommandResult ssh(List<String> arguments) throws InterruptedException {
    Command command = Command.of(arguments).leavingServices();
    return commands.run(command.within(settings.timeout().multipliedBy(3)), line -> {}, line -> {});
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
      boolean ends = isThere(socket) && ssh(new SshCommand(settings).unshare(host)).succeeded();
      long deadline = System.nanoTime() + GRACE_NS;
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
