package org.deferredsync.config;

import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Puts in what values name: earlier keys of the file, then defaults, then the environment. A name
 * that is set nowhere reads as empty, as in the shell, and is remembered.
 */
final class Expansion {
  private static final int LONGEST = 1 << 24;

  private final Environment environment;
  private final ConfText file;
  private final ZonedDateTime now;
  private final Map<String, String> written = new HashMap<>();
  private final Map<String, String> defaults = new HashMap<>();
  private final Set<String> used = new HashSet<>();
  private final List<ShellWord.Name> unset = new ArrayList<>();

  /** An expansion for that file, which makes the errors. */
  Expansion(Environment environment, ConfText file) {
    this.environment = environment;
    this.file = file;
    this.now = ZonedDateTime.now(environment.clock());
    defaults.put("SCRIPT_HOME", environment.scriptHome().toString());
  }

  /** What that name means from now on, unless the file says otherwise. */
  void setDefault(String key, String text) {
    defaults.put(key, text);
  }

  /** What that name means from now on. */
  void set(String key, String text) {
    written.put(key, text);
  }

  /** Whether a value was asked for under that name. */
  boolean isUsed(String name) {
    return used.contains(name);
  }

  /** The names that were set nowhere when the last value was expanded. */
  List<ShellWord.Name> unset() {
    return List.copyOf(unset);
  }

  /**
   * The text of a value.
   *
   * @param line where it stands
   * @throws SettingException if it needs what is not there, or grows beyond all bounds
   */
  String text(ShellWord word, int line) throws SettingException {
    return text(word, file, line);
  }

  /** The same of a value in another text, which makes the errors. */
  String text(ShellWord word, ConfText in, int line) throws SettingException {
    unset.clear();
    StringBuilder text = new StringBuilder();
    append(text, word, in, line);
    return text.toString();
  }

  private void append(StringBuilder text, ShellWord word, ConfText in, int line)
      throws SettingException {
    for (ShellWord.Part part : word.parts()) {
      if (part instanceof ShellWord.Literal literal) {
        text.append(literal.text());
      } else if (part instanceof ShellWord.Name name) {
        appendNamed(text, name, in, line);
      } else if (part instanceof ShellWord.Home home) {
        text.append(home(home, in));
      } else if (part instanceof ShellWord.Host host) {
        text.append(environment.host().text(host.form()));
      } else if (part instanceof ShellWord.Date date) {
        text.append(withoutLastNewlines(DateFormat.text(date.format(), now)));
      }
      if (text.length() > LONGEST) {
        throw in.error(line, "a value of more than 16 million characters; shorten it");
      }
    }
  }

  private void appendNamed(StringBuilder text, ShellWord.Name name, ConfText in, int line)
      throws SettingException {
    used.add(name.name());
    String value = value(name.name());
    if (name.otherwise() != null && (value == null || value.isEmpty())) {
      append(text, name.otherwise(), in, line);
    } else if (value != null) {
      text.append(value);
    } else {
      unset.add(name);
    }
  }

  private @Nullable String value(String name) {
    String value = written.get(name);
    if (value == null) {
      value = defaults.get(name);
    }
    return value == null ? environment.variables().get(name) : value;
  }

  private String home(ShellWord.Home home, ConfText in) throws SettingException {
    String value = value("HOME");
    if (value == null || value.isEmpty()) {
      throw in.error(home.line(), "~ stands for HOME, which is not set; write the whole path");
    }
    return value;
  }

  private static String withoutLastNewlines(String text) {
    int end = text.length();
    while (end > 0 && text.charAt(end - 1) == '\n') {
      end--;
    }
    return text.substring(0, end);
  }
}
