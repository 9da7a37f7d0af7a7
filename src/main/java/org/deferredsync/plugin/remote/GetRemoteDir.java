package org.deferredsync.plugin.remote;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.deferredsync.config.BackupKeys;
import org.deferredsync.config.KnownSettings;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.Settings;
import org.deferredsync.logging.ChildLines;
import org.deferredsync.logging.Quantity;
import org.deferredsync.plugin.Plugin;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.plugin.PluginException;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.remote.Preflight;
import org.deferredsync.remote.Pull;
import org.deferredsync.remote.Readiness;
import org.deferredsync.remote.RemoteException;
import org.deferredsync.remote.RemoteHost;
import org.deferredsync.remote.RemotePath;
import org.deferredsync.remote.SideBySide;
import org.deferredsync.remote.SshSettings;
import org.slf4j.Logger;

/** Fetches each of GET_REMOTE_DIRS of each of GET_HOSTS into GET_TARGET_DIR/HOST. */
public final class GetRemoteDir implements Plugin {
  @Override
  public String name() {
    return "get_remote_dir";
  }

  @Override
  public int number() {
    return 85;
  }

  @Override
  public String description() {
    return "fetches GET_REMOTE_DIRS of GET_HOSTS into GET_TARGET_DIR/HOST";
  }

  @Override
  public Set<String> settings() {
    return Set.of(
        "GET_HOSTS",
        "GET_REMOTE_DIRS",
        "GET_TARGET_DIR",
        "REMOTE_USER",
        "GET_PARALLEL",
        "GET_HISTORY",
        "GUARD_PERCENT",
        "GUARD_MIN",
        "EXPIREDAYS",
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
    Instant started = context.clock().instant();
    SshSettings ssh = RemoteSettings.ssh(settings);
    Pull.Limits limits =
        new Pull.Limits(
            KnownSettings.bandwidth(settings),
            BackupKeys.guardPercent(settings),
            BackupKeys.guardMin(settings));
    int parallel = settings.wholeNumber("GET_PARALLEL", 1, 64);
    int days = BackupKeys.expireDays(settings);
    Map<RemoteHost, List<Pull.Order>> orders = orders(settings, started);
    requireTarget(settings);

    Preflight preflight = new Preflight(context.commands(), ssh, context.environment());
    Pull pull = new Pull(context.commands(), ssh, limits, context.dryRun());
    List<Callable<List<Callable<ReturnCode>>>> looks = new ArrayList<>();
    orders.forEach(
        (host, ofHost) -> looks.add(() -> pulls(context, preflight, pull, host, ofHost)));
    List<Callable<ReturnCode>> pulls =
        SideBySide.run(parallel, looks).stream().flatMap(List::stream).toList();
    List<ReturnCode> codes = SideBySide.run(parallel, pulls);
    ReturnCode fetched = codes.stream().reduce(ReturnCode.SUCCESS, ReturnCode::or);
    ReturnCode code = fetched;
    if (settings.flag("GET_HISTORY") && !context.dryRun()) {
      for (List<Pull.Order> ofHost : orders.values()) {
        Path into = ofHost.get(0).into();
        if (Files.isDirectory(into, LinkOption.NOFOLLOW_LINKS)) {
          PulledHistory.dropEmpty(into, started);
        }
        if (fetched == ReturnCode.SUCCESS) {
          code = code.or(PulledHistory.expire(context, into, started, days));
        }
      }
    }
    return code;
  }

  /** By host, in the order of the settings. */
  private static Map<RemoteHost, List<Pull.Order>> orders(Settings settings, Instant started)
      throws SettingException {
    Path target =
        settings
            .path("GET_TARGET_DIR")
            .orElseThrow(() -> settings.invalid("GET_TARGET_DIR", "is empty; set it"));
    List<RemotePath> sources = RemoteSettings.paths(settings, "GET_REMOTE_DIRS");
    boolean history = settings.flag("GET_HISTORY");
    Map<Path, Pull.Order> landings = new LinkedHashMap<>();
    Map<RemoteHost, List<Pull.Order>> orders = new LinkedHashMap<>();
    for (RemoteHost host : RemoteSettings.hosts(settings, "GET_HOSTS", "REMOTE_USER")) {
      Path into = target.resolve(host.host());
      for (RemotePath source : sources) {
        String name = source.name();
        if (name.isEmpty() || PulledHistory.started(name).isPresent()) {
          throw settings.invalid(
              "GET_REMOTE_DIRS",
              "names " + source + ", which has no name of its own here; name what is in it");
        }
        Path displaced = into.resolve(PulledHistory.name(started));
        Pull.Order order = new Pull.Order(host, source, into, history ? displaced : null);
        Pull.Order other = landings.putIfAbsent(into.resolve(name), order);
        if (other != null) {
          throw settings.invalid(
              "GET_REMOTE_DIRS",
              "and GET_HOSTS: "
                  + other
                  + " and "
                  + order
                  + " would both be "
                  + into.resolve(name)
                  + "; take one out, or fetch it by a run of its own");
        }
        orders.computeIfAbsent(host, key -> new ArrayList<>()).add(order);
      }
    }
    return orders;
  }

  private static void requireTarget(Settings settings) throws PluginException, SettingException {
    Path target = settings.path("GET_TARGET_DIR").orElseThrow();
    if (!Files.isDirectory(target)) {
      throw new PluginException(
          ReturnCode.PREREQUISITE,
          "GET_TARGET_DIR="
              + target
              + ": no such directory; make it, or mount its disk, before anything is fetched.");
    }
  }

  /** Those of one host, once it was looked at: a directory that it lacks stops no other. */
  private static List<Callable<ReturnCode>> pulls(
      PluginContext context,
      Preflight preflight,
      Pull pull,
      RemoteHost host,
      List<Pull.Order> orders)
      throws IOException, InterruptedException {
    Readiness ready;
    try {
      ready = preflight.look(host, orders.stream().map(Pull.Order::source).toList());
      if (!orders.stream().allMatch(order -> ready.lacks(order.source()))) {
        makeHostDirectory(context, orders.get(0).into());
      }
    } catch (RemoteException e) {
      return List.of(() -> failed(context, e));
    }
    List<Callable<ReturnCode>> pulls = new ArrayList<>();
    for (Pull.Order order : orders) {
      pulls.add(
          () ->
              ready.lacks(order.source())
                  ? failed(context, absent(order))
                  : pull(context, pull, order));
    }
    return pulls;
  }

  private static RemoteException absent(Pull.Order order) {
    return new RemoteException(
        RemoteException.Kind.FAILURE,
        order.host()
            + ": there is no directory "
            + order.source()
            + "; mend GET_REMOTE_DIRS, or make it there.");
  }

  /** A directory that nobody else can enter: what a host sends may be set-uid. */
  private static void makeHostDirectory(PluginContext context, Path directory)
      throws RemoteException, IOException {
    if (!context.dryRun()) {
      try {
        Files.createDirectory(
            directory,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        return;
      } catch (FileAlreadyExistsException e) {
        context.log().debug("{} is there.", directory);
      }
    }
    if (Files.exists(directory, LinkOption.NOFOLLOW_LINKS)
        && !Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
      throw new RemoteException(
          RemoteException.Kind.PREREQUISITE,
          directory + ": no directory; move it away and run again.");
    }
  }

  private static ReturnCode failed(PluginContext context, RemoteException trouble) {
    context.log().warn("{}", trouble.getMessage());
    context.reasons().accept(String.valueOf(trouble.getMessage()));
    return RemoteSettings.code(trouble);
  }

  private static ReturnCode pull(PluginContext context, Pull pull, Pull.Order order)
      throws InterruptedException {
    Logger log = context.log();
    try (ChildLines lines = new ChildLines(log)) {
      Pull.Result result = pull.run(order, line -> lines.accept(order.host() + ": " + line));
      log.info(
          "{}: {}{} of {} fetched ({} received), {} deleted{}.",
          order,
          context.dryRun() ? "would be: " : "",
          result.files(),
          Quantity.of(result.entries(), "entry", "entries"),
          Quantity.of(result.bytes(), "byte"),
          result.deleted(),
          result.vanished() ? "; some went away there before they were read" : "");
      return ReturnCode.SUCCESS;
    } catch (RemoteException e) {
      return failed(context, e);
    }
  }
}
