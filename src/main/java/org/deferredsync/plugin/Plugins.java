package org.deferredsync.plugin;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.Settings;
import org.deferredsync.config.TrustedPath;
import org.deferredsync.logging.Printable;

/**
 * All plugins that there are: the built-in ones, then drop-ins of the plugin directory, which are
 * jars with class loaders of their own and executables {@code NN_name}. No two have the same name.
 */
public final class Plugins {
  private static final Pattern FILE = Pattern.compile("([0-9]{1,2})_([A-Za-z0-9][A-Za-z0-9_.-]*)");
  private static final Pattern NUMBERED = Pattern.compile("[0-9]{1,2}_(.+)");
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]*");

  /** How long a jar may take to be loaded, which is its own first code. */
  private static final Duration LOADING = Duration.ofSeconds(20);

  private static final Comparator<InstalledPlugin> ORDER =
      Comparator.comparingInt((InstalledPlugin installed) -> installed.plugin().number())
          .thenComparing(installed -> installed.plugin().name());

  private final Map<String, InstalledPlugin> byName = new TreeMap<>();
  private final List<String> warnings = new ArrayList<>();

  private Plugins() {}

  /** The built-in ones alone. */
  public static Plugins builtIn() {
    Plugins plugins = new Plugins();
    for (Plugin plugin : ServiceLoader.load(Plugin.class, Plugin.class.getClassLoader())) {
      plugins.byName.put(plugin.name(), new InstalledPlugin(plugin, InstalledPlugin.BUILT_IN));
    }
    return plugins;
  }

  /**
   * The built-in ones and those in {@code directory}, if there is one. Whether its files can be
   * trusted is checked before.
   *
   * @throws IOException if the directory cannot be read
   */
  static Plugins of(Path directory) throws IOException, InterruptedException {
    return of(directory, LOADING);
  }

  /** The same where a jar may take so long to be loaded. */
  static Plugins of(Path directory, Duration limit) throws IOException, InterruptedException {
    Plugins plugins = builtIn();
    for (Path file : files(directory)) {
      String name = file.getFileName().toString();
      if (name.endsWith(".jar")) {
        plugins.addJar(file, limit);
      } else {
        Matcher matcher = FILE.matcher(name);
        if (matcher.matches()) {
          plugins.add(
              new ScriptPlugin(matcher.group(2), Integer.parseInt(matcher.group(1)), file), file);
        }
      }
    }
    return plugins;
  }

  /**
   * The built-in ones and those in {@code lib/plugins} of the installation directory.
   *
   * @throws PluginException if others than root and the running user could change what is there:
   *     prerequisite
   * @throws IOException if the directory cannot be read
   */
  public static Plugins trusted(Path home, TrustedPath trust)
      throws PluginException, IOException, InterruptedException {
    Path directory = home.resolve("lib").resolve("plugins");
    if (!Files.exists(directory)) {
      return builtIn();
    }
    List<Path> paths = new ArrayList<>(files(directory));
    paths.add(0, directory);
    for (Path path : paths) {
      Optional<String> complaint = trust.complaint(path);
      if (complaint.isPresent()) {
        throw new PluginException(
            ReturnCode.PREREQUISITE,
            Printable.of(path.toString()) + " is not trusted: " + complaint.get());
      }
    }
    return of(directory);
  }

  /**
   * The files of the directory that are plugins by their names: {@code *.jar} and {@code NN_name},
   * in order; none if there is no such directory. Copies that editors and packagers leave (names
   * ending in ~, .bak, .dpkg-old and the like) are none.
   *
   * @throws IOException if it cannot be read
   */
  static List<Path> files(Path directory) throws IOException {
    Collection<Path> files = new TreeSet<>();
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        boolean copy =
            name.matches(
                ".*(\\.bak|\\.orig|\\.rej|\\.swp|\\.dpkg-[a-z]+|\\.rpm(new|save|orig)|\\.tmp)");
        if ((name.endsWith(".jar") && !name.startsWith("."))
            || (FILE.matcher(name).matches() && !copy)) {
          files.add(entry);
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return List.copyOf(files);
  }

  private void addJar(Path jar, Duration limit) throws InterruptedException {
    DropInJar.Contents contents = new DropInJar(jar, limit).load();
    contents.plugins().forEach(plugin -> add(plugin, jar));
    if (contents.complaint() != null) {
      warnings.add(jar + ": " + contents.complaint());
    }
  }

  private void add(Plugin plugin, Path file) {
    String name = plugin.name();
    InstalledPlugin present = byName.get(name);
    if (!NAME.matcher(name).matches()) {
      warnings.add(
          file + ": \"" + Printable.of(name) + "\" cannot be a plugin's name; it is not run.");
    } else if (present == null) {
      byName.put(name, new InstalledPlugin(plugin, file.toString()));
    } else if (present.isBuiltIn()) {
      warnings.add(
          file + ": " + name + " is a built-in plugin; this file is not run, remove or rename it.");
    } else {
      warnings.add(
          file + ": " + name + " is already in " + present.origin() + "; this file is not run.");
    }
  }

  /** What is wrong with drop-ins, one line each. */
  public List<String> warnings() {
    return List.copyOf(warnings);
  }

  /** All of them in the order of their numbers. */
  public List<InstalledPlugin> all() {
    return byName.values().stream().sorted(ORDER).toList();
  }

  /** The one that an operator calls {@code name}, with or without its number. */
  public Optional<InstalledPlugin> find(String name) {
    InstalledPlugin exact = byName.get(name);
    if (exact == null) {
      Matcher numbered = NUMBERED.matcher(name);
      exact = numbered.matches() ? byName.get(numbered.group(1)) : null;
    }
    return Optional.ofNullable(exact);
  }

  /**
   * The plugins that the settings select: all, or those of PLUGINS in its order, each once.
   *
   * @throws SettingException if LOAD_PLUGINS_ALL is neither true nor false
   */
  public List<Plugin> select(Settings settings) throws SettingException {
    return settings.flag("LOAD_PLUGINS_ALL")
        ? all().stream().map(InstalledPlugin::plugin).toList()
        : named(settings.list("PLUGINS"));
  }

  /**
   * What is wrong with PLUGINS, one line each: that it names none, and names that no plugin has.
   *
   * @throws SettingException if LOAD_PLUGINS_ALL is neither true nor false
   */
  public List<String> complaints(Settings settings) throws SettingException {
    if (settings.flag("LOAD_PLUGINS_ALL")) {
      return List.of();
    }
    List<String> names = settings.list("PLUGINS");
    return names.isEmpty()
        ? List.of(String.valueOf(noneIn(settings).getMessage()))
        : names.stream()
            .filter(name -> find(name).isEmpty())
            .map(name -> settings.origin("PLUGINS") + ": " + UnknownPlugin.complaint(name))
            .toList();
  }

  /** That PLUGINS selects nothing: a job that does nothing must not look like one that has. */
  public static SettingException noneIn(Settings settings) {
    return settings.invalid("PLUGINS", "names no plugin; write those to run");
  }

  /**
   * The plugins of these names alone, in the order in which they would run otherwise; those that
   * the settings do not select come last, by number.
   *
   * @throws SettingException if LOAD_PLUGINS_ALL is neither true nor false
   */
  public List<Plugin> only(List<String> names, Settings settings) throws SettingException {
    List<Plugin> wanted = named(names);
    Set<Plugin> ordered = new LinkedHashSet<>(select(settings));
    all().forEach(installed -> ordered.add(installed.plugin()));
    ordered.addAll(wanted);
    ordered.retainAll(wanted);
    return List.copyOf(ordered);
  }

  /** A name that no plugin has becomes one that says so when it is run. */
  private List<Plugin> named(List<String> names) {
    Set<Plugin> selected = new LinkedHashSet<>();
    for (String name : names) {
      selected.add(
          find(name).map(InstalledPlugin::plugin).orElseGet(() -> new UnknownPlugin(name)));
    }
    return List.copyOf(selected);
  }
}
