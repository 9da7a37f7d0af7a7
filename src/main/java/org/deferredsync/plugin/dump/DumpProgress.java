package org.deferredsync.plugin.dump;

import java.time.Duration;
import org.deferredsync.backup.Sizes;
import org.deferredsync.logging.Printable;
import org.deferredsync.logging.Progress;
import org.slf4j.Logger;

/** The progress of one dump, of which the log is told too, now and then. */
final class DumpProgress implements Progress {
  private static final Duration TELLING = Duration.ofMinutes(5);

  private final DumpName name;
  private final Progress progress;
  private final Logger log;
  private long bytes;
  private long next = System.nanoTime() + TELLING.toNanos();

  DumpProgress(DumpName name, Progress progress, Logger log) {
    this.name = name;
    this.progress = progress;
    this.log = log;
  }

  @Override
  public void begin(Phase phase, long files, long total) {
    progress.begin(phase, files, total);
  }

  @Override
  public void advance(long files, long more) {
    progress.advance(files, more);
    bytes += more;
    if (System.nanoTime() > next) {
      next += TELLING.toNanos();
      log.info("{}: {} so far.", Printable.of(name.contents()), Sizes.text(bytes));
    }
  }

  @Override
  public void end() {
    progress.end();
  }
}
