package org.deferredsync.plugin.dump;

import java.io.Closeable;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.deferredsync.backup.Sizes;
import org.deferredsync.config.KnownSettings;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.Settings;
import org.deferredsync.fs.Posix;
import org.deferredsync.logging.Printable;
import org.deferredsync.logging.Progress;
import org.deferredsync.plugin.PluginContext;
import org.deferredsync.plugin.PluginException;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.plugin.dump.DumpFile.Written;
import org.deferredsync.plugin.dump.DumpRecord.Dumped;
import org.deferredsync.process.Durations;
import org.slf4j.Logger;

/**
 * The dumps of one plugin in one run: each is made and checked, and one that fails leaves the last
 * good one in place.
 */
final class Dumps implements Closeable {
  private final Kind kind;
  private final PluginContext context;
  private final Logger log;
  private final Clock clock;
  private final DumpDirectory directory;
  private final KnownDumps known;
  private final Outcomes outcomes;
  private final Compression compression;
  private final Clients clients;
  private boolean tidy;

  Dumps(
      Kind kind,
      PluginContext context,
      DumpDirectory directory,
      DumpRecords records,
      Compression compression,
      Duration timeout) {
    this.kind = kind;
    this.context = context;
    this.log = context.log();
    this.clock = context.clock();
    this.directory = directory;
    this.known = new KnownDumps(kind, directory, records);
    this.outcomes = new Outcomes(context, directory, known);
    this.compression = compression;
    this.clients = new Clients(context, timeout);
  }

  /**
   * Those that go to the directory which a setting names.
   *
   * @throws SettingException if there is no such directory, or a setting of all dumps is malformed
   */
  static Dumps to(Kind kind, PluginContext context, String key) throws SettingException {
    Settings settings = context.settings();
    Compression compression = Compression.of(settings);
    Duration timeout = KnownSettings.dumpTimeout(settings);
    Posix posix = Posix.ofSystem();
    return new Dumps(
        kind,
        context,
        DumpDirectory.of(posix, settings, key),
        DumpRecords.ofHost(posix, context.environment()),
        compression,
        timeout);
  }

  /** What becomes of them. */
  Outcomes outcomes() {
    return outcomes;
  }

  Compression compression() {
    return compression;
  }

  /** Runs what the dumps need. */
  Clients clients() {
    return clients;
  }

  DumpDirectory directory() {
    return directory;
  }

  /** What is remembered of all dumps of this kind in this directory. */
  List<DumpRecord> rememberedHere() throws IOException {
    return known.all();
  }

  /** A dump that would be the same again. */
  void confirm(DumpRecord record) throws IOException {
    Dumped dump = Objects.requireNonNull(record.dump());
    known.write(record.with(dump.checked(clock.instant())));
    log.info("{} has not changed, and stays as it is.", directory.pathOf(dump.file()));
  }

  /** Removes a dump of ours that another has made needless. */
  void discard(DumpRecord record) throws IOException {
    Dumped dump = record.dump();
    if (dump != null && directory.holds(dump.file(), dump.fileHash(), dump.fileBytes())) {
      directory.remove(dump.file());
      log.info("{} is in the whole dump, and removed.", directory.pathOf(dump.file()));
    }
    known.remove(record);
  }

  /** Makes a dump; answers whether its file has now what was to be dumped. */
  boolean make(Dump dump) throws InterruptedException {
    DumpName name = dump.name();
    String path = directory.pathOf(name.file(dump.compression()));
    known.attempt(name);
    ReturnCode why = ReturnCode.FAILURE;
    String reason;
    try {
      reason = known.conflict(name, name.file(dump.compression())).orElse("");
      if (!reason.isEmpty()) {
        why = ReturnCode.PREREQUISITE;
      } else if (context.dryRun()) {
        log.info("Dry run: {} would be written.", path);
        return true;
      } else {
        tidy();
        reason = write(dump);
      }
    } catch (PluginException e) {
      why = e.code();
      reason = String.valueOf(e.getMessage());
    } catch (IOException e) {
      reason = Printable.of(String.valueOf(e.getMessage()));
    }
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    if (!reason.isEmpty()) {
      outcomes.fail(name, why, path, reason);
    }
    return reason.isEmpty();
  }

