package org.deferredsync.remote;

import com.jcraft.jsch.AgentIdentityRepository;
import com.jcraft.jsch.AgentProxyException;
import com.jcraft.jsch.ChannelExec;
import com.jcraft.jsch.Identity;
import com.jcraft.jsch.JSch;
import com.jcraft.jsch.JSchException;
import com.jcraft.jsch.SSHAgentConnector;
import com.jcraft.jsch.Session;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deferredsync.logging.Printable;
import org.deferredsync.process.Command;
import org.deferredsync.process.CommandResult;
import org.deferredsync.process.CommandRunner;

/**
 * Asks by JSch, with the host, keys and files that ssh would use: it can tell apart what ssh only
 * reports as a line. Never asks for a passphrase, never writes to known_hosts.
 */
final class JschProbe implements HostProbe {
  private static final int LONGEST = 64 << 10;
  private static final List<String> ALGORITHMS =
      List.of("kex", "server_host_key", "mac.c2s", "mac.s2c", "PubkeyAcceptedAlgorithms");

  private final CommandRunner commands;
  private final SshSettings settings;
  private final Map<String, String> environment;

  JschProbe(CommandRunner commands, SshSettings settings, Map<String, String> environment) {
    this.commands = commands;
    this.settings = settings;
    this.environment = environment;
  }

  @Override
  public Outcome ask(RemoteHost asked, String question) throws InterruptedException {
    List<String> lines = new ArrayList<>();
    List<String> errors = new ArrayList<>();
    CommandResult explained =
        commands.run(
            Command.of(new SshCommand(settings).explain(asked)).within(Duration.ofSeconds(20)),
            lines::add,
            errors::add);
    if (!explained.succeeded()) {
      return new Unable("ssh -G " + explained.describe() + ": " + String.join(" ", errors));
    }
    EffectiveHost host = EffectiveHost.of(lines, asked, environment);
    if (host.jumps()) {
      return new Unable("reached through another host");
    }
    try (Socket socket = new Dial(settings.timeout()).connect(host)) {
      return ask(host, socket, question);
    } catch (Dial.NoAnswer e) {
      return new Refused(String.valueOf(e.getMessage()));
    } catch (IOException e) {
      return new Refused("the connection broke (" + e.getMessage() + "); try again");
    }
  }

  private Outcome ask(EffectiveHost host, Socket socket, String question)
      throws InterruptedException {
    Keys keys = new Keys();
    Session session = null;
    ShownHostKey shown = null;
    try {
      JSch jsch = new JSch();
      jsch.setKnownHosts(new ByteArrayInputStream(knownHosts(host)));
      shown = new ShownHostKey(jsch.getHostKeyRepository());
      jsch.setHostKeyRepository(shown);
      keys.offer(jsch, host);
      session = jsch.getSession(host.user(), host.host(), host.port());
      session.setSocketFactory(new OpenSocket(socket));
      if (!host.alias().isEmpty()) {
        session.setHostKeyAlias(host.alias());
      }
      session.setConfig("StrictHostKeyChecking", "yes");
      session.setConfig("PreferredAuthentications", "publickey");
      session.setConfig("enable_strict_kex", "yes");
      session.setConfig("require_strict_kex", "yes");
      session.setConfig("MaxAuthTries", "6");
      for (String kind : ALGORITHMS) {
        session.setConfig(kind, withoutSha1(session.getConfig(kind)));
      }
      int milliseconds =
          Math.toIntExact(Math.min(Integer.MAX_VALUE, settings.timeout().toMillis()));
      session.connect(milliseconds);
      session.setTimeout(milliseconds);
      return run(session, question);
    } catch (JSchException e) {
      return new Refused(
          new JschTrouble(host, keys.unusable, shown == null ? "" : shown.fingerprint())
              .explain(e));
    } catch (IOException e) {
      return new Refused("the connection broke (" + Printable.of(String.valueOf(e)) + ")");
    } finally {
      if (session != null) {
        session.disconnect();
      }
    }
  }

  /** The algorithms of a list that do not rest on SHA-1 or MD5. */
  static String withoutSha1(String algorithms) {
    return Stream.of(algorithms.split(","))
        .filter(name -> !name.contains("sha1") && !name.contains("md5"))
        .filter(name -> !name.startsWith("ssh-rsa") && !name.startsWith("ssh-dss"))
        .collect(Collectors.joining(","));
  }

  private Outcome run(Session session, String question)
      throws JSchException, IOException, InterruptedException {
    ChannelExec channel = (ChannelExec) session.openChannel("exec");
    ByteArrayOutputStream errors = new ByteArrayOutputStream();
    channel.setCommand(question);
    channel.setInputStream(null);
    channel.setErrStream(errors);
    InputStream output = channel.getInputStream();
    channel.connect();
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    long deadline = System.nanoTime() + 2 * settings.timeout().toNanos();
    while (said.size() < LONGEST && !(channel.isClosed() && output.available() == 0)) {
      if (output.available() > 0) {
        said.writeBytes(output.readNBytes(output.available()));
      } else if (System.nanoTime() > deadline) {
        return new Unable("the command does not end");
      } else {
        Thread.sleep(5); // JSch has no reading with a time limit
      }
    }
    int status = channel.getExitStatus();
    channel.disconnect();
    return new Answer(
        status, said.toString(StandardCharsets.UTF_8), errors.toString(StandardCharsets.UTF_8));
  }

  private static byte[] knownHosts(EffectiveHost host) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (String file : host.knownHosts()) {
      Path path = Path.of(file);
      if (Files.isReadable(path)) {
        all.writeBytes(Files.readAllBytes(path));
        all.write('\n');
      }
    }
    return all.toByteArray();
  }

  /** The private keys that are offered, and those that cannot be without somebody at hand. */
  private final class Keys {
    private final List<String> unusable = new ArrayList<>();

    private void offer(JSch jsch, EffectiveHost host) throws JSchException {
      String agent =
          host.agent().equals("SSH_AUTH_SOCK")
              ? environment.getOrDefault("SSH_AUTH_SOCK", "none")
              : host.agent();
      List<Identity> held = agent.equals("none") ? List.of() : heldBy(agent);
      for (Identity identity : held) {
        jsch.addIdentity(identity, null);
      }
      for (String file : host.identities()) {
        if (Files.isReadable(Path.of(file))) {
          offer(jsch, file, held.isEmpty());
        }
      }
    }

    private void offer(JSch jsch, String file, boolean alone) {
      try {
        jsch.addIdentity(file);
        for (Identity identity : jsch.getIdentityRepository().getIdentities()) {
          if (identity.getName().equals(file) && identity.isEncrypted()) {
            jsch.removeIdentity(identity);
            if (alone) {
              unusable.add(file);
            }
          }
        }
      } catch (JSchException e) {
        unusable.add(file);
      }
    }

    private List<Identity> heldBy(String agent) {
      try {
        return new AgentIdentityRepository(new SSHAgentConnector(Path.of(agent))).getIdentities();
      } catch (AgentProxyException e) {
        return List.of(); // no agent is there, as ssh would find
      }
    }
  }
}
