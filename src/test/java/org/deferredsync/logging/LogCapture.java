package org.deferredsync.logging;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;

/** What is said by one name while it is open, as {@code LEVEL NAME: sentence}. */
public final class LogCapture implements AutoCloseable {
  private final List<String> lines = new CopyOnWriteArrayList<>();
  private final Logger logger;
  private final Collector collector = new Collector();

  /** Listens to {@code name}; to everybody if that is ROOT. */
  public LogCapture(String name) {
    logger = (Logger) LoggerFactory.getLogger(name);
    logger.setLevel(Level.INFO);
    collector.setContext(logger.getLoggerContext());
    collector.start();
    logger.addAppender(collector);
  }

  public org.slf4j.Logger logger() {
    return logger;
  }

  public List<String> lines() {
    return lines;
  }

  @Override
  public void close() {
    logger.detachAppender(collector);
    logger.setLevel(logger.getName().equals("ROOT") ? Level.OFF : null);
  }

  private final class Collector extends AppenderBase<ILoggingEvent> {
    @Override
    protected void append(ILoggingEvent event) {
      lines.add(
          event.getLevel() + " " + event.getLoggerName() + ": " + event.getFormattedMessage());
    }
  }
}
