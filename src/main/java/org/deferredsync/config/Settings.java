package org.deferredsync.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.deferredsync.logging.Printable;
import org.jspecify.annotations.Nullable;

/**
 * The settings of one job, whichever file they were read from: defaults, with what the operator
 * wrote over them. Typed on reading: whoever needs a setting learns of a malformed one, and nobody
 * else does.
 */
public final class Settings {
  private final Map<String, Value> values;
  private final Map<String, Map<String, Value>> own;

  /** Settings of these values; a key that is not there reads as empty. */
  public Settings(Map<String, Value> values) {
    this(values, Map.of());
  }

  /**
   * The same with what single sources have of their own.
   *
   * @param own by the source as BACKUPDIRS names it
   */
  public Settings(Map<String, Value> values, Map<String, Map<String, Value>> own) {
    this.values = Collections.unmodifiableMap(new TreeMap<>(values));
    Map<String, Map<String, Value>> copy = new LinkedHashMap<>();
    own.forEach((source, of) -> copy.put(source, Collections.unmodifiableMap(new TreeMap<>(of))));
    this.own = Collections.unmodifiableMap(copy);
  }

  /**
   * One value and where it stands.
   *
   * @param origin {@code FILE:LINE}, perhaps with the column, {@code default}, or {@code
   *     environment}
   * @param items the words of a list, where they were written one by one; null where the text has
   *     them, separated by blanks
   * @param name what the file calls the setting; empty if that is its key
   */
  public record Value(String text, String origin, @Nullable List<Item> items, String name) {
    public Value {
      items = items == null ? null : List.copyOf(items);
    }

    public Value(String text, String origin) {
      this(text, origin, null, "");
    }

    /** A list of these words. */
    static Value of(List<Item> items, String origin, String name) {
      String text = items.stream().map(Item::text).collect(Collectors.joining("\n"));
      return new Value(text, origin, items, name);
    }
  }

  /** One word of a list and where it stands. */
  public record Item(String text, String origin) {}

  /** All of them by key, in order. */
  public Map<String, Value> values() {
    return values;
  }

  /** What single sources have of their own, by the source as BACKUPDIRS names it. */
  public Map<String, Map<String, Value>> own() {
    return own;
  }

  /** The settings as they are for one source: its own where it has any, else those of all. */
  public Settings of(String source) {
    Map<String, Value> together = new TreeMap<>(values);
    together.putAll(own.getOrDefault(source, Map.of()));
    return new Settings(together);
  }

  /** The value, or empty text if there is none. */
  public String text(String key) {
    Value value = values.get(key);
    return value == null ? "" : value.text();
  }

  /** Where the value stands: {@code FILE:LINE}, {@code default}, or {@code environment}. */
  public String origin(String key) {
    Value value = values.get(key);
    return value == null ? "default" : value.origin();
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
    Value value = values.get(key);
    if (value != null && value.items() != null) {
      return value.items().stream().map(Item::text).toList();
    }
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

  /**
   * A time, such as {@code 90s}, {@code 30m}, {@code 24h}, {@code 7d} or {@code 0}.
   *
   * @throws SettingException if it is none, or not from {@code least} to {@code most}
   */
  public Duration duration(String key, Duration least, Duration most) throws SettingException {
    Optional<Duration> duration = DurationText.parse(text(key));
    if (duration.isEmpty()) {
      throw invalid(key, "is not a time; write a whole number and s, m, h or d, such as 30m, or 0");
    }
    if (duration.get().compareTo(least) < 0 || duration.get().compareTo(most) > 0) {
      throw invalid(key, "is not from " + DurationText.of(least) + " to " + DurationText.of(most));
    }
    return duration.get();
  }

  /**
   * An absolute path, or nothing if the setting is empty.
   *
   * @throws SettingException if it is a relative path, or none
   */
  public Optional<Path> path(String key) throws SettingException {
    String text = text(key).strip();
    if (text.isEmpty()) {
      return Optional.empty();
    }
    if (!text.startsWith("/")) {
      throw invalid(key, "is not an absolute path; begin it with /");
    }
    try {
      return Optional.of(Path.of(text));
    } catch (InvalidPathException e) {
      throw invalid(key, "is not a path: " + e.getReason());
    }
  }

  /** Whether the setting of that name holds a secret, which is shown nowhere. */
  public static boolean isSecret(String key) {
    String name = key.toUpperCase(Locale.ROOT);
    return name.endsWith("_PASS") || name.endsWith("_PASSWORD") || name.endsWith("_TOKEN");
  }

  /**
   * An error of this setting: {@code ORIGIN: NAME="VALUE" WHY}, by the name that the file has for
   * it, a secret without its value.
   */
  public SettingException invalid(String key, String why) {
    Value value = values.get(key);
    String origin = value == null ? "" : value.origin() + ": ";
    String name = value == null || value.name().isEmpty() ? key : value.name();
    String shown = isSecret(key) ? name : name + "=\"" + Printable.of(text(key)) + "\"";
    return new SettingException(origin + shown + " " + why);
  }
}
