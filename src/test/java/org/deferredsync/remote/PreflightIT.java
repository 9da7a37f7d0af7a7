package org.deferredsync.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.deferredsync.process.SystemCommandRunner;
import org.deferredsync.remote.RemoteException.Kind;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is said of a host before anything is sent, by a real sshd. */
@EnabledOnOs(OS.LINUX)
final class PreflightIT {
  private static final SystemCommandRunner COMMANDS = new SystemCommandRunner(System.getenv());

  @TempDir private Path scratch;
  private LocalSshd sshd;
  private Path identity;
  private Duration timeout = Duration.ofSeconds(10);

  @BeforeEach
  void start() throws Exception {
    sshd = LocalSshd.start(scratch.resolve("sshd"));
    identity = sshd.identity();
  }

  @AfterEach
  void end() throws Exception {
    sshd.close();
  }

  private SshSettings settings(@Nullable Path config) {
    return new SshSettings(config, identity, sshd.knownHosts(), timeout);
  }

  private Readiness look(String entry, @Nullable Path config) throws Exception {
    return new Preflight(COMMANDS, settings(config), Map.of("HOME", scratch.toString()))
        .look(
            RemoteHost.parse(entry, ""),
            List.of(RemotePath.parse(scratch.toString()), RemotePath.parse("/nowhere/at/all")));
  }

  private Readiness look() throws Exception {
    return look(sshd.entry(), null);
  }

  /** What both ways say by themselves. */
  private String refusal(HostProbe probe) throws Exception {
    HostProbe.Outcome outcome = probe.ask(RemoteHost.parse(sshd.entry(), ""), "true");
    assertThat(outcome).isInstanceOf(HostProbe.Refused.class);
    return ((HostProbe.Refused) outcome).reason();
  }

  private void assertRefused(String entry, Kind kind, String... words) throws Exception {
    String known = Files.readString(sshd.knownHosts());
    RemoteException trouble = catchThrowableOfType(RemoteException.class, () -> look(entry, null));
    assertThat(trouble).as("refused").isNotNull();
    assertThat(trouble.getMessage()).startsWith(entry + ": ").contains(words).hasLineCount(1);
    assertThat(trouble.kind()).isEqualTo(kind);
    assertThat(Files.readString(sshd.knownHosts())).as("never written to").isEqualTo(known);
  }

  private void stub(String rsync, String... more) throws Exception {
    Path bin = Files.createDirectories(scratch.resolve("bin"));
    Path program = bin.resolve("rsync");
    Files.writeString(program, "#!/bin/sh\n" + rsync + "\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    sshd.stop();
    String[] lines = new String[more.length + 1];
    lines[0] = "SetEnv PATH=" + bin + ":/usr/bin:/bin";
    System.arraycopy(more, 0, lines, 1, more.length);
    sshd.begin(lines);
  }

  @Test
  void look_tellsDirectoriesAndRoom() throws Exception {
    Readiness ready = look();
    assertThat(ready.restricted()).isFalse();
    assertThat(ready.lacks(RemotePath.parse(scratch.toString()))).isFalse();
    assertThat(ready.lacks(RemotePath.parse("/nowhere/at/all"))).isTrue();
    assertThat(ready.roomAt(RemotePath.parse(scratch.toString())).orElseThrow())
        .isBetween(1L << 20, 1L << 60);
  }

  @Test
  void jsch_getsInByItself() throws Exception {
    assertThat(
            new JschProbe(COMMANDS, settings(null), Map.of())
                .ask(RemoteHost.parse(sshd.entry(), ""), "echo here; echo there >&2; exit 7"))
        .isEqualTo(new HostProbe.Answer(7, "here\n", "there\n"));
  }

  @Test
  void name_hasNoAddress() throws Exception {
    assertRefused("root@no-such-host.invalid", Kind.NETWORK, "has no address", "/etc/hosts");
  }

  @Test
  void port_isClosed() throws Exception {
    sshd.stop();
    assertRefused(sshd.entry(), Kind.NETWORK, "nothing listens at port " + sshd.port());
  }

  @Test
  void port_answersNothing() throws Exception {
    timeout = Duration.ofSeconds(1);
    List<Socket> waiting = new ArrayList<>();
    try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      // The kernel answers no more of them than the queue takes.
      for (int i = 0; i < 4; i++) {
        Socket one = new Socket();
        waiting.add(one);
        try {
          one.connect(full.getLocalSocketAddress(), 200);
        } catch (SocketTimeoutException e) {
          break;
        }
      }
      assertRefused(
          "root@127.0.0.1:" + full.getLocalPort(), Kind.NETWORK, "nothing answers at port");
    } finally {
      for (Socket one : waiting) {
        one.close();
      }
    }
  }

  @Test
  void host_acceptsAndSaysNothing() throws Exception {
    timeout = Duration.ofSeconds(1);
    try (ServerSocket silent = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      assertRefused(
          "root@127.0.0.1:" + silent.getLocalPort(), Kind.NETWORK, "says nothing; look whether");
    }
  }

