package org.deferredsync.config;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.deferredsync.config.KnownSettings.KnownSetting;
import org.deferredsync.config.Settings.Value;
import org.deferredsync.logging.Printable;

/**
 * A configuration as it was understood.
 *
 * @param warnings one line each, naming file and line, in the order in which they came up
 */
public record Configuration(Settings settings, List<String> warnings) {
  private static final int LARGEST = 1 << 24;

  public Configuration {
    warnings = List.copyOf(warnings);
  }

  /**
   * One setting as it may be shown to anybody.
   *
   * @param value its text, or {@code (set)} for a secret that has one
   * @param origin {@code FILE:LINE}, {@code default}, or {@code environment}
   * @param description what it is for; empty if it is not known
   */
  public record Shown(String key, String value, String origin, String description) {}

  /**
   * The file that an operator means: {@code named}, relative to the installation directory, or else
   * {@code config/sync.conf} in it.
   *
   * @param workingDirectory where the operator stands
   * @throws SettingException if the name is empty or fits another directory alone
   */
  public static Path locate(Optional<String> named, Path scriptHome, Path workingDirectory)
      throws SettingException {
    if (named.isEmpty()) {
      return scriptHome.resolve("config/sync.conf");
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
      return ConfFile.read(name, Files.readAllBytes(file), environment);
    } catch (NoSuchFileException e) {
      throw new SettingException(
          name + " does not exist; create it, or give the path of the configuration file");
    } catch (AccessDeniedException e) {
      throw new SettingException(name + " may not be read by this user; make it readable");
    } catch (IOException e) {
      throw new SettingException(name + " cannot be read: " + Printable.of(String.valueOf(e)));
    }
  }

  private static String shown(Path path) {
    return Printable.of(path.toString());
  }

  /** Every known setting, then what else the file sets, by name. */
  public List<Shown> shown() {
    List<Shown> all = new ArrayList<>();
    Map<String, Value> rest = new TreeMap<>(settings.values());
    for (KnownSetting setting : KnownSettings.all()) {
      Value value = rest.remove(setting.key());
      if (value != null) {
        all.add(shown(setting.key(), value, setting.description()));
      }
    }
    rest.forEach((key, value) -> all.add(shown(key, value, "")));
    return all;
  }

  private static Shown shown(String key, Value value, String description) {
    boolean hidden = Settings.isSecret(key) && !value.text().isEmpty();
    return new Shown(key, hidden ? "(set)" : value.text(), value.origin(), description);
  }

  /** The same as lines: {@code KEY="value" # origin}, lists over several lines in one. */
  public List<String> shownLines() {
    List<String> lines = new ArrayList<>();
    for (Shown shown : shown()) {
      String value = Printable.of(oneLine(shown.value()));
      String quoted = Settings.isSecret(shown.key()) ? value : '"' + escaped(value) + '"';
      lines.add(shown.key() + "=" + quoted + "  # " + shown.origin());
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
      try {
        setting.check().check(settings, setting.key());
      } catch (SettingException e) {
        errors.add(e.getMessage());
      }
    }
    return errors;
  }
}
