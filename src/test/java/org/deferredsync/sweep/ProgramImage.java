package org.deferredsync.sweep;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;

/** The program, packed and unpacked once for all that start it in this process. */
final class ProgramImage {
  private static final Path MEMORY = Path.of("/dev/shm");
  private static final String PREFIX = "deferred-sync-image-";
  private static final Path DIRECTORY = make();

  private ProgramImage() {}

  /** Where it lies. */
  static Path directory() {
    return DIRECTORY;
  }

  private static Path make() {
    try {
      Path directory =
          isExecutable(MEMORY)
              ? Files.createTempDirectory(MEMORY, PREFIX)
              : Files.createTempDirectory(PREFIX);
      Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(directory)));
      pack(directory.resolve("program.jar"));
      for (String entry : System.getProperty("java.class.path").split(":", -1)) {
        if (entry.matches(".*/(jna|sqlite-jdbc)-[^/]*\\.jar")) {
          unpackLibraries(Path.of(entry), directory);
        }
      }
      return directory;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Whether there is such a place, and libraries may be loaded from it. */
  private static boolean isExecutable(Path place) throws IOException {
    return Files.isWritable(place)
        && Files.readAllLines(Path.of("/proc/mounts")).stream()
            .map(line -> line.split(" ", -1))
            .anyMatch(mount -> mount[1].equals(place.toString()) && !mount[3].contains("noexec"));
  }

  private static void remove(Path directory) {
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
      Files.delete(directory);
    } catch (IOException e) {
      System.err.println(e);
    }
  }

  private static void pack(Path jar) throws IOException {
    Path classes = Path.of("target/classes");
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream out = new JarOutputStream(file);
        Stream<Path> all = Files.walk(classes)) {
      for (Path each : all.filter(Files::isRegularFile).sorted().toList()) {
        out.putNextEntry(new JarEntry(classes.relativize(each).toString()));
        Files.copy(each, out);
      }
    }
  }

  private static void unpackLibraries(Path jar, Path directory) throws IOException {
    String machine = System.getProperty("os.arch").equals("aarch64") ? "aarch64" : "x86.64";
    try (JarFile file = new JarFile(jar.toFile())) {
      for (JarEntry entry : file.stream().toList()) {
        if (entry
            .getName()
            .matches("(com/sun/jna/linux-|org/sqlite/native/Linux/)" + machine + "/.*\\.so")) {
          try (InputStream in = file.getInputStream(entry)) {
            Files.copy(in, directory.resolve(Path.of(entry.getName()).getFileName()));
          }
        }
      }
    }
  }

  /** As the launcher has it, but for the compiler, which is too slow for so short a run. */
  static List<String> command(Path home) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-Xshare:auto",
            "-Xlog:disable",
            "-Xmx160m",
            "-XX:+UseSerialGC",
            "-XX:-UsePerfData",
            "-XX:TieredStopAtLevel=1",
            "-Djna.boot.library.path=" + DIRECTORY,
            "-Djna.nounpack=true",
            "-Dorg.sqlite.lib.path=" + DIRECTORY,
            "-Dorg.sqlite.lib.name=libsqlitejdbc.so",
            "-Dorg.sqlite.tmpdir=" + DIRECTORY,
            "-Ddeferredsync.home=" + home,
            "-cp"));
    List<String> classPath = new ArrayList<>(List.of(DIRECTORY.resolve("program.jar").toString()));
    for (String entry : System.getProperty("java.class.path").split(":", -1)) {
      if (entry.endsWith(".jar") && !entry.matches(".*/(junit|surefire|assertj|archunit)[^/]*")) {
        classPath.add(entry);
      }
    }
    command.add(String.join(":", classPath));
    return command;
  }
}