  @Test
  void hostKey_isUnknown_orAnother_orRevoked() throws Exception {
    String line = Files.readString(sshd.knownHosts());
    Files.writeString(sshd.knownHosts(), "");
    assertRefused(
        sshd.entry(), Kind.NETWORK, "is not in " + sshd.knownHosts(), "SHA256:", "ssh-keyscan");
    LocalSshd.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", scratch + "/other");
    sshd.trust(scratch.resolve("other.pub"));
    assertRefused(sshd.entry(), Kind.NETWORK, "is not the one in " + sshd.knownHosts(), "SHA256:");
    Files.writeString(sshd.knownHosts(), "@revoked " + line);
    assertRefused(sshd.entry(), Kind.NETWORK, "revoked");
  }

  @Test
  void hostKey_isKnownByAHash() throws Exception {
    LocalSshd.run("ssh-keygen", "-q", "-H", "-f", sshd.knownHosts().toString());
    assertThat(Files.readString(sshd.knownHosts())).startsWith("|1|");
    assertThat(look().restricted()).isFalse();
  }

  @Test
  void hostKey_isCertified() throws Exception {
    Path key = scratch.resolve("sshd/host_key");
    LocalSshd.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", scratch + "/ca");
    LocalSshd.run(
        "ssh-keygen",
        "-q",
        "-s",
        scratch + "/ca",
        "-I",
        "host",
        "-h",
        "-n",
        "127.0.0.1",
        key + ".pub");
    Files.writeString(
        sshd.knownHosts(), "@cert-authority * " + Files.readString(scratch.resolve("ca.pub")));
    sshd.stop();
    sshd.begin("HostCertificate " + key + "-cert.pub");
    assertThat(look().restricted()).isFalse();
  }

  @Test
  void login_isRefused() throws Exception {
    Files.writeString(scratch.resolve("sshd/authorized_keys"), "");
    assertRefused(sshd.entry(), Kind.NETWORK, "with the key " + identity, "authorized_keys");
    identity = scratch.resolve("none");
    assertRefused(sshd.entry(), Kind.NETWORK, "no key to log in with", "SSH_IDENTITY");
  }

  @Test
  void passphrase_isNeverAskedFor() throws Exception {
    LocalSshd.run(
        "ssh-keygen", "-q", "-p", "-P", "", "-N", "secret words", "-f", identity.toString());
    assertRefused(sshd.entry(), Kind.NETWORK, identity + " has a passphrase", "no agent");
  }

  @Test
  void login_byACertificate() throws Exception {
    LocalSshd.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", scratch + "/ca");
    String user = System.getProperty("user.name");
    LocalSshd.run(
        "ssh-keygen", "-q", "-s", scratch + "/ca", "-I", "id", "-n", user, identity + ".pub");
    Files.writeString(scratch.resolve("sshd/authorized_keys"), "");
    sshd.stop();
    sshd.begin("TrustedUserCAKeys " + scratch + "/ca.pub");
    assertThat(look().restricted()).isFalse();
  }

  @Test
  void login_byAnAgent() throws Exception {
    Path socket = scratch.resolve("agent");
    Process agent = new ProcessBuilder("ssh-agent", "-D", "-a", socket.toString()).start();
    try {
      assertThat(agent.inputReader().readLine()).as("says where it listens").isNotNull();
      Map<String, String> environment = new TreeMap<>(System.getenv());
      environment.put("SSH_AUTH_SOCK", socket.toString());
      environment.put("HOME", scratch.toString());
      ProcessBuilder adding = new ProcessBuilder("ssh-add", "-q", identity.toString());
      adding.environment().put("SSH_AUTH_SOCK", socket.toString());
      assertThat(adding.start().waitFor()).isZero();
      Files.delete(identity);
      Path config = Files.writeString(scratch.resolve("config"), "IdentityFile none\n");
      SshSettings settings = new SshSettings(config, null, sshd.knownHosts(), timeout);
      SystemCommandRunner commands = new SystemCommandRunner(environment);
      RemoteHost host = RemoteHost.parse(sshd.entry(), "");
      assertThat(new JschProbe(commands, settings, environment).ask(host, "true"))
          .isEqualTo(new HostProbe.Answer(0, "", ""));
      assertThat(new SshProbe(commands, settings).ask(host, "true"))
          .isEqualTo(new HostProbe.Answer(0, "", ""));
    } finally {
      agent.destroyForcibly();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "KexAlgorithms diffie-hellman-group14-sha1",
        "MACs hmac-sha1,hmac-sha1-etm@openssh.com\nCiphers aes128-ctr",
        "HostKeyAlgorithms ssh-rsa\nHostKey %s"
      })
  void host_thatKnowsOnlySha1_isRefused(String lines) throws Exception {
    Path rsa = scratch.resolve("rsa");
    LocalSshd.run("ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", rsa.toString());
    sshd.stop();
    sshd.begin(lines.formatted(rsa).split("\n"));
    // Nor is it asked for by those who set up ssh.
    Path config =
        Files.writeString(
            scratch.resolve("config"),
            "KexAlgorithms +diffie-hellman-group14-sha1\nMACs +hmac-sha1\nHostKeyAlgorithms +ssh-rsa\n");
    RemoteException trouble =
        catchThrowableOfType(RemoteException.class, () -> look(sshd.entry(), config));
    assertThat(trouble).as("refused").hasMessageContaining("no algorithm that is safe");
    assertThat(trouble.kind()).isEqualTo(Kind.NETWORK);
    assertThat(refusal(new SshProbe(COMMANDS, settings(config)))).contains("no matching");
  }

