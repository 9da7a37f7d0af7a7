package org.deferredsync.config;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.deferredsync.config.ConfStatements.Assignment;
import org.deferredsync.config.Settings.Value;

/** Reads {@code sync.conf}: a file of shell assignments, taken as data and never executed. */
final class ConfFile {
  private final String file;
  private final ConfText text;
  private final Expansion expansion;
  private final Map<String, Value> values = new HashMap<>();
  private final Map<String, Assignment> written = new HashMap<>();
  private final List<String> warnings = new ArrayList<>();

  private ConfFile(String file, byte[] bytes, Environment environment) {
    this.file = file;
    this.text = ConfText.of(file, bytes);
    this.expansion = new Expansion(environment, text);
  }

  /**
   * The configuration that these bytes say.
   *
   * @param file how the file is called in messages
   * @throws SettingException naming the line of what cannot be read as data
   */
  static Configuration read(String file, byte[] bytes, Environment environment)
      throws SettingException {
    ConfFile conf = new ConfFile(file, bytes, environment);
    conf.values.putAll(defaults(environment, conf.expansion));
    List<Assignment> assignments = ConfStatements.read(conf.text);
    for (Assignment assignment : assignments) {
      conf.assign(assignment);
    }
    conf.warnOfUnknown(assignments);
    return new Configuration(new Settings(conf.values), conf.warnings);
  }

  /** Every known setting as it is where a file says nothing; the names stand for that then. */
  static Map<String, Value> defaults(Environment environment, Expansion expansion)
      throws SettingException {
    Map<String, Value> values = new HashMap<>();
    for (KnownSetting setting : KnownSettings.all()) {
      byte[] quoted = ('"' + setting.standard() + '"').getBytes(StandardCharsets.UTF_8);
      ShellWord word = ConfWords.value(ConfText.of("default", quoted), setting.key());
      String standard = expansion.text(word, 1);
      String given = setting.fromEnvironment() ? environment.variables().get(setting.key()) : null;
      Value value =
          given == null ? new Value(standard, "default") : new Value(given, "environment");
      values.put(setting.key(), value);
      expansion.setDefault(setting.key(), value.text());
    }
    return values;
  }

  private void assign(Assignment assignment) throws SettingException {
    String key = assignment.key();
    int line = assignment.line();
    String value = expansion.text(assignment.value(), line);
    for (ShellWord.Name name : expansion.unset()) {
      String which = Settings.isSecret(key) ? "a name in " + key : "$" + name.name();
      warn(
          name.line(),
          which
              + " is not set and reads as empty; for a plain dollar sign write \\$, or set it"
              + " before");
    }
    Assignment earlier = written.put(key, assignment);
    if (earlier != null && !mentions(assignment.value(), key)) {
      warn(
          line,
          key + " is set again: this holds, line " + earlier.line() + " does not; remove one");
    }
    values.put(key, new Value(value, file + ":" + line));
    expansion.set(key, value);
  }

  private static boolean mentions(ShellWord word, String key) {
    return word.parts().stream()
        .anyMatch(part -> part instanceof ShellWord.Name name && name.name().equals(key));
  }

  /** A name that another value uses is the operator's own, and not a slip. */
  private void warnOfUnknown(List<Assignment> assignments) {
    for (Assignment assignment : assignments) {
      String key = assignment.key();
      boolean last = assignment.equals(written.get(key));
      if (last && !KnownSettings.isKnown(key) && !expansion.isUsed(key)) {
        String nearest =
            KnownSettings.nearest(key).map(found -> "; did you mean " + found + "?").orElse("");
        warn(assignment.line(), key + " is not a known setting" + nearest);
      }
    }
  }

  private void warn(int line, String what) {
    warnings.add(file + ":" + line + ": " + what);
  }
}
