package org.deferredsync.plugin;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import javax.tools.ToolProvider;

/** Drop-in jars, compiled as their authors would, with a logback.xml that must not matter. */
public final class PluginJar {
  private PluginJar() {}

  /**
   * Writes a jar with one plugin.
   *
   * @param body what its {@code run(PluginContext context)} does
   */
  public static void write(Path jar, String className, String pluginName, String body)
      throws IOException {
    write(jar, className, pluginName, body, "");
  }

  /**
   * The same.
   *
   * @param number what its {@code number()} does before it answers
   */
  public static void write(
      Path jar, String className, String pluginName, String body, String number)
      throws IOException {
    Path directory = Files.createTempDirectory("plugin-jar");
    Path source = directory.resolve(className + ".java");
    Path compiled = directory.resolve(className + ".class");
    Files.writeString(
        source,
        """
        import org.deferredsync.plugin.ReturnCode;

        public final class %s implements org.deferredsync.plugin.Plugin {
          public String name() { return "%s"; }
          public int number() { %s return 42; }
          public String description() { return "from a jar"; }
          public java.util.Set<String> settings() { return java.util.Set.of(); }
          public ReturnCode run(org.deferredsync.plugin.PluginContext context)
              throws java.io.IOException {
            %s
          }
        }
        """
            .formatted(className, pluginName, number, body));
    int status =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-cp",
                System.getProperty("java.class.path"),
                "-proc:none",
                "-d",
                directory.toString(),
                source.toString());
    assertThat(status).isZero();
    try (OutputStream out = Files.newOutputStream(jar);
        JarOutputStream entries = new JarOutputStream(out)) {
      entries.putNextEntry(new JarEntry(className + ".class"));
      Files.copy(compiled, entries);
      entries.putNextEntry(new JarEntry("META-INF/services/" + Plugin.class.getName()));
      entries.write(className.getBytes(StandardCharsets.UTF_8));
      entries.putNextEntry(new JarEntry("logback.xml"));
      entries.write("<configuration".getBytes(StandardCharsets.UTF_8));
    }
    Files.delete(source);
    Files.delete(compiled);
    Files.delete(directory);
  }
}
