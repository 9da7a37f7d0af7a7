package org.deferredsync.config;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.deferredsync.logging.Printable;

/**
 * The settings of one job, whichever file they were read from: defaults, with what the operator
 * wrote over them. Typed on reading: whoever needs a setting learns of a malformed one, and nobody
 * else does.
 */
public final class Settings {
  private final Map<String, Value> values;

  /** Settings of these values; a key that is not there reads as empty. */
  public Settings(Map<String, Value> values) {
    this.values = Collections.unmodifiableMap(new TreeMap<>(values));
  }

  /**
   * One value and where it stands.
   *
   * @param origin {@code FILE:LINE}, or {@code default}
   */
  public record Value(String text, String origin) {}

  /** All of them by key, in order. */
  public Map<String, Value> values() {
    return values;
  }

  /** The value, or empty text if there is none. */
  public String text(String key) {
    Value value = values.get(key);
    return value == null ? "" : value.text();
  }

  /**
   * The value.
   *
   * @throws SettingException if it is empty
   */
  public String required(String key) throws SettingException {
    String text = text(key).strip();
    if (text.isEmpty()) {
      throw invalid(key, "is empty; set it");
    }
    return text;
  }

  /** The words of a list, separated by blanks or newlines; none if it is empty. */
  public List<String> list(String key) {
    List<String> words = new ArrayList<>();
    for (String word : text(key).split("[ \t\r\n]+", -1)) {
      if (!word.isEmpty()) {
        words.add(word);
      }
    }
    return words;
  }

  /**
   * Whether it is {@code true}; {@code false} or empty is no.
   *
   * @throws SettingException if it is anything else
   */
  public boolean flag(String key) throws SettingException {
    return switch (text(key).strip().toLowerCase(Locale.ROOT)) {
      case "true" -> true;
      case "false", "" -> false;
      default -> throw invalid(key, "is neither true nor false");
    };
  }

  /**
   * A whole number.
   *
   * @throws SettingException if it is none, or not from {@code least} to {@code most}
   */
  public int wholeNumber(String key, int least, int most) throws SettingException {
    String text = text(key).strip();
    if (text.matches("[0-9]{1,9}")) {
      int number = Integer.parseInt(text);
      if (number >= least && number <= most) {
        return number;
      }
    }
    throw invalid(key, "is not a whole number from " + least + " to " + most);
  }

  /** An error of this setting: {@code ORIGIN: KEY="VALUE" WHY}. */
  public SettingException invalid(String key, String why) {
    Value value = values.get(key);
    String origin = value == null ? "" : value.origin() + ": ";
    return new SettingException(origin + key + "=\"" + Printable.of(text(key)) + "\" " + why);
  }
}
