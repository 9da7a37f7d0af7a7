package org.deferredsync.plugin.dump;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.deferredsync.fs.Posix;
import org.deferredsync.process.Command;
import org.deferredsync.process.CommandResult;
import org.deferredsync.process.CommandRunner;
import org.deferredsync.process.Ending;
import org.deferredsync.process.Programs;
import org.jspecify.annotations.Nullable;

/**
 * A directory in which a drill has its instances, and the user as whom they run: one that owns
 * nothing else where we are root, else ourselves. What a dump makes them do they do as that user,
 * in there. Closing ends what runs and removes all of it.
 */
final class Scratch implements Closeable {
  /** A user that every system has, and that owns no database. */
  private static final String NOBODY = "nobody";

  private static final String TREE = "d";

  private final CommandRunner commands;
  private final Duration timeout;
  private final @Nullable SystemUser user;
  private final Workplace top;
  private final Path directory;
  private final List<ScratchServer> servers = new ArrayList<>();

  private Scratch(
      CommandRunner commands, Duration timeout, @Nullable SystemUser user, Workplace top) {
    this.commands = commands;
    this.timeout = timeout;
    this.user = user;
    this.top = top;
    this.directory = top.path().resolve(TREE);
  }

  /**
   * Makes one.
   *
   * @param parent where; every user has to be able to pass through it
   */
  static Scratch in(Path parent, CommandRunner commands, Duration timeout)
      throws ProofException, IOException, InterruptedException {
    Posix posix = Posix.ofSystem();
    SystemUser user = null;
    if (posix.effectiveUser() == 0) {
      user =
          SystemUser.find(commands, NOBODY)
              .orElseThrow(() -> new ProofException("there is no user " + NOBODY + " here"));
    }
    SystemUser owner = user;
    Workplace top =
        Workplace.in(posix, parent, "drill-", left -> empty(commands, owner, left.resolve(TREE)));
    Scratch scratch = new Scratch(commands, timeout, user, top);
    try {
      posix.makeDirectory(top.descriptor(), DumpDirectory.bytes(TREE), 0700);
      if (user != null) {
        posix.setOwner(top.descriptor(), DumpDirectory.bytes(TREE), user.uid(), user.gid());
      }
      posix.setMode(top.descriptor(), 0711);
    } catch (IOException e) {
      top.close();
      throw e;
    }
    if (!commands
        .run(scratch.own(Command.of("test", "-w", scratch.path(""))), line -> {}, line -> {})
        .succeeded()) {
      scratch.close();
      throw new ProofException(
          "the user " + NOBODY + " cannot pass through " + parent + "; name another by --dir");
    }
    return scratch;
  }

  /** The path of a name in it. */
  String path(String name) {
    return directory.resolve(name).toString();
  }

  /** Runs a command in it, as its user; answers its lines. */
  List<String> run(Command command) throws ProofException, InterruptedException {
    List<String> lines = new ArrayList<>();
    run(command, lines::add);
    return lines;
  }

  /** The same with the lines for {@code output}. */
  void run(Command command, Consumer<String> output) throws ProofException, InterruptedException {
    Complaint complaint = new Complaint();
    CommandResult result = commands.run(own(command), output, complaint);
    if (result.ending() instanceof Ending.Broken broken) {
      throw new ProofException(String.valueOf(broken.cause().getMessage()));
    }
    if (!result.succeeded()) {
      throw new ProofException(
          command.program()
              + " "
              + result.describe()
              + (complaint.text().isEmpty() ? "" : ": " + complaint.text()));
    }
  }

  private Command own(Command command) {
    Command limited = command.within(timeout);
    return user == null
        ? limited.in(directory).with("HOME", directory.toString())
        : user.run(limited.in(directory), List.of("HOME")).with("HOME", directory.toString());
  }

  /**
   * Starts a server that goes on until this is closed, and waits until {@code answering} does. It
   * does not outlive this process, even one that is killed, where there is a setpriv(1).
   */
  void serve(Command command, Command answering) throws ProofException, InterruptedException {
    ScratchServer server =
        new ScratchServer(
            commands, Programs.find("setpriv").isPresent() ? ending(command) : own(command));
    servers.add(server);
    server.await(() -> commands.run(own(answering), line -> {}, line -> {}).succeeded());
  }

  /** With the kernel to end it when the thread that started it is gone. */
  private Command ending(Command command) {
    List<String> arguments = new ArrayList<>(List.of("setpriv", "--pdeathsig=KILL"));
    if (user != null) {
      arguments.add("--reuid=" + Integer.toUnsignedString(user.uid()));
      arguments.add("--regid=" + Integer.toUnsignedString(user.gid()));
      arguments.add("--clear-groups");
    }
    arguments.add("--");
    arguments.addAll(command.arguments());
    return Command.of(arguments).within(timeout).in(directory).with("HOME", directory.toString());
  }

  @Override
  public void close() throws IOException {
    boolean interrupted = Thread.interrupted();
    servers.forEach(ScratchServer::close);
    empty(commands, user, directory);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    top.close();
  }

  /** As its user, who may not reach anything else, whatever links are in it by now. */
  private static void empty(CommandRunner commands, @Nullable SystemUser user, Path directory) {
    Command remove = Command.of("rm", "-rf", "--", directory.toString()).in(Path.of("/"));
    try {
      commands.run(user == null ? remove : user.run(remove, List.of()), line -> {}, line -> {});
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
