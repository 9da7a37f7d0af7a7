package org.deferredsync.plugin.backup;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.deferredsync.backup.Backup;
import org.deferredsync.backup.BackupException;
import org.deferredsync.backup.BackupReport;
import org.deferredsync.backup.BackupReport.SourceReport;
import org.deferredsync.backup.BackupReport.Verdict;
import org.deferredsync.backup.BackupRequest;
import org.deferredsync.backup.DailyVerification;
import org.deferredsync.backup.Engine;
import org.deferredsync.backup.Preview;
import org.deferredsync.backup.Retention;
import org.deferredsync.backup.Sizes;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.TrustedPath;
import org.deferredsync.logging.Logging;
import org.deferredsync.logging.Quantity;
import org.deferredsync.plugin.Plugin;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.plugin.PluginException;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.snapshot.Counts;
import org.deferredsync.snapshot.FilePath;
import org.deferredsync.snapshot.RunSource;
import org.deferredsync.snapshot.SourceState;
import org.slf4j.Logger;

/** Backs up BACKUPDIRS to BACKUPTO, keeping every version until it expires. */
public final class IncrementalBackup implements Plugin {
  @Override
  public String name() {
    return "incremental_backup";
  }

  @Override
  public int number() {
    return 70;
  }

  @Override
  public String description() {
    return "backs up BACKUPDIRS to BACKUPTO and keeps what changed as EXPIREDAYS and KEEP_* say";
  }

  @Override
  public Set<String> settings() {
    return Set.of(
        "BACKUPDIRS",
        "BACKUPTO",
        "EXCLUDEFILE",
        "EXPIREDAYS",
        "KEEP_LAST",
        "KEEP_DAILY",
        "KEEP_WEEKLY",
        "KEEP_MONTHLY",
        "KEEP_YEARLY",
        "KEEP_MIN",
        "VERIFY_PERCENT",
        "VERIFY_TIME",
        "GUARD_PERCENT",
        "GUARD_MIN",
        "ONE_FILE_SYSTEM",
        "EXCLUDE_CACHES",
        "EXCLUDE_IF_PRESENT",
        "EXCLUDE_LARGER_THAN",
        "REQUIRED_MOUNTS");
  }

  @Override
  public ReturnCode run(PluginContext context)
      throws PluginException, SettingException, IOException {
    List<String> warnings = new ArrayList<>();
    BackupRequest request =
        BackupSettings.request(
            context.settings(),
            TrustedPath.ofProcess(),
            approved(context),
            context.command(),
            warnings);
    DailyVerification.Limits verification = BackupSettings.verification(context.settings());
    Logger log = context.log();
    warnings.forEach(log::warn);
    Engine engine =
        Engine.ofSystem(
            context.clock(), Engine.stateDirectory(context.environment()), context.progress());
    try {
      BackupReport report =
          context.dryRun()
              ? new Preview(engine, request, log).run()
              : new Backup(engine, request, log).run();
      for (SourceReport source : report.sources()) {
        log(log, report, source.result());
        if (source.verdict() != Verdict.GOOD) {
          context.reasons().accept(describe(source.result()));
        }
      }
      if (!report.clockDoubt().isEmpty()) {
        context.reasons().accept(report.clockDoubt() + "; " + Retention.CLOCK_REMEDY);
      }
      ReturnCode code = code(report.verdict());
      ReturnCode verified =
          code(new DailyVerification(engine, request, verification, log).run(report));
      if (verified != ReturnCode.SUCCESS) {
        context.reasons().accept("the daily verification found what the log names");
      }
      return code == ReturnCode.SUCCESS ? verified : code;
    } catch (BackupException e) {
      throw new PluginException(
          e.kind() == BackupException.Kind.PREREQUISITE
              ? ReturnCode.PREREQUISITE
              : ReturnCode.FAILURE,
          String.valueOf(e.getMessage()),
          e);
    }
  }

  private static Set<FilePath> approved(PluginContext context) {
    return context.approved().stream()
        .map(path -> FilePath.normalized(path.getBytes(StandardCharsets.UTF_8)))
        .collect(Collectors.toSet());
  }

  private static ReturnCode code(Verdict verdict) {
    return switch (verdict) {
      case GOOD -> ReturnCode.SUCCESS;
      case FAILED -> ReturnCode.FAILURE;
      case PREREQUISITE -> ReturnCode.PREREQUISITE;
    };
  }

  private static void log(Logger log, BackupReport report, RunSource source) {
    if (source.state() == SourceState.HELD) {
      return; // said when it was held
    }
    Counts counts = source.counts();
    String what =
        report.run() == null
            ? "would be"
            : "snapshot " + report.run() + " " + source.state().word();
    log.info(
        Logging.RESULT,
        "{}: {}: {} added, {}{} changed, {} with new metadata, {} removed; {} copied; {}"
            + " in {}, {}.",
        source.source(),
        what,
        counts.added(),
        counts.moved() == 0 ? "" : counts.moved() + " moved, ",
        counts.changed(),
        counts.metadata(),
        counts.removed(),
        Sizes.text(counts.copiedBytes()),
        Quantity.of(counts.files(), "file"),
        Quantity.of(counts.directories(), "directory", "directories"),
        Sizes.text(counts.bytes()));
    if (!source.reason().isEmpty()) {
      String end = source.holds().isEmpty() ? "." : ""; // a command to be copied ends the line
      log.warn("{}{}", describe(source), end);
    }
  }

  private static String describe(RunSource source) {
    return source.source() + ": " + source.state().word() + ": " + source.reason();
  }
}
