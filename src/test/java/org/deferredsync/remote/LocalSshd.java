package org.deferredsync.remote;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A real sshd on a free port of the loopback, with keys and configuration of its own: the other
 * host. It lets the user who runs the tests in, and ends with them.
 */
public final class LocalSshd implements AutoCloseable {
  private static final Path PROGRAM = Path.of("/usr/sbin/sshd");

  private final Path directory;

  /** Keeps the port from everybody but one who listens there. */
  private final SocketChannel reserved;

  private final int port;
  private final List<String> lines = new ArrayList<>();
  private List<String> prefix = List.of();
  private @Nullable ProcessHandle process;

  private LocalSshd(Path directory) throws IOException {
    this.directory = directory;
    reserved = SocketChannel.open().setOption(StandardSocketOptions.SO_REUSEADDR, true);
    reserved.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    port = ((InetSocketAddress) reserved.getLocalAddress()).getPort();
  }

  /** Makes the keys in a new directory, and starts it. */
  public static LocalSshd start(Path directory, String... lines) throws Exception {
    Files.createDirectories(directory);
    LocalSshd sshd = new LocalSshd(directory);
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", sshd.path("host_key"));
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", sshd.path("id"));
    Files.copy(directory.resolve("id.pub"), directory.resolve("authorized_keys"));
    sshd.trust(directory.resolve("host_key.pub"));
    sshd.begin(lines);
    return sshd;
  }

  private String path(String name) {
    return directory.resolve(name).toString();
  }

  static void run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as("%s: %s", List.of(command), said).isZero();
  }

  /** Starts it with further lines of sshd_config; whoever had it started before has ended it. */
  void begin(String... more) throws Exception {
    lines.clear();
    lines.addAll(
        List.of(
            "ListenAddress 127.0.0.1",
            "Port " + port,
            "HostKey " + path("host_key"),
            "PidFile " + path("pid"),
            "AuthorizedKeysFile " + path("authorized_keys"),
            "StrictModes no",
            "UsePAM no",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "PermitRootLogin prohibit-password",
            "LoginGraceTime 30"));
    lines.addAll(List.of(more));
    if (lines.stream().noneMatch(line -> line.startsWith("SetEnv "))) {
      lines.add("SetEnv HOME=" + directory); // no script of whoever runs the tests at each login
    }
    Files.write(directory.resolve("sshd_config"), lines);
    if (System.getProperty("user.name", "").equals("root")) {
      Files.createDirectories(Path.of("/run/sshd"));
    }
    List<String> command = new ArrayList<>(prefix);
    command.addAll(List.of(PROGRAM.toString(), "-E", path("sshd.log"), "-f", path("sshd_config")));
    // A daemon: what it starts must not be taken for a child of the plugin that is tested.
    run(command.toArray(String[]::new));
    for (int i = 0; !hasPid(); i++) {
      assertThat(i).as("sshd: %s", log()).isLessThan(6000);
      Thread.sleep(10);
    }
    long pid = Long.parseLong(Files.readString(directory.resolve("pid")).strip());
    process = ProcessHandle.of(pid).orElseThrow();
  }

  private ProcessHandle daemon() {
    return Objects.requireNonNull(process, "not started");
  }

  /**
   * It listens when it writes it. Connecting would tell too, but the process that it then begins
   * has the port for a moment longer than itself.
   */
  private boolean hasPid() throws IOException {
    Path file = directory.resolve("pid");
    return Files.exists(file) && Files.readString(file).endsWith("\n");
  }

  public String log() throws IOException {
    return Files.readString(directory.resolve("sshd.log"));
  }

  /** Writes the known_hosts that has this key of the host alone. */
  void trust(Path publicKey) throws IOException {
    Files.writeString(knownHosts(), "[127.0.0.1]:" + port + " " + Files.readString(publicKey));
  }

  public Path knownHosts() {
    return directory.resolve("known_hosts");
  }

  public Path identity() {
    return directory.resolve("id");
  }

  public int port() {
    return port;
  }

  Path directory() {
    return directory;
  }

  /** What REMOTE_HOSTS or GET_HOSTS say to mean this host. */
  public String entry() {
    return System.getProperty("user.name") + "@127.0.0.1:" + port;
  }

  /** Starts it again, by a command that ends in starting it. */
  public void restart(List<String> newPrefix, String... more) throws Exception {
    stop();
    prefix = newPrefix;
    begin(more);
  }

  /** The processes of those who are logged in, once an rsync among them receives something. */
  public List<ProcessHandle> receiving() throws InterruptedException {
    for (int i = 0; i < 6000; i++) {
      List<ProcessHandle> sessions = daemon().descendants().toList();
      for (ProcessHandle one : sessions) {
        String command = one.info().commandLine().orElse("");
        if (command.contains("rsync --server ") && !command.contains("--sender")) {
          return sessions;
        }
      }
      Thread.sleep(10);
    }
    throw new AssertionError("nobody sends anything");
  }

  /** The process itself. */
  public long pid() {
    return daemon().pid();
  }

  /** An end, and not of those who are logged in. */
  void stop() throws Exception {
    daemon().destroy();
    ended(daemon());
    Files.deleteIfExists(directory.resolve("pid"));
  }

  @Override
  public void close() throws IOException {
    List<ProcessHandle> sessions = daemon().descendants().toList();
    daemon().destroyForcibly();
    sessions.forEach(ProcessHandle::destroyForcibly);
    ended(daemon());
    reserved.close();
  }

  /** Waits until it has ended, and not until its parent, who is none of ours, has noticed. */
  public static void ended(ProcessHandle process) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (isRunning(process)) {
      assertThat(System.nanoTime()).as("%s ends", process).isLessThan(deadline);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
    }
  }

  private static boolean isRunning(ProcessHandle process) {
    try {
      String stat =
          Files.readString(
              Path.of("/proc/" + process.pid() + "/stat"), StandardCharsets.ISO_8859_1);
      return !stat.startsWith(") Z", stat.lastIndexOf(')'));
    } catch (IOException e) {
      return false;
    }
  }
}
