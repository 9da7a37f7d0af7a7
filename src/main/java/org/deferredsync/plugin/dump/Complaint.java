package org.deferredsync.plugin.dump;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * What a program complains of, on one line: of all that it printed, the first lines that look like
 * errors, else the last one.
 */
final class Complaint implements Consumer<String> {
  private static final int MOST = 2;
  private static final int LONGEST = 500;

  /** A program that has not said by then what is wrong only goes on and on. */
  private static final int EXAMINED = 10_000;

  private static final Pattern ERROR =
      Pattern.compile("error|fatal|denied|cannot|can't|could not|fail|no such|e\\d{6}:");

  private final List<String> errors = new ArrayList<>();
  private String last = "";
  private long lines;

  @Override
  public synchronized void accept(String line) {
    lines++;
    if (line.isBlank()) {
      return;
    }
    last = line;
    if (errors.size() < MOST && lines <= EXAMINED) {
      String text = cut(line);
      if (ERROR.matcher(text.toLowerCase(Locale.ROOT)).find()) {
        errors.add(text);
      }
    }
  }

  private static String cut(String line) {
    String text = line.strip();
    return text.length() > LONGEST ? text.substring(0, LONGEST) + "…" : text;
  }

  /** The line; empty if nothing was printed. */
  synchronized String text() {
    return errors.isEmpty() ? cut(last) : String.join("; ", errors);
  }
}
