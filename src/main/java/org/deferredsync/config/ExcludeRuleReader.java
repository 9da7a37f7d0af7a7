package org.deferredsync.config;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import org.deferredsync.logging.Printable;

/**
 * Reads the lines of an exclude file as {@code rsync --exclude-from} does: a line ends at LF or CR,
 * its text at a NUL, blanks are part of the pattern, and no prefix but {@code + } and {@code - } is
 * known.
 */
final class ExcludeRuleReader {
  /** rsync drops longer lines, whatever they are (measured with 3.5.0). */
  private static final int LONGEST_LINE = 5119;

  /** rsync drops longer patterns: no path has as many bytes (measured with 3.5.0). */
  private static final int LONGEST_PATTERN = 4095;

  private final byte[] text;
  private final IntFunction<String> place;
  private final List<ExcludeRule> rules = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();

  ExcludeRuleReader(byte[] text, String fileName) {
    this(text, line -> Printable.of(fileName) + ":" + line + ": ");
  }

  /**
   * @param place what messages begin with about a line, from 1
   */
  ExcludeRuleReader(byte[] text, IntFunction<String> place) {
    this.text = text;
    this.place = place;
  }

  ExcludeRules read() throws SettingException {
    int line = 1;
    int start = 0;
    for (int i = 0; i <= text.length; i++) {
      if (i == text.length || text[i] == '\n' || text[i] == '\r') {
        addLine(line, start, i);
        boolean betweenCrAndLf = i + 1 < text.length && text[i] == '\r' && text[i + 1] == '\n';
        line += betweenCrAndLf ? 0 : 1;
        start = i + 1;
      }
    }
    return new ExcludeRules(rules, warnings);
  }

  private void addLine(int line, int start, int end) throws SettingException {
    int textEnd = start;
    while (textEnd < end && text[textEnd] != 0) {
      textEnd++;
    }
    boolean comment = start < end && (text[start] == '#' || text[start] == ';');
    if (comment || start == end) {
      return;
    }
    if (end - start > LONGEST_LINE) {
      warn(line, "is longer than " + LONGEST_LINE + " bytes and has no effect, as with rsync");
      return;
    }
    if (textEnd < end) {
      warn(line, "has a NUL byte; it and what follows it are ignored, as rsync does");
    }
    if (textEnd == start) {
      return;
    }
    if (textEnd == start + 1 && text[start] == '!') {
      rules.clear();
      return;
    }
    boolean prefixed =
        textEnd >= start + 2
            && (text[start] == '+' || text[start] == '-')
            && text[start + 1] == ' ';
    addRule(
        line,
        prefixed && text[start] == '+',
        Arrays.copyOfRange(text, prefixed ? start + 2 : start, textEnd));
  }

  private void addRule(int line, boolean includes, byte[] pattern) throws SettingException {
    if (pattern.length == 0) {
      throw new SettingException(
          place(line)
              + (includes ? "\"+ \"" : "\"- \"")
              + " has no pattern, and rsync refuses such a file; write one or remove the line");
    }
    if (pattern.length > LONGEST_PATTERN) {
      warn(
          line,
          "has a pattern of more than "
              + LONGEST_PATTERN
              + " bytes and has no effect, as with rsync");
      return;
    }
    ExcludeRule rule = new ExcludeRule(line, includes, pattern);
    if (rule.isNeverMet()) {
      warn(
          line,
          "\""
              + rule.text()
              + "\" matches nothing: its last class or backslash has no end, or its class is unknown");
    }
    rules.add(rule);
  }

  private void warn(int line, String what) {
    warnings.add(place(line) + what);
  }

  private String place(int line) {
    return place.apply(line);
  }
}
