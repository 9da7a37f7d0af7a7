package org.deferredsync.plugin;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.Settings;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PluginsTest {
  @TempDir Path directory;

  private void script(String name) throws IOException {
    Files.writeString(directory.resolve(name), "#!/bin/sh\n");
  }

  private void jar(String file, String className, String pluginName) throws IOException {
    PluginJar.write(directory.resolve(file), className, pluginName, "return ReturnCode.NETWORK;");
  }

  private static Settings settings(String all, String plugins) {
    return PluginContexts.settings(Map.of("LOAD_PLUGINS_ALL", all, "PLUGINS", plugins));
  }

  private static List<String> names(List<Plugin> plugins) {
    return plugins.stream().map(Plugin::name).toList();
  }

  @Test
  void select_keepsOrderOfList_andKnowsNumberedNames() throws Exception {
    Settings settings = settings("false", "get_hardware_info\n 10_get_resources get_resources");

    assertThat(names(Plugins.builtIn().select(settings)))
        .containsExactly("get_hardware_info", "get_resources");
  }

  @Test
  void select_takesAllByNumber_whenAskedTo() throws Exception {
    script("95_last");
    script("01_first");
    script("12_between");
    List<Plugin> all = Plugins.of(directory).select(settings("true", "get_resources"));

    assertThat(all).extracting(Plugin::number).isSorted();
    assertThat(names(all)).startsWith("first", "show_version").endsWith("last").contains("between");
  }

  @Test
  void select_hasPluginThatFails_forUnknownName() throws Exception {
    List<Plugin> selected = Plugins.builtIn().select(settings("", "dump_oracle get_resources"));

    assertThat(names(selected)).containsExactly("dump_oracle", "get_resources");
    assertThat(selected.get(0)).isInstanceOf(UnknownPlugin.class);
  }

  @Test
  void only_keepsUsualOrder_andTakesWhatIsNotSelected() throws Exception {
    List<Plugin> plugins =
        Plugins.builtIn()
            .only(
                List.of("show_version", "unknown", "get_resources", "15_get_hardware_info"),
                settings("", "get_hardware_info get_resources"));

    assertThat(names(plugins))
        .containsExactly("get_hardware_info", "get_resources", "show_version", "unknown");
  }

  @Test
  void of_findsScriptsAndJars_andPassesOverTheRest() throws Exception {
    script("50_hello");
    script("README");
    script("60_old.bak");
    script("61_old~");
    script(".62_hidden");
    Files.createDirectory(directory.resolve("d"));
    jar("mine.jar", "Mine", "from_jar");
    Plugins plugins = Plugins.of(directory);

    assertThat(plugins.warnings()).isEmpty();
    assertThat(plugins.all())
        .filteredOn(installed -> !installed.isBuiltIn())
        .extracting(InstalledPlugin::origin)
        .containsExactly(directory + "/mine.jar", directory + "/50_hello");
    assertThat(plugins.find("50_hello")).isEqualTo(plugins.find("hello")).isPresent();
    assertThat(plugins.find("from_jar").orElseThrow().plugin())
        .isInstanceOfSatisfying(
            DropIn.class,
            plugin ->
                assertThat(plugin.code().getClass().getClassLoader())
                    .isNotEqualTo(Plugin.class.getClassLoader()));
  }

  @Test
  void of_warnsOfNamesTakenAndBrokenJars_andRunsNoneOfThem() throws Exception {
    script("50_get_resources");
    script("51_twice");
    script("52_twice");
    jar("own.jar", "Own", "show_version");
    jar("forged.jar", "Forged", "a\\nb");
    Files.writeString(directory.resolve("broken.jar"), "no zip");
    Files.createDirectory(directory.resolve("empty"));
    try (OutputStream out = Files.newOutputStream(directory.resolve("void.jar"));
        JarOutputStream jar = new JarOutputStream(out)) {
      jar.putNextEntry(new JarEntry("META-INF/services/org.deferredsync.plugin.Plugin"));
      jar.write("no.such.Class".getBytes(StandardCharsets.UTF_8));
    }
    Plugins plugins = Plugins.of(directory);

    assertThat(plugins.warnings())
        .hasSize(6)
        .anyMatch(w -> w.contains("50_get_resources: get_resources is a built-in plugin"))
        .anyMatch(w -> w.contains("52_twice: twice is already in " + directory + "/51_twice"))
        .anyMatch(w -> w.contains("own.jar: show_version is a built-in plugin"))
        .anyMatch(w -> w.contains("forged.jar: \"a\\x0ab\" cannot be a plugin's name"))
        .anyMatch(w -> w.contains("broken.jar"))
        .anyMatch(w -> w.contains("void.jar: cannot be loaded"))
        .allMatch(w -> w.lines().count() == 1);
    assertThat(plugins.find("get_resources").orElseThrow().isBuiltIn()).isTrue();
    assertThat(plugins.find("show_version").orElseThrow().isBuiltIn()).isTrue();
  }

  /** What a plugin says of itself is its own code too. */
  @Test
  void of_warnsOfJars_thatFailOrHangWhenTheyAreAsked() throws Exception {
    Map<String, String> numbers =
        Map.of(
            "Thrower", "if (true) throw new AssertionError(\"a\\nb\");",
            "Deep", "if (number() < 0) return 1;",
            "Hanging",
                "while (!Thread.interrupted()) java.util.concurrent.locks.LockSupport.park();");
    for (Map.Entry<String, String> one : numbers.entrySet()) {
      PluginJar.write(
          directory.resolve(one.getKey() + ".jar"),
          one.getKey(),
          one.getKey(),
          "return ReturnCode.SUCCESS;",
          one.getValue());
    }
    jar("last.jar", "Last", "last");
    Plugins plugins = Plugins.of(directory, Duration.ofSeconds(3));

    assertThat(plugins.find("last")).isPresent();
    assertThat(plugins.warnings())
        .containsExactlyInAnyOrder(
            directory
                + "/Thrower.jar: cannot be loaded and is not run: java.lang.AssertionError:"
                + " a\\x0ab",
            directory + "/Deep.jar: cannot be loaded and is not run: java.lang.StackOverflowError",
            directory
                + "/Hanging.jar: cannot be loaded and is not run: it has not been ready within 3s");
  }

  @Test
  void select_refusesMalformedFlag() {
    org.assertj.core.api.Assertions.assertThatThrownBy(
            () -> Plugins.builtIn().select(settings("maybe", "")))
        .isInstanceOf(SettingException.class)
        .hasMessageContaining("LOAD_PLUGINS_ALL");
  }
}
