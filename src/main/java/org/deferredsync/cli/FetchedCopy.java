package org.deferredsync.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.deferredsync.backup.BackupException;
import org.deferredsync.backup.RestoreNeeds;
import org.deferredsync.backup.Snapshot;
import org.deferredsync.config.KnownSettings;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.Settings;
import org.deferredsync.plugin.remote.RemoteSettings;
import org.deferredsync.process.Command;
import org.deferredsync.process.ProcessTree;
import org.deferredsync.process.SystemCommandRunner;
import org.deferredsync.remote.Preflight;
import org.deferredsync.remote.Readiness;
import org.deferredsync.remote.RemoteCopy;
import org.deferredsync.remote.RemoteException;
import org.deferredsync.remote.RemoteHost;
import org.deferredsync.remote.RemotePath;
import org.deferredsync.snapshot.FilePath;
import org.slf4j.LoggerFactory;

/**
 * As much of a target's copy on another host as a restore needs, in a directory here that nobody
 * else can enter and that goes with it.
 */
final class FetchedCopy implements AutoCloseable {
  private static final Path PLACE = Path.of("/var/tmp");

  private final SystemCommandRunner commands;
  private final Path scratch;
  private final Path target;
  private final RemoteCopy copy;
  private final ProcessTree children = ProcessTree.ofThisProcess();
  private final Thread hook = new Thread(this::abandon, "fetched copy");

  private FetchedCopy(SystemCommandRunner commands, Path scratch, Path target, RemoteCopy copy) {
    this.commands = commands;
    this.scratch = scratch;
    this.target = target;
    this.copy = copy;
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /**
   * Fetches the catalogue of the copy.
   *
   * @param from as an entry of REMOTE_HOSTS
   * @param configured the target here, whose last name the copy has
   */
  static FetchedCopy of(
      String from, FilePath configured, Settings settings, Map<String, String> environment)
      throws SettingException, RemoteException, IOException, InterruptedException {
    RemoteHost host = RemoteSettings.host(settings, from, "BACKUPUSER");
    RemotePath directory = RemoteSettings.paths(settings, "REMOTE_DIR").get(0);
    SystemCommandRunner commands = new SystemCommandRunner(environment);
    var ssh = RemoteSettings.ssh(settings);
    Readiness ready = new Preflight(commands, ssh, environment).look(host, List.of(directory));
    Path scratch = Files.createTempDirectory(PLACE, "deferred-sync-");
    Path target =
        Files.createDirectory(
            scratch.resolve(new String(configured.name(), StandardCharsets.UTF_8)));
    RemoteCopy copy =
        RemoteCopy.of(
            commands,
            ssh,
            KnownSettings.bandwidth(settings),
            host,
            ready,
            directory,
            target,
            scratch,
            line -> {});
    FetchedCopy fetched = new FetchedCopy(commands, scratch, target, copy);
    boolean there = false;
    try {
      copy.fetchOwn(target);
      there = true;
      return fetched;
    } finally {
      if (!there) {
        fetched.close();
      }
    }
  }

  FilePath target() {
    return FilePath.of(target.toString());
  }

  /** Fetches the files that these paths of the snapshot need. */
  void fetch(Snapshot snapshot, List<FilePath> paths)
      throws BackupException, RemoteException, IOException, InterruptedException {
    copy.fetchFiles(RestoreNeeds.names(snapshot, paths, copy.names()), target);
  }

  @Override
  public void close() throws IOException {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      return; // a signal ends the process, and the hook removes it
    }
    remove();
  }

  /** What a signal leaves of it: nothing, and nobody who goes on fetching. */
  private void abandon() {
    children.end(Duration.ZERO);
    try {
      remove();
    } catch (IOException e) {
      LoggerFactory.getLogger("restore").warn("{}", e.getMessage());
    }
  }

  private void remove() throws IOException {
    Command remove = Command.of("rm", "-rf", "--", scratch.toString()).within(Duration.ofHours(1));
    try {
      commands.run(remove, line -> {}, line -> {});
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(scratch + ": not removed, since the command was interrupted", e);
    }
  }
}
