package org.deferredsync.remote;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.deferredsync.process.Command;
import org.deferredsync.process.CommandResult;
import org.deferredsync.process.CommandRunner;
import org.deferredsync.process.Ending;

/** Asks by the system's ssh, whose verdict holds: the data will go the same way. */
final class SshProbe implements HostProbe {
  /** ssh's own failures, as ssh(1) says. */
  private static final int OWN_FAILURE = 255;

  private final CommandRunner commands;
  private final SshCommand ssh;
  private final Duration limit;
  private final boolean shared;

  SshProbe(CommandRunner commands, SshSettings settings) {
    this.commands = commands;
    this.ssh = new SshCommand(settings);
    this.limit = settings.timeout().multipliedBy(3);
    this.shared = settings.socket() != null;
  }

  @Override
  public Outcome ask(RemoteHost host, String question) throws InterruptedException {
    List<String> output = new ArrayList<>();
    List<String> errors = new ArrayList<>();
    Command command = Command.of(ssh.command(host, question)).within(limit);
    CommandResult result =
        commands.run(shared ? command.leavingServices() : command, output::add, errors::add);
    if (!result.started()) {
      return new Unable("ssh " + result.describe() + "; install openssh-client");
    }
    if (result.ending() instanceof Ending.TimedOut) {
      return new Refused("it does not answer; look whether the host is well");
    }
    if (result.ending() instanceof Ending.Exited exited && exited.status() != OWN_FAILURE) {
      return new Answer(exited.status(), String.join("\n", output), String.join("\n", errors));
    }
    String said = errors.isEmpty() ? "ssh " + result.describe() : last(errors);
    return new Refused("ssh says: " + said);
  }

  /** The last line that says something; ssh's own come behind a banner. */
  private static String last(List<String> lines) {
    for (int i = lines.size() - 1; i >= 0; i--) {
      if (!lines.get(i).isBlank()) {
        return lines.get(i).strip();
      }
    }
    return "";
  }
}
