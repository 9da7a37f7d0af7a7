package org.deferredsync.cli;

import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntSupplier;
import me.tongfei.progressbar.DefaultProgressBarRenderer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;
import me.tongfei.progressbar.ProgressState;
import org.deferredsync.backup.Sizes;
import org.deferredsync.logging.Progress;
import org.deferredsync.logging.Quantity;
import org.deferredsync.logging.StatusLine;
import org.jspecify.annotations.Nullable;

/**
 * One bar after the other on the last line of a terminal: files, bytes, rate, and the time left
 * where the total is known. Whoever works only adds up; the bar's own thread looks and draws.
 */
final class ProgressBars implements Progress {
  private static final int INTERVAL_MILLIS = 250;
  private static final long MEBIBYTE = 1 << 20;
  private static final int MARGIN = 1;

  private final StatusLine line;
  private final IntSupplier width;
  private final LongAdder files = new LongAdder();
  private final LongAdder bytes = new LongAdder();
  private volatile @Nullable ProgressBar bar;

  /**
   * @param width of the terminal in columns, asked again for each drawing
   */
  ProgressBars(StatusLine line, IntSupplier width) {
    this.line = line;
    this.width = width;
  }

  @Override
  public synchronized void begin(Phase phase, long fileTotal, long byteTotal) {
    end();
    files.reset();
    bytes.reset();
    boolean byBytes = byteTotal > 0;
    bar =
        new ProgressBarBuilder()
            .setTaskName(name(phase))
            .setInitialMax(byBytes ? byteTotal : fileTotal > 0 ? fileTotal : UNKNOWN)
            .setUpdateIntervalMillis(INTERVAL_MILLIS)
            .continuousUpdate()
            .clearDisplayOnFinish()
            .setRenderer(new Renderer(byBytes))
            .setConsumer(new Line())
            .build();
  }

  private static String name(Phase phase) {
    return switch (phase) {
      case SCAN -> "Scanning";
      case COPY -> "Copying";
      case RESTORE -> "Restoring";
      case VERIFY -> "Verifying";
      case DUMP -> "Dumping";
    };
  }

  @Override
  public void advance(long moreFiles, long moreBytes) {
    files.add(moreFiles);
    bytes.add(moreBytes);
  }

  @Override
  public synchronized void end() {
    ProgressBar known = bar;
    if (known != null) {
      bar = null;
      known.close();
      line.show("");
    }
  }

  /** Brings the bar's state up to date, in the bar's thread, before it is drawn. */
  private final class Renderer extends DefaultProgressBarRenderer {
    private final boolean byBytes;

    Renderer(boolean byBytes) {
      super(
          ProgressBarStyle.ASCII,
          byBytes ? " MiB" : " files",
          byBytes ? MEBIBYTE : 1,
          true,
          new DecimalFormat("0.0", DecimalFormatSymbols.getInstance(Locale.ROOT)),
          ChronoUnit.SECONDS,
          true,
          ProgressBars::timeLeft);
      this.byBytes = byBytes;
    }

    @Override
    public String render(ProgressState state, int most) {
      ProgressBar known = bar;
      if (known != null) {
        long sum = bytes.sum();
        known.stepTo(byBytes ? sum : files.sum());
        known.setExtraMessage(
            byBytes
                ? " " + Quantity.of(files.sum(), "file")
                : sum > 0 ? " " + Sizes.text(sum) : "");
      }
      return super.render(state, most);
    }
  }

  /** As if the rest went on as what is done has gone. */
  private static Optional<Duration> timeLeft(ProgressState state) {
    long done = state.getCurrent() - state.getStart();
    long left = state.getMax() - state.getCurrent();
    if (state.getMax() <= 0 || state.isIndefinite() || done <= 0) {
      return Optional.empty();
    }
    double seconds = state.getElapsedAfterStart().toMillis() / 1000.0;
    return Optional.of(Duration.ofSeconds(Math.round(seconds * Math.max(0, left) / done)));
  }

  /** Where the bar is drawn. */
  private final class Line implements ProgressBarConsumer {
    @Override
    public int getMaxRenderedLength() {
      return width.getAsInt() - MARGIN;
    }

    @Override
    public void accept(String text) {
      line.show(text);
    }

    @Override
    public void clear() {
      line.show("");
    }

    @Override
    public void close() {}
  }
}
