package org.deferredsync.remote;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.deferredsync.logging.Quantity;
import org.deferredsync.process.CommandRunner;
import org.deferredsync.remote.RemoteException.Kind;
import org.jspecify.annotations.Nullable;

/**
 * Fetches one directory of a host. Whatever the host sends stays below where it is to go; devices
 * are not made; and what is gone there goes here only if that is not too much at once.
 */
public final class Pull {
  private static final long ALL = 100;

  private final CommandRunner commands;
  private final SshSettings ssh;
  private final Limits limits;
  private final boolean dryRun;

  public Pull(CommandRunner commands, SshSettings ssh, Limits limits, boolean dryRun) {
    this.commands = commands;
    this.ssh = ssh;
    this.limits = limits;
    this.dryRun = dryRun;
  }

  /**
   * What bounds a pull.
   *
   * @param bandwidth as rsync's {@code --bwlimit} takes it; empty for no limit
   * @param guardPercent the share that may be gone at once; 100 for any
   * @param guardMin a directory that had fewer entries is not judged by shares
   */
  public record Limits(String bandwidth, int guardPercent, int guardMin) {}

  /**
   * One directory to fetch.
   *
   * @param into the directory here in which it appears under its last name
   * @param history the directory here that gets what is displaced; null if nothing does
   */
  public record Order(RemoteHost host, RemotePath source, Path into, @Nullable Path history) {
    /** Both ends for people. */
    @Override
    public String toString() {
      return host + " " + source;
    }
  }

  /**
   * What was fetched.
   *
   * @param entries how many the source has
   * @param files how many files were fetched
   * @param bytes how many bytes were received
   */
  public record Result(long entries, long files, long bytes, long deleted, boolean vanished) {}

  /**
   * Fetches.
   *
   * @param errors takes each line that rsync complains in
   * @throws RemoteException if not all of it is here now; {@link Kind#FAILURE} also if the source
   *     lost so much that nothing was deleted here
   */
  public Result run(Order order, Consumer<String> errors)
      throws RemoteException, InterruptedException {
    Rsync rsync = new Rsync(commands, order.host(), ssh, limits.bandwidth(), dryRun, errors);
    // First without deletions, which are counted: only then is it known how many they are.
    RsyncResult first = fetch(rsync, order, 0);
    if (first.good()) {
      return result(first, 0, 0);
    } else if (!first.limited()) {
      throw first.trouble(order.toString());
    }
    judge(order, first);
    long most = first.skippedDeletions() + first.figure(Rsync.NOT_EMPTY).orElse(0);
    RsyncResult second = fetch(rsync, order, most);
    if (second.good()) {
      Result before = result(first, 0, 0);
      return result(second, before.files(), before.bytes());
    }
    throw second.limited()
        ? new RemoteException(
            Kind.FAILURE,
            order + ": more went away there while it was fetched; the next run looks again.")
        : second.trouble(order.toString());
  }

  private static Result result(RsyncResult fetched, long filesBefore, long bytesBefore) {
    return new Result(
        fetched.figure("Number of files").orElse(0),
        fetched.figure("Number of regular files transferred").orElse(0) + filesBefore,
        fetched.figure("Total bytes received").orElse(0) + bytesBefore,
        fetched.figure("Number of deleted files").orElse(0),
        fetched.vanished());
  }

  /** Nothing goes here if too much is gone there at once. */
  private void judge(Order order, RsyncResult first) throws RemoteException {
    long entries = first.figure("Number of files").orElse(0);
    long gone = first.skippedDeletions();
    long before = entries + gone;
    boolean share = before >= limits.guardMin() && gone * ALL > before * limits.guardPercent();
    boolean empty = entries <= 1;
    if (limits.guardPercent() < ALL && (share || empty)) {
      throw new RemoteException(
          Kind.FAILURE,
          order
              + ": "
              + gone
              + " of "
              + Quantity.of(before, "entry", "entries")
              + (gone == 1 ? " is" : " are")
              + " gone there (GUARD_PERCENT is "
              + limits.guardPercent()
              + "). They stay here; if that is meant, run once with GUARD_PERCENT=100.");
    }
  }

  private static RsyncResult fetch(Rsync rsync, Order order, long mostDeletions)
      throws InterruptedException {
    List<String> options =
        new ArrayList<>(List.of("-z", "--no-devices", "--no-specials", "--delete", "--force"));
    if (order.history() != null) {
      options.add("--backup");
      options.add("--backup-dir=" + order.history());
    }
    options.add("--max-delete=" + mostDeletions);
    return rsync.fetch(options, order.source(), false, order.into() + "/");
  }
}
