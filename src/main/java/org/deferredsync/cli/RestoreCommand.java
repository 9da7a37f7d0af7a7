package org.deferredsync.cli;

import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.deferredsync.backup.BackupException;
import org.deferredsync.backup.Engine;
import org.deferredsync.backup.RestoreChange;
import org.deferredsync.backup.RestoreChange.Watcher;
import org.deferredsync.backup.Restorer;
import org.deferredsync.backup.Restorer.Result;
import org.deferredsync.backup.Sizes;
import org.deferredsync.backup.Snapshot;
import org.deferredsync.backup.TargetReader;
import org.deferredsync.config.SettingException;
import org.deferredsync.logging.Quantity;
import org.deferredsync.plugin.backup.BackupSettings;
import org.deferredsync.remote.RemoteException;
import org.deferredsync.snapshot.FilePath;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Brings files back. */
@Command(
    name = "restore",
    sortOptions = false,
    description = {
      "Brings files and directories back as they were in a snapshot, each checked against its hash.",
      "With --to, a single PATH becomes DIR/<its last name>, several become DIR/<their full paths>.",
      "With --in-place, files go back to where they were. What is the same there already is left"
          + " alone. What is not, and what the snapshot does not have below a restored directory,"
          + " is first moved to .deferred-sync-aside-<UTC time> beside PATH, at the path it had"
          + " from there; nothing is deleted. When interrupted, run the same command again."
    })
final class RestoreCommand extends TargetCommand {
  @Mixin private AtOption at = new AtOption();

  @ArgGroup(exclusive = true, multiplicity = "1")
  private Where where = new Where();

  @Option(
      names = "--from",
      paramLabel = "HOST",
      description = "read the copy in REMOTE_DIR of this host, not BACKUPTO; [user@]host[:port]")
  private @Nullable String from;

  private @Nullable FetchedCopy copy;

  @Option(
      names = {"-n", "--dry-run"},
      description = "say what would be done, and change nothing")
  private boolean dryRun;

  @Option(names = "--json", description = "print what was done as a JSON object")
  private boolean json;

  @Parameters(paramLabel = "PATH", arity = "1..*", description = "what to restore")
  private List<String> paths = List.of();

  /** One of the two. */
  private static final class Where {
    @Option(
        names = "--to",
        paramLabel = "DIR",
        required = true,
        description = "where to: a new or an empty directory")
    private @Nullable String to;

    @Option(
        names = "--in-place",
        required = true,
        description = "where the files were; what is there now is kept aside")
    @SuppressWarnings("unused") // that it is there is enough
    private boolean inPlace;
  }

  @Override
  public Integer call() throws SettingException, BackupException, IOException {
    String host = from;
    if (host == null) {
      return super.call();
    }
    FilePath target = BackupSettings.target(context().configuration().settings());
    try (FetchedCopy fetched =
        FetchedCopy.of(host, target, context().configuration().settings(), context().variables())) {
      copy = fetched;
      return super.call();
    } catch (RemoteException e) {
      return fail(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while fetching from " + host, e);
    }
  }

  private int fail(RemoteException trouble) {
    context().err().println("deferred-sync: " + trouble.getMessage());
    return switch (trouble.kind()) {
      case NETWORK -> ExitStatus.NETWORK;
      case FAILURE -> ExitStatus.FAILURE;
      case PREREQUISITE -> ExitStatus.PREREQUISITE;
    };
  }

  @Override
  TargetReader open(Engine engine, FilePath target) throws BackupException, IOException {
    FetchedCopy fetched = copy;
    if (fetched != null) {
      return super.open(engine, fetched.target());
    }
    return dryRun ? TargetReader.openUnchanged(engine, target) : super.open(engine, target);
  }

  @Override
  int look(TargetReader reader, Clock clock) throws BackupException, IOException {
    Snapshot snapshot = snapshot(reader, at.valueOr("latest"), clock);
    List<FilePath> wanted = new ArrayList<>();
    for (String path : paths) {
      wanted.add(path(path));
    }
    String to = where.to;
    FilePath destination = to == null ? null : path(to);
    shortcomings(snapshot, wanted).forEach(context().err()::println);
    FetchedCopy fetched = copy;
    if (fetched != null) {
      try {
        fetched.fetch(snapshot, wanted);
      } catch (RemoteException e) {
        return fail(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while fetching", e);
      }
    }
    Restorer restorer = new Restorer(snapshot, clock, LoggerFactory.getLogger("restore"));
    Result result =
        json
            ? inJson(restorer, snapshot, wanted, destination)
            : restore(restorer, wanted, destination, this::line);
    summary(result, destination);
    return result.failed() == 0 ? ExitStatus.SUCCESS : ExitStatus.FAILURE;
  }

  private Result restore(
      Restorer restorer, List<FilePath> wanted, @Nullable FilePath to, Watcher watcher)
      throws BackupException, IOException {
    if (to == null) {
      return dryRun
          ? restorer.previewInPlace(wanted, watcher)
          : restorer.restoreInPlace(wanted, Watcher.NONE);
    }
    return dryRun ? restorer.preview(wanted, to, watcher) : restorer.restore(wanted, to);
  }

  private void line(RestoreChange change) {
    context().out().printf("%-5s %s%n", word(change), change.path());
  }

  private static String word(RestoreChange change) {
    return change.action().name().toLowerCase(Locale.ROOT);
  }

  private Result inJson(
      Restorer restorer, Snapshot snapshot, List<FilePath> wanted, @Nullable FilePath to)
      throws BackupException, IOException {
    try (JsonWriter writer = new JsonWriter(context().out())) {
      writer.beginObject();
      writer.member("snapshot", snapshot.run().id());
      writer.member("dryRun", dryRun);
      writer.name("changes").beginArray();
      Result result = restore(restorer, wanted, to, change -> entry(writer, change));
      writer.endArray();
      writer.member("files", result.files());
      writer.member("directories", result.directories());
      writer.member("links", result.links());
      writer.member("bytes", result.bytes());
      writer.member("same", result.same());
      writer.member("aside", result.aside());
      writer.member("failed", result.failed());
      writer.name("asideDirectories").beginArray();
      result.asides().forEach(aside -> writer.value(aside.toString()));
      writer.endArray();
      writer.endObject();
      return result;
    }
  }

  private static void entry(JsonWriter writer, RestoreChange change) {
    writer.beginObject();
    writer.member("action", word(change));
    writer.member("path", change.path().toString());
    writer.member("bytes", change.bytes());
    writer.endObject();
  }

  private void summary(Result result, @Nullable FilePath to) {
    StringBuilder line = new StringBuilder(dryRun ? "Would restore " : "Restored ");
    line.append(Quantity.of(result.files(), "file"))
        .append(" in ")
        .append(Quantity.of(result.directories(), "directory", "directories"))
        .append(", ")
        .append(Sizes.text(result.bytes()))
        .append(dryRun ? "" : ", all checked")
        .append(to == null ? ", in place" : ", to " + to);
    if (to == null) {
      line.append("; ")
          .append(Quantity.of(result.same(), "was the same already", "were the same already"));
    }
    if (result.aside() > 0) {
      line.append("; ").append(result.aside());
      line.append(dryRun ? " would be moved aside" : " moved aside to ");
      line.append(
          dryRun
              ? ""
              : String.join(", ", result.asides().stream().map(FilePath::toString).toList()));
    }
    if (result.failed() > 0) {
      line.append("; ").append(Quantity.of(result.failed(), "path")).append(" failed");
    }
    context().err().println(line.append('.'));
  }
}
