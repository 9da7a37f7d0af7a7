package org.deferredsync.config;

import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.deferredsync.config.ConfStatements.Assignment;

/**
 * Makes a {@code sync.yaml} of a {@code sync.conf} that means the same, on this host and on others:
 * names of the file are replaced by what they stand for there, and only what the host, the date and
 * the environment say stays to be put in.
 */
final class ConfConversion {
  private final String file;
  private final Environment environment;
  private final ConfText text;
  private final Expansion expansion;
  private final Map<String, ShellWord> written = new HashMap<>();
  private final List<String> notes = new ArrayList<>();

  private ConfConversion(String file, byte[] bytes, Environment environment) {
    this.file = file;
    this.environment =
        new Environment(
            environment.scriptHome(),
            environment.variables(),
            environment.host(),
            Clock.fixed(environment.clock().instant(), environment.clock().getZone()));
    this.text = ConfText.of(file, bytes);
    this.expansion = new Expansion(this.environment, text);
  }

  /**
   * The same settings as YAML.
   *
   * @throws SettingException if the file cannot be read
   */
  static Configuration.Converted convert(String file, byte[] bytes, Environment environment)
      throws SettingException {
    ConfFile.read(file, bytes, environment); // whatever is wrong with it is told as ever
    return new ConfConversion(file, bytes, environment).convert();
  }

  private Configuration.Converted convert() throws SettingException {
    Map<String, Assignment> last = new LinkedHashMap<>();
    for (Assignment assignment : ConfStatements.read(text)) {
      ShellWord value = inlined(assignment.value(), assignment.line());
      written.put(assignment.key(), value);
      last.put(
          assignment.key(),
          new Assignment(assignment.key(), value, assignment.line(), assignment.comments()));
    }
    YamlWriter yaml = new YamlWriter();
    for (String place : SettingTree.ALL.places()) {
      Assignment assignment = last.remove(SettingTree.ALL.key(place).orElse(""));
      if (assignment != null) {
        put(yaml, place, assignment);
      }
    }
    for (Assignment assignment : last.values()) {
      put(yaml, SettingTree.VARIABLES + "." + assignment.key(), assignment);
    }
    return new Configuration.Converted(yaml.lines(), notes);
  }

  private void put(YamlWriter yaml, String place, Assignment assignment) throws SettingException {
    if (SettingTree.isList(assignment.key())) {
      yaml.put(place, words(assignment), assignment.comments());
    } else {
      yaml.put(place, ShellWordText.quoted(assignment.value()), assignment.comments());
    }
  }

  /** The words of a list; blanks separate them only where they stand in the file. */
  private List<String> words(Assignment assignment) throws SettingException {
    ShellWord value = assignment.value();
    for (ShellWord.Part part : value.parts()) {
      if (!(part instanceof ShellWord.Literal) && !isOneWord(part)) {
        value = asItIsNow(value, assignment.line());
        break;
      }
    }
    List<String> words = new ArrayList<>();
    List<ShellWord.Part> word = new ArrayList<>();
    for (ShellWord.Part part : value.parts()) {
      if (part instanceof ShellWord.Literal literal) {
        String[] pieces = literal.text().split("[ \t\r\n]", -1);
        for (int i = 0; i < pieces.length; i++) {
          if (i > 0) {
            addWord(words, word);
          }
          if (!pieces[i].isEmpty()) {
            word.add(new ShellWord.Literal(pieces[i]));
          }
        }
      } else {
        word.add(part);
      }
    }
    addWord(words, word);
    return words;
  }

  private static void addWord(List<String> words, List<ShellWord.Part> word) {
    if (!word.isEmpty()) {
      words.add(ShellWordText.quoted(new ShellWord(word)));
      word.clear();
    }
  }

  /** Whether it stands for one word, or a part of one, on every host. */
  private boolean isOneWord(ShellWord.Part part) throws SettingException {
    boolean fixed =
        part instanceof ShellWord.Host
            || part instanceof ShellWord.Date
            || (part instanceof ShellWord.Name name && name.name().equals("SCRIPT_HOME"));
    String now = expansion.text(new ShellWord(List.of(part)), 1);
    return fixed && !now.isEmpty() && now.chars().noneMatch(c -> " \t\r\n".indexOf(c) >= 0);
  }

  private ShellWord asItIsNow(ShellWord word, int line) throws SettingException {
    notes.add(
        file
            + ":"
            + line
            + ": depends on the environment in a way that YAML cannot say, and was taken as it is"
            + " now");
    String now = expansion.text(word, line);
    return new ShellWord(now.isEmpty() ? List.of() : List.of(new ShellWord.Literal(now)));
  }

  /** The word with all names of the file replaced by what they stand for so far. */
  private ShellWord inlined(ShellWord word, int line) throws SettingException {
    List<ShellWord.Part> parts = new ArrayList<>();
    for (ShellWord.Part part : word.parts()) {
      if (part instanceof ShellWord.Home) {
        parts.addAll(named("HOME", line).parts());
      } else if (part instanceof ShellWord.Name name) {
        ShellWord value = named(name.name(), line);
        parts.addAll(
            name.otherwise() == null
                ? value.parts()
                : orElse(value, inlined(name.otherwise(), line), line).parts());
      } else {
        parts.add(part);
      }
    }
    return new ShellWord(parts);
  }

  private ShellWord named(String name, int line) throws SettingException {
    ShellWord value = written.get(name);
    if (value != null) {
      return value;
    }
    ShellWord ofEnvironment = new ShellWord(List.of(new ShellWord.Name(name, null, line)));
    Optional<KnownSetting> known =
        KnownSettings.all().stream().filter(setting -> setting.key().equals(name)).findFirst();
    if (known.isEmpty()) {
      return ofEnvironment;
    }
    ShellWord standard =
        inlined(ConfWords.quoted(ConfText.at("default", known.get().standard()), name), line);
    return known.get().fromEnvironment() ? orElse(ofEnvironment, standard, line) : standard;
  }

  /** What {@code ${NAME:-otherwise}} gives where NAME is {@code value}. */
  private ShellWord orElse(ShellWord value, ShellWord otherwise, int line) throws SettingException {
    if (value.parts().isEmpty()) {
      return otherwise;
    }
    if (value.parts().stream().anyMatch(part -> !(part instanceof ShellWord.Name))) {
      boolean certain = value.parts().stream().anyMatch(part -> isNeverEmpty(part));
      return certain ? value : orElse(asItIsNow(value, line), otherwise, line);
    }
    if (value.parts().size() == 1 && value.parts().get(0) instanceof ShellWord.Name name) {
      ShellWord next =
          name.otherwise() == null ? otherwise : orElse(name.otherwise(), otherwise, line);
      return new ShellWord(List.of(new ShellWord.Name(name.name(), next, line)));
    }
    return orElse(asItIsNow(value, line), otherwise, line);
  }

  private static boolean isNeverEmpty(ShellWord.Part part) {
    return part instanceof ShellWord.Host
        || (part instanceof ShellWord.Literal literal && !literal.text().isEmpty())
        || (part instanceof ShellWord.Date date && !date.format().isEmpty());
  }
}
