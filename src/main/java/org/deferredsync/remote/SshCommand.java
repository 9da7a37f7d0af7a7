package org.deferredsync.remote;

import java.util.ArrayList;
import java.util.List;

/**
 * The arguments of the system's ssh: it asks nothing, believes only keys that it knows, writes
 * nothing down, and gives up on a host that has fallen silent. What ssh_config says of aliases,
 * jumps and keys holds.
 */
final class SshCommand {
  private static final String WITHOUT_SHA1 = "-ssh-rsa,ssh-rsa-cert-v01@openssh.com,ssh-dss*";

  /** How long a shared connection stays without a session: longer than from one to the next. */
  private static final int IDLE_SECONDS = 60;

  private final SshSettings settings;

  SshCommand(SshSettings settings) {
    this.settings = settings;
  }

  /** The program and its options for a host, without the host. */
  List<String> options(RemoteHost host) {
    return options(host, false);
  }

  /**
   * @param master whether it makes the connection that others are to share, if there is none yet
   */
  private List<String> options(RemoteHost host, boolean master) {
    List<String> arguments = new ArrayList<>(List.of("ssh"));
    if (settings.config() != null) {
      arguments.addAll(List.of("-F", settings.config().toString()));
    }
    if (settings.identity() != null) {
      arguments.addAll(List.of("-i", settings.identity().toString()));
      add(arguments, "IdentitiesOnly=yes");
    }
    if (settings.knownHosts() != null) {
      add(arguments, "UserKnownHostsFile=" + settings.knownHosts());
      add(arguments, "GlobalKnownHostsFile=/dev/null");
    }
    if (host.port() != 0) {
      arguments.addAll(List.of("-p", Integer.toString(host.port())));
    }
    long seconds = settings.seconds();
    add(arguments, "BatchMode=yes");
    add(arguments, "StrictHostKeyChecking=yes");
    add(arguments, "UpdateHostKeys=no");
    add(arguments, "ConnectTimeout=" + seconds);
    add(arguments, "ServerAliveInterval=" + Math.max(1, seconds / 4));
    add(arguments, "ServerAliveCountMax=4");
    add(arguments, "HostKeyAlgorithms=" + WITHOUT_SHA1);
    add(arguments, "PubkeyAcceptedKeyTypes=" + WITHOUT_SHA1);
    add(arguments, "KexAlgorithms=-*sha1");
    add(arguments, "MACs=-*sha1*,*md5*");
    add(arguments, "ClearAllForwardings=yes");
    add(arguments, "ForwardAgent=no");
    add(arguments, "ForwardX11=no");
    add(arguments, "PermitLocalCommand=no");
    add(arguments, "EscapeChar=none");
    if (settings.socket() != null) {
      add(arguments, "ControlPath=" + settings.socket());
      add(arguments, "ControlMaster=" + (master ? "auto" : "no"));
      add(arguments, "ControlPersist=" + IDLE_SECONDS);
    }
    arguments.add("-T");
    return arguments;
  }

  private static void add(List<String> arguments, String option) {
    arguments.addAll(List.of("-o", option));
  }

  /** Everything to end the shared connection. */
  List<String> unshare(RemoteHost host) {
    List<String> arguments = options(host);
    arguments.addAll(List.of("-O", "exit", "--", host.destination()));
    return arguments;
  }

  /**
   * Everything for one command there, which its shell reads. Where the connection is to be shared
   * it stays behind, kept by an ssh in the background.
   */
  List<String> command(RemoteHost host, String command) {
    List<String> arguments = options(host, true);
    arguments.addAll(List.of("--", host.destination(), command));
    return arguments;
  }

  /** Everything to have ssh print what it would do for the host. */
  List<String> explain(RemoteHost host) {
    List<String> arguments = options(host);
    arguments.addAll(List.of("-G", "--", host.destination()));
    return arguments;
  }

  /** The same as {@link #options}, as one text that rsync(1) takes apart at blanks. */
  String asOneWord(RemoteHost host) {
    return String.join(" ", options(host));
  }
}
