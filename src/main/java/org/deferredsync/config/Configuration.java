package org.deferredsync.config;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.deferredsync.config.Settings.Value;
import org.deferredsync.logging.Printable;

/**
 * A configuration as it was understood.
 *
 * @param warnings one line each, naming file and line, in the order in which they came up
 */
public record Configuration(Settings settings, List<String> warnings) {
  private static final String YAML = "sync.yaml";
  private static final int LARGEST = 1 << 24;

  public Configuration {
    warnings = List.copyOf(warnings);
  }

  /**
   * One setting as it may be shown to anybody.
   *
   * @param source which source alone has it; empty for what holds for all
   * @param value its text, or {@code (set)} for a secret that has one
   * @param origin {@code FILE:LINE}, {@code default}, or {@code environment}
   * @param description what it is for; empty if it is not known
   */
  public record Shown(String source, String key, String value, String origin, String description) {}

  /**
   * The file that an operator means: {@code named}, relative to the installation directory, or else
   * {@code config/sync.conf} in it, or {@code config/sync.yaml} where there is no other.
   *
   * @param workingDirectory where the operator stands
   * @throws SettingException if the name is empty or fits another directory alone
   */
  public static Path locate(Optional<String> named, Path scriptHome, Path workingDirectory)
      throws SettingException {
    if (named.isEmpty()) {
      Path conf = scriptHome.resolve("config/sync.conf");
      Path yaml = conf.resolveSibling(YAML);
      return !Files.exists(conf, LinkOption.NOFOLLOW_LINKS) && Files.exists(yaml) ? yaml : conf;
    }
    if (named.get().isEmpty()) {
      throw new SettingException("the configuration file's name is empty; give its path");
    }
    Path file = scriptHome.resolve(named.get()).normalize();
    Path here = workingDirectory.resolve(named.get()).normalize();
    if (!Files.exists(file) && Files.exists(here)) {
      throw new SettingException(
          shown(file)
              + " does not exist (a relative path is taken from the installation directory); "
              + shown(here)
              + " does: give its absolute path");
    }
    return file;
  }

  /**
   * Reads that file.
   *
   * @param file an absolute path
   * @throws SettingException if it is absent, unreadable, not to be trusted, or malformed
   */
  public static Configuration load(Path file, Environment environment, TrustedPath trust)
      throws SettingException {
    byte[] bytes = read(file, trust);
    String name = shown(file);
    return withDoubt(
        withExposure(
            file,
            isYaml(file)
                ? YamlFile.read(name, bytes, environment)
                : withNoteOf(file, ConfFile.read(name, bytes, environment))));
  }

  /** A password is as secret as the file that it stands in. */
  private static Configuration withExposure(Path file, Configuration read) throws SettingException {
    String name = shown(file);
    List<String> secrets =
        read.settings().values().entrySet().stream()
            .filter(entry -> Settings.isSecret(entry.getKey()))
            .filter(entry -> !entry.getValue().text().isEmpty())
            .filter(entry -> entry.getValue().origin().startsWith(name + ":"))
            .map(Map.Entry::getKey)
            .toList();
    try {
      if (secrets.isEmpty() || !Secrets.isReadableByAll(file)) {
        return read;
      }
    } catch (IOException e) {
      throw new SettingException(name + " cannot be read: " + Printable.of(String.valueOf(e)));
    }
    List<String> warnings = new ArrayList<>(read.warnings());
    warnings.add(
        name
            + " can be read by everybody, and "
            + String.join(", ", secrets)
            + (secrets.size() == 1 ? " stands" : " stand")
            + " in it: chmod o-r "
            + name);
    return new Configuration(read.settings(), warnings);
  }

  /**
   * What a {@code sync.yaml} says instead of a {@code sync.conf}.
   *
   * @param lines those of the file
   * @param notes what could be kept only as it is now, one line each
   */
  public record Converted(List<String> lines, List<String> notes) {
    public Converted {
      lines = List.copyOf(lines);
      notes = List.copyOf(notes);
    }
  }

  /**
   * Reads that {@code sync.conf} and says the same as YAML; secrets are in it as they are there.
   *
   * @param file an absolute path
   * @throws SettingException if it cannot be read, or is YAML already
   */
  public static Converted convert(Path file, Environment environment, TrustedPath trust)
      throws SettingException {
    if (isYaml(file)) {
      throw new SettingException(shown(file) + " is YAML already; give the path of a sync.conf");
    }
    return ConfConversion.convert(shown(file), read(file, trust), environment);
  }

