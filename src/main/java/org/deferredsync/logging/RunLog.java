package org.deferredsync.logging;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;

/**
 * The records of one run for a report: all of them as text, compressed in memory up to a limit that
 * mail servers take, and beside it the results, warnings and errors of each who spoke.
 */
public final class RunLog {
  private static final int LARGEST = 4 << 20;
  private static final int MOST = 200;

  private final int largest;
  private final ByteArrayOutputStream compressed = new ByteArrayOutputStream();
  private final GZIPOutputStream gzip;
  private final Set<String> troubles = new LinkedHashSet<>();
  private final Map<String, List<String>> results = new TreeMap<>();
  private final Map<String, Integer> warnings = new TreeMap<>();
  private final Map<String, Integer> errors = new TreeMap<>();
  private long bytes;
  private long dropped;
  private boolean ended;

  public RunLog() {
    this(LARGEST);
  }

  /**
   * @param largest how many bytes the compressed text may have
   */
  RunLog(int largest) {
    this.largest = largest;
    try {
      gzip = new GZIPOutputStream(compressed);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Takes in one record; a result is one that belongs into a summary. */
  public synchronized void write(LogRecord entry, ZoneId zone, boolean result) {
    switch (entry.level()) {
      case INFO -> {
        if (result) {
          add(results.computeIfAbsent(entry.name(), name -> new ArrayList<>()), entry);
        }
      }
      case WARN -> warnings.merge(entry.name(), 1, Integer::sum);
      case ERROR -> errors.merge(entry.name(), 1, Integer::sum);
    }
    if (entry.level() != Level.INFO && troubles.size() < MOST) {
      troubles.add(
          Printable.of("[" + entry.level() + "] " + entry.name() + ": " + entry.sentence()));
    }
    append(entry.text(zone) + "\n");
  }

  private static void add(List<String> lines, LogRecord entry) {
    if (lines.size() < MOST) {
      lines.add(Printable.of(entry.sentence()));
    }
  }

  private void append(String line) {
    if (ended) {
      return; // what comes after the report is of no use to it
    }
    if (compressed.size() >= largest) {
      dropped++;
      return;
    }
    byte[] text = line.getBytes(StandardCharsets.UTF_8);
    bytes += text.length;
    try {
      gzip.write(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What one said of its results, in order. */
  public synchronized List<String> results(String name) {
    return List.copyOf(results.getOrDefault(name, List.of()));
  }

  public synchronized int warnings(String name) {
    return warnings.getOrDefault(name, 0);
  }

  public synchronized int errors(String name) {
    return errors.getOrDefault(name, 0);
  }

  /** The warnings and errors, each once and without its time, in order; the first ones. */
  public synchronized List<String> troubles() {
    return List.copyOf(troubles);
  }

  /** How many bytes the text has. */
  public synchronized long bytes() {
    return bytes;
  }

  /** How many records came when it was full. */
  public synchronized long dropped() {
    return dropped;
  }

  /** Ends it: the text, as gzip(1) compresses it. */
  public synchronized byte[] compressed() {
    ended = true;
    try {
      gzip.finish();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return compressed.toByteArray();
  }
}
