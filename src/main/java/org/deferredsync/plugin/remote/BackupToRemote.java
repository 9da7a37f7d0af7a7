package org.deferredsync.plugin.remote;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.deferredsync.backup.BackupException;
import org.deferredsync.backup.Engine;
import org.deferredsync.backup.PushSource;
import org.deferredsync.config.KnownSettings;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.Settings;
import org.deferredsync.plugin.Plugin;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.plugin.PluginException;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.plugin.backup.BackupSettings;
import org.deferredsync.remote.RemoteHost;
import org.deferredsync.remote.RemotePath;
import org.deferredsync.remote.SideBySide;
import org.deferredsync.remote.SshSettings;
import org.deferredsync.snapshot.FilePath;

/** Pushes BACKUPTO to REMOTE_DIR of each of REMOTE_HOSTS. */
public final class BackupToRemote implements Plugin {
  @Override
  public String name() {
    return "backup_to_remote";
  }

  @Override
  public int number() {
    return 80;
  }

  @Override
  public String description() {
    return "pushes BACKUPTO with its history to REMOTE_DIR of REMOTE_HOSTS";
  }

  @Override
  public Set<String> settings() {
    return Set.of(
        "BACKUPTO",
        "REMOTE_HOSTS",
        "REMOTE_DIR",
        "BACKUPUSER",
        "PUSH_PARALLEL",
        "PUSH_FULL_DAYS",
        "BWLIMIT",
        "SSH_CONFIG",
        "SSH_IDENTITY",
        "SSH_KNOWN_HOSTS",
        "SSH_TIMEOUT");
  }

  @Override
  public ReturnCode run(PluginContext context)
      throws PluginException, SettingException, IOException, InterruptedException {
    Settings settings = context.settings();
    FilePath target = BackupSettings.target(settings);
    SshSettings ssh = RemoteSettings.ssh(settings);
    String bandwidth = KnownSettings.bandwidth(settings);
    int parallel = settings.wholeNumber("PUSH_PARALLEL", 1, 64);
    Duration full = Duration.ofDays(settings.wholeNumber("PUSH_FULL_DAYS", 1, 36_500));
    RemotePath directory = directory(settings, target);
    List<RemoteHost> hosts = RemoteSettings.hosts(settings, "REMOTE_HOSTS", "BACKUPUSER");
    Set<RemoteHost> distinct = new LinkedHashSet<>(hosts);
    if (distinct.size() < hosts.size()) {
      throw settings.invalid("REMOTE_HOSTS", "names a host twice; take one out");
    }
    Set<String> names =
        hosts.stream().map(host -> remoteName(host, directory)).collect(Collectors.toSet());
    Engine engine =
        Engine.ofSystem(
            context.clock(), Engine.stateDirectory(context.environment()), context.progress());
    if (context.dryRun()) {
      return preview(context, target, ssh, hosts, directory);
    }
    boolean failed =
        context.earlier().stream()
            .anyMatch(
                outcome ->
                    outcome.name().equals("incremental_backup")
                        && outcome.code() != ReturnCode.SUCCESS);
    try (PushSource source = PushSource.open(engine, target, names, context.log())) {
      boolean deletions = !failed && source.isComplete();
      if (!deletions) {
        context
            .log()
            .warn(
                "The last backup is not complete: what is gone here stays on other hosts until one is.");
      }
      List<Callable<ReturnCode>> pushes = new ArrayList<>();
      for (RemoteHost host : hosts) {
        Path scratch = Files.createTempDirectory(context.scratch(), "push-");
        HostPush push =
            new HostPush(context, source, target, ssh, bandwidth, host, directory, scratch);
        pushes.add(() -> push.run(full, deletions));
      }
      return SideBySide.run(parallel, pushes).stream().reduce(ReturnCode.SUCCESS, ReturnCode::or);
    } catch (BackupException e) {
      throw new PluginException(
          e.kind() == BackupException.Kind.PREREQUISITE
              ? ReturnCode.PREREQUISITE
              : ReturnCode.FAILURE,
          String.valueOf(e.getMessage()),
          e);
    }
  }

  /** What the target's journal calls the copy on a host. */
  static String remoteName(RemoteHost host, RemotePath directory) {
    return host + " " + directory;
  }

  private static RemotePath directory(Settings settings, FilePath target) throws SettingException {
    try {
      RemotePath directory = RemotePath.parse(settings.required("REMOTE_DIR"));
      if (target.isRoot()) {
        throw settings.invalid("BACKUPTO", "is /, which has no name to be pushed under");
      }
      directory.child(Path.of(target.toString()).getFileName().toString());
      return directory;
    } catch (IllegalArgumentException e) {
      throw settings.invalid("REMOTE_DIR", "is refused: " + e.getMessage());
    }
  }

  /** One host after the other; nothing is sent, nor anything written here. */
  private static ReturnCode preview(
      PluginContext context,
      FilePath target,
      SshSettings ssh,
      List<RemoteHost> hosts,
      RemotePath directory)
      throws PluginException, InterruptedException {
    Path here = Path.of(target.toString());
    if (!Files.isDirectory(here)) {
      throw new PluginException(
          ReturnCode.PREREQUISITE,
          "BACKUPTO=" + target + ": does not exist; make the directory, or mount its disk");
    }
    ReturnCode code = ReturnCode.SUCCESS;
    for (RemoteHost host : hosts) {
      code = code.or(HostPush.preview(context, ssh, here, host, directory));
    }
    return code;
  }

  /** Takes away what a push left in its scratch directory. */
  static void remove(Path scratch) throws IOException {
    try (Stream<Path> all = Files.walk(scratch)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path); // what ssh left there it may just be taking away
      }
    }
  }
}