  private static byte[] read(Path file, TrustedPath trust) throws SettingException {
    String name = shown(file);
    try {
      if (!Files.readAttributes(file, BasicFileAttributes.class).isRegularFile()) {
        throw new SettingException(name + " is not a regular file; give the path of one");
      }
      Optional<String> complaint = trust.complaint(file);
      if (complaint.isPresent()) {
        throw new SettingException(name + " is not trusted: " + complaint.get());
      }
      if (Files.size(file) > LARGEST) {
        throw new SettingException(name + " is larger than 16 MiB; shorten it");
      }
      return Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw new SettingException(
          name + " does not exist; create it, or give the path of the configuration file");
    } catch (AccessDeniedException e) {
      throw new SettingException(name + " may not be read by this user; make it readable");
    } catch (IOException e) {
      throw new SettingException(name + " cannot be read: " + Printable.of(String.valueOf(e)));
    }
  }

  private static boolean isYaml(Path file) {
    String name = file.toString().toLowerCase(Locale.ROOT);
    return name.endsWith(".yaml") || name.endsWith(".yml");
  }

  /** Of two files side by side one alone is read, and an operator may think of the other. */
  private static Configuration withNoteOf(Path file, Configuration read) {
    Path other = file.resolveSibling(YAML);
    if (!String.valueOf(file.getFileName()).equals("sync.conf") || !Files.exists(other)) {
      return read;
    }
    List<String> warnings = new ArrayList<>(read.warnings());
    warnings.add(
        shown(other) + " is not read, since " + shown(file) + " is there; remove one of the two");
    return new Configuration(read.settings(), warnings);
  }

  private static Configuration withDoubt(Configuration read) {
    try {
      Optional<String> doubt = MailKeys.doubt(read.settings());
      List<String> warnings = new ArrayList<>(read.warnings());
      doubt.ifPresent(warnings::add);
      return new Configuration(read.settings(), warnings);
    } catch (SettingException e) {
      return read; // an error, and told as one
    }
  }

  private static String shown(Path path) {
    return Printable.of(path.toString());
  }

  /** Every known setting, then what else the file sets, by name, then what single sources have. */
  public List<Shown> shown() {
    List<Shown> all = new ArrayList<>();
    Map<String, Value> rest = new TreeMap<>(settings.values());
    for (KnownSetting setting : KnownSettings.all()) {
      Value value = rest.remove(setting.key());
      if (value != null) {
        all.add(shown("", setting.key(), value, setting.description()));
      }
    }
    rest.forEach((key, value) -> all.add(shown("", key, value, "")));
    settings
        .own()
        .forEach(
            (source, values) ->
                values.forEach((key, value) -> all.add(shown(source, key, value, ""))));
    return all;
  }

  private static Shown shown(String source, String key, Value value, String description) {
    boolean hidden = Settings.isSecret(key) && !value.text().isEmpty();
    return new Shown(source, key, hidden ? "(set)" : value.text(), value.origin(), description);
  }

  /** The same as lines: {@code KEY="value" # origin}, lists over several lines in one. */
  public List<String> shownLines() {
    List<String> lines = new ArrayList<>();
    for (Shown shown : shown()) {
      String value = Printable.of(oneLine(shown.value()));
      String quoted = Settings.isSecret(shown.key()) ? value : '"' + escaped(value) + '"';
      String of = shown.source().isEmpty() ? "" : Printable.of(shown.source()) + ": ";
      lines.add(of + shown.key() + "=" + quoted + "  # " + shown.origin());
    }
    return lines;
  }

  private static String oneLine(String value) {
    return value
        .lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty())
        .collect(Collectors.joining(" "));
  }

  private static String escaped(String value) {
    return value.replaceAll("[\\\\\"$`]", "\\\\$0");
  }

  /**
   * What is wrong with the values of known settings, one line each; whoever needs one will say so.
   */
  public List<String> errors() {
    List<String> errors = new ArrayList<>();
    for (KnownSetting setting : KnownSettings.all()) {
      addError(errors, settings, setting);
    }
    for (String source : settings.own().keySet()) {
      Settings of = settings.of(source);
      for (KnownSetting setting : KnownSettings.all()) {
        if (settings.own().getOrDefault(source, Map.of()).containsKey(setting.key())) {
          addError(errors, of, setting);
        }
      }
      try {
        BackupKeys.exclude(of);
      } catch (SettingException e) {
        errors.add(e.getMessage());
      }
    }
    return errors;
  }

  private static void addError(List<String> errors, Settings settings, KnownSetting setting) {
    try {
      setting.check().check(settings, setting.key());
    } catch (SettingException e) {
      errors.add(e.getMessage());
    }
  }
}