  @Test
  void banner_isNoTrouble() throws Exception {
    Files.writeString(scratch.resolve("banner"), "Authorized people only.\nrsync  version 1.0\n");
    sshd.stop();
    sshd.begin("Banner " + scratch + "/banner");
    assertThat(look().restricted()).isFalse();
    Files.writeString(scratch.resolve("sshd/authorized_keys"), "");
    assertThat(refusal(new SshProbe(COMMANDS, settings(null)))).contains("Permission denied");
  }

  @Test
  void shell_prints() throws Exception {
    sshd.stop();
    sshd.begin("ForceCommand echo Welcome; sh -c \"$SSH_ORIGINAL_COMMAND\"");
    assertRefused(sshd.entry(), Kind.FAILURE, "prints \"Welcome\"", "silence it");
  }

  @Test
  void rsync_isOld_orAbsent() throws Exception {
    stub("echo 'rsync  version 3.1.3  protocol version 31'");
    assertRefused(sshd.entry(), Kind.FAILURE, "rsync there is 3.1.3", "3.2.0 or newer");
    stub("echo 'rsync  version 3.2.7  protocol version 31'");
    assertThat(look().restricted()).isFalse();
    stub("exit 127");
    assertRefused(sshd.entry(), Kind.FAILURE, "there is no rsync");
  }

  @Test
  void rsync_hangs() throws Exception {
    stub("exec sleep 600");
    timeout = Duration.ofSeconds(2);
    assertRefused(sshd.entry(), Kind.NETWORK, "does not answer");
  }

  @Test
  void command_isForced() throws Exception {
    sshd.stop();
    sshd.begin("ForceCommand echo no >&2; exit 1");
    assertThat(look().restricted()).isTrue();
  }

  @Test
  void ssh_config_namesAliasAndJump() throws Exception {
    Path config = scratch.resolve("ssh_config");
    Files.writeString(
        config,
        """
        Host vault
          HostName 127.0.0.1
          Port %d
          User %s
        Host behind
          HostName 127.0.0.1
          Port %1$d
          User %2$s
          ProxyCommand ssh -F %s -i %s -o UserKnownHostsFile=%s -W %%h:%%p vault
        """
            .formatted(
                sshd.port(), System.getProperty("user.name"), config, identity, sshd.knownHosts()));
    assertThat(look("vault", config).restricted()).isFalse();
    assertThat(
            new JschProbe(COMMANDS, settings(config), Map.of())
                .ask(RemoteHost.parse("behind", ""), "true"))
        .isInstanceOf(HostProbe.Unable.class);
    assertThat(look("behind", config).restricted()).isFalse();
  }

  @Test
  void ssh_decides_andJschNarrows_whereTheyDiffer() throws Exception {
    HostProbe willing =
        (host, question) -> new HostProbe.Answer(0, "rsync  version 3.5.0  protocol\n", "");
    HostProbe unasked =
        (host, question) -> {
          throw new AssertionError("asked " + question);
        };
    RemoteHost host = RemoteHost.parse("host", "");
    assertThat(new Preflight(willing, unasked).look(host, List.of()).restricted()).isFalse();

    HostProbe denying = (asked, question) -> new HostProbe.Refused("ssh says: no");
    HostProbe refusing = (asked, question) -> new HostProbe.Refused("it is Tuesday");
    HostProbe unable = (asked, question) -> new HostProbe.Unable("too far");
    assertThat(trouble(denying, refusing)).hasMessage("host: it is Tuesday.");
    assertThat(trouble(denying, unable)).hasMessage("host: ssh says: no.");
    assertThat(trouble(denying, willing)).hasMessage("host: ssh says: no.");
    assertThat(trouble(denying, willing).kind()).isEqualTo(Kind.NETWORK);
    assertThat(trouble(unable, unasked)).hasMessage("host: too far.");
    assertThat(trouble(unable, unasked).kind()).isEqualTo(Kind.PREREQUISITE);
  }

  private static RemoteException trouble(HostProbe deciding, HostProbe narrowing) {
    return catchThrowableOfType(
        RemoteException.class,
        () -> new Preflight(deciding, narrowing).look(RemoteHost.parse("host", ""), List.of()));
  }
}