  private void tidy() throws IOException {
    if (!tidy) {
      DumpFile.removeLeftovers(directory);
      tidy = true;
    }
  }

  /** Answers why there is no new dump, or nothing. */
  private String write(Dump dump) throws PluginException, IOException, InterruptedException {
    DumpName name = dump.name();
    Contents contents = dump.contents();
    long start = System.nanoTime();
    context.progress().begin(Progress.Phase.DUMP, Progress.UNKNOWN, Progress.UNKNOWN);
    try (DumpFile file =
        DumpFile.create(
            directory,
            name,
            dump.compression(),
            contents,
            new DumpProgress(name, context.progress(), log))) {
      Optional<String> failure = dump.source().writeTo(file);
      if (failure.isPresent()) {
        return failure.get();
      }
      Written written = file.finish();
      String reason = written.contentBytes() == 0 ? "it is empty" : contents.fault();
      if (reason.isEmpty()) {
        reason = dump.check().fault(file).orElse("");
      }
      if (reason.isEmpty()) {
        keep(dump, file, written, start);
      }
      return reason;
    } finally {
      context.progress().end();
    }
  }

  private void keep(Dump dump, DumpFile file, Written written, long start) throws IOException {
    DumpName name = dump.name();
    DumpRecord before = known.of(name);
    Dumped last = before.dump();
    String hash = dump.contents().hash();
    String fileName = name.file(dump.compression());
    Tables tables = new Tables(kind, dump.contents().tables());
    String took = Durations.format(Duration.ofNanos(System.nanoTime() - start));
    if (last != null
        && last.contentHash().equals(hash)
        && last.file().equals(fileName)
        && directory.holds(fileName, last.fileHash(), last.fileBytes())) {
      log.info(
          "{} has not changed, and stays as it is: {}, {}, in {}.",
          directory.pathOf(fileName),
          tables.text(),
          Sizes.text(last.fileBytes()),
          took);
      outcomes.keep(before.with(last.checked(clock.instant())));
      return;
    }
    file.publish();
    log.info(
        "{}: {}, {} of {}, in {}.",
        directory.pathOf(fileName),
        tables.text(),
        Sizes.text(written.fileBytes()),
        Sizes.text(written.contentBytes()),
        took);
    outcomes.keep(
        before.with(
            new Dumped(
                fileName,
                clock.instant(),
                clock.instant(),
                hash,
                written.fileHash(),
                written.contentBytes(),
                written.fileBytes(),
                dump.mark(),
                tables)));
    if (last != null && !last.file().equals(fileName)) {
      removeFormer(last);
    }
  }

  /** Under another compression the last dump had another name. */
  private void removeFormer(Dumped last) {
    try {
      if (directory.holds(last.file(), last.fileHash(), last.fileBytes())) {
        directory.remove(last.file());
        log.info("{} is replaced by it.", directory.pathOf(last.file()));
      }
    } catch (IOException e) {
      log.warn(
          "{} is replaced by it, but cannot be removed: {}",
          directory.pathOf(last.file()),
          e.getMessage());
    }
  }

  /** A dump that failed before it began. */
  void fail(DumpName name, ReturnCode why, String reason) {
    outcomes.fail(name, why, directory.pathOf(name.file(compression)), reason);
  }

  /** Forgets dumps in this directory that are not made any more and whose files are gone. */
  void forgetGone() {
    if (context.dryRun()) {
      return;
    }
    try {
      known.forgetGone();
    } catch (IOException e) {
      log.warn("What is known of former dumps cannot be put in order: {}", e.getMessage());
    }
  }

  @Override
  public void close() throws IOException {
    directory.close();
  }
}
