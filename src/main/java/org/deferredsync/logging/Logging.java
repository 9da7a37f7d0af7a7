package org.deferredsync.logging;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;
import org.slf4j.Marker;
import org.slf4j.MarkerFactory;

/**
 * Where the records of SLF4J loggers go. A logger is named by who speaks: a plugin's name, or
 * {@code job}. Other loggers with a dotted name are libraries and are shown from warnings on, as
 * spoken by the plugin they run for.
 */
public final class Logging implements AutoCloseable {
  /** The name that the job itself speaks by. */
  public static final String JOB = "job";

  /** Marks a record that belongs into the summary of a report: what came of the work. */
  public static final Marker RESULT = MarkerFactory.getMarker("RESULT");

  private static final String PLUGIN = "plugin";
  private static final List<String> LIBRARIES = List.of("org", "com", "ch", "net", "io", "java");

  private static final Set<String> SPEAKERS = ConcurrentHashMap.newKeySet();

  private final Clock clock;
  private final boolean verbose;
  private final List<Screen> screens = new CopyOnWriteArrayList<>();
  private final List<JobLog> files = new CopyOnWriteArrayList<>();
  private final List<RunLog> reports = new CopyOnWriteArrayList<>();

  private Logging(Clock clock, boolean verbose) {
    this.clock = clock;
    this.verbose = verbose;
  }

  /**
   * Wires the loggers to what {@link #show} and {@link #keep} name; replaces any earlier wiring.
   *
   * @param clock gives the zone of the times shown
   * @param verbose whether debug records and stack traces are wanted
   */
  public static Logging start(Clock clock, boolean verbose) {
    Logging logging = new Logging(clock, verbose);
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    Sink sink = logging.new Sink();
    sink.setContext(context);
    sink.start();
    var root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(verbose ? ch.qos.logback.classic.Level.DEBUG : ch.qos.logback.classic.Level.INFO);
    root.addAppender(sink);
    for (String library : LIBRARIES) {
      context.getLogger(library).setLevel(ch.qos.logback.classic.Level.WARN);
    }
    return logging;
  }

  /** Shows the records on a screen too. */
  public void show(Screen screen) {
    screens.add(screen);
  }

  /** Keeps the records in a log. */
  public void keep(JobLog log) {
    files.add(log);
  }

  /** Keeps the records for a report. */
  public void keep(RunLog log) {
    reports.add(log);
  }

  /**
   * The logger of a plugin or hook, which speaks by its own name and is heard in full, also where
   * the name is a library's, as {@code net} is, or has a dot in it.
   */
  public static Logger speaker(String name) {
    SPEAKERS.add(name);
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    var logger = context.getLogger(name);
    logger.setLevel(context.getLogger(Logger.ROOT_LOGGER_NAME).getLevel());
    return logger;
  }

  /** Makes {@code name} the one for whom libraries speak in this thread. */
  public static void speakFor(String name) {
    MDC.put(PLUGIN, name);
  }

  /** Ends the wiring: later records go nowhere. */
  @Override
  public void close() throws IOException {
    ((LoggerContext) LoggerFactory.getILoggerFactory()).reset();
    ((LoggerContext) LoggerFactory.getILoggerFactory())
        .getLogger(Logger.ROOT_LOGGER_NAME)
        .setLevel(ch.qos.logback.classic.Level.OFF);
    screens.clear();
    for (JobLog file : files) {
      file.close();
    }
    files.clear();
    reports.clear();
  }

  private void write(ILoggingEvent event) {
    Level level = level(event);
    String name = name(event);
    Instant time = Instant.ofEpochMilli(event.getTimeStamp());
    boolean result = event.getMarkerList() != null && event.getMarkerList().contains(RESULT);
    write(new LogRecord(level, time, name, String.valueOf(event.getFormattedMessage())), result);
    IThrowableProxy thrown = event.getThrowableProxy();
    if (thrown != null && verbose) {
      ThrowableProxyUtil.asString(thrown)
          .lines()
          .forEach(
              line ->
                  write(
                      new LogRecord(level, time, name, ChildLines.MARK + line.replace("\t", "  ")),
                      false));
    }
  }

  private void write(LogRecord entry, boolean result) {
    String text = entry.text(clock.getZone());
    for (Screen screen : screens) {
      screen.write(entry.level(), text);
    }
    for (JobLog file : files) {
      file.write(text);
    }
    for (RunLog report : reports) {
      report.write(entry, clock.getZone(), result);
    }
  }

  private static String name(ILoggingEvent event) {
    String name = event.getLoggerName();
    if (name.indexOf('.') < 0 || SPEAKERS.contains(name)) {
      return name;
    }
    return event.getMDCPropertyMap().getOrDefault(PLUGIN, JOB);
  }

  private static Level level(ILoggingEvent event) {
    return switch (event.getLevel().toInt()) {
      case ch.qos.logback.classic.Level.ERROR_INT -> Level.ERROR;
      case ch.qos.logback.classic.Level.WARN_INT -> Level.WARN;
      default -> Level.INFO;
    };
  }

  private final class Sink extends AppenderBase<ILoggingEvent> {
    @Override
    protected void append(ILoggingEvent event) {
      write(event);
    }
  }
}
