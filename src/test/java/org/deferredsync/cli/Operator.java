package org.deferredsync.cli;

import static java.util.Objects.requireNonNull;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Somebody who uses an installation of their own in a scratch directory: writes its configuration,
 * gives commands, reads the log. A command runs in this process, which is quick, or in one of its
 * own where locale, umask, user or the bytes of arguments matter.
 */
final class Operator implements AutoCloseable {
  private static final int SECONDS = 180;
  private static final Pattern PRODUCT =
      Pattern.compile(
          "(picocli|jsch|slf4j|logback|commons-io|sqlite|jna|jspecify|jakarta|angus|progressbar|jline|zstd|snakeyaml|deferred-sync).*jar");

  final Path scratch;
  final Path home;
  final Path target;
  final Path log;
  private final Map<String, String> variables = new TreeMap<>();
  private String classPath = System.getProperty("java.class.path");
  private List<String> agents = agents();
  private int processes;

  /** What a command printed and how it ended. */
  record Ran(int status, String out, String err) {}

  Operator(Path scratch) throws IOException {
    this.scratch = scratch.toRealPath();
    home = this.scratch.resolve("home");
    target = Files.createDirectories(this.scratch.resolve("target"));
    log = home.resolve("log/sync.log");
    for (String directory : List.of("", "config", "lib", "lib/plugins", "log")) {
      Path made = Files.createDirectories(home.resolve(directory));
      Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    variables.put("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    variables.put("SCRIPT_HOME", home.toString());
    variables.put("XDG_STATE_HOME", this.scratch.resolve("state").toString());
    configure();
  }

  /** What counts in this process which branches are taken, if that is to count them in others. */
  private static List<String> agents() {
    return Boolean.getBoolean("coverage.processes")
        ? ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
            .filter(argument -> argument.startsWith("-javaagent:"))
            .toList()
        : List.of();
  }

  /** Gives a variable to the commands that run in this process. */
  void variable(String name, String value) {
    variables.put(name, value);
  }

  Path configuration() {
    return home.resolve("config/sync.conf");
  }

  /** Writes the configuration: a backup of nothing to the target, then these lines. */
  void configure(String... lines) throws IOException {
    trusted(
        configuration(),
        "JOBLOG=$SCRIPT_HOME/log/sync.log\nSTARTSCRIPT=\nENDSCRIPT=\nEXCLUDEFILE=\n"
            + "PLUGINS=incremental_backup\nBACKUPDIRS=\nBACKUPTO="
            + target
            + "\n"
            + String.join("\n", lines)
            + "\n");
  }

  /** Makes a script plugin. */
  void script(String name, String text) throws IOException {
    trusted(home.resolve("lib/plugins").resolve(name), "#!/bin/sh\n" + text);
  }

  /** Writes a file that nobody else can change, whatever the umask is. */
  Path trusted(Path file, String text) throws IOException {
    Files.writeString(file, text);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** Gives a command in this process. */
  Ran run(String... arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int status =
        new CommandLineProgram(
                arguments,
                new RawArguments(arguments, new byte[0]),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                variables)
            .run();
    return new Ran(
        status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /** The records that a run of the job adds to the log, and how the command ended. */
  Job job(String... arguments) throws IOException {
    int before = Files.exists(log) ? Files.readAllLines(log).size() : 0;
    Ran ran = run(arguments);
    List<String> lines = Files.exists(log) ? Files.readAllLines(log) : List.of();
    return new Job(ran, List.copyOf(lines.subList(before, lines.size())));
  }

  /** A run of the job, with its records. */
  record Job(Ran ran, List<String> records) {
    int status() {
      return ran.status();
    }

    /** What the backup warned of, without level and time. */
    List<String> complaints() {
      return records.stream()
          .filter(line -> !line.startsWith("[INFO]"))
          .filter(line -> line.contains(" incremental_backup: "))
          .map(line -> line.substring(line.indexOf(" incremental_backup: ") + 21))
          .toList();
    }

    boolean ran(String plugin) {
      return records.stream().anyMatch(line -> line.contains(" " + plugin + ": | here"));
    }
  }

  /** Makes what the program consists of readable for every user. */
  void copyClassPath() throws Exception {
    Path copy = scratch.resolve("lib");
    if (Files.exists(copy)) {
      return;
    }
    Files.createDirectory(copy);
    List<String> copied = new ArrayList<>();
    for (String entry : classPath.split(File.pathSeparator, -1)) {
      String name = Path.of(entry).getFileName().toString();
      if (name.equals("classes") || PRODUCT.matcher(name).lookingAt()) {
        sh("cp -R -- \"$1\" \"$2\"", entry, copy);
        copied.add(copy.resolve(name).toString());
      }
    }
    sh("chmod -R a+rX \"$1\"", copy);
    classPath = String.join(File.pathSeparator, copied);
    agents = List.of(); // which others cannot read
  }

  /** The command line of the program as a process of its own. */
  List<String> command(String... arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xshare:auto",
                "-Ddeferredsync.home=" + home,
                "-cp",
                classPath,
                Main.class.getName()));
    command.addAll(1, agents);
    command.addAll(List.of(arguments));
    return command;
  }

  /** As a process that gives a command several times: their number comes first. */
  List<String> often() throws Exception {
    Path classes = scratch.resolve("often");
    String file = Often.class.getName().replace('.', '/') + ".class";
    Path copy = classes.resolve(file);
    Files.createDirectories(copy.getParent());
    try (InputStream in = requireNonNull(Often.class.getClassLoader().getResourceAsStream(file))) {
      Files.copy(in, copy);
    }
    List<String> command = command();
    command.replaceAll(
        word ->
            word.equals(classPath)
                ? word + File.pathSeparator + classes
                : word.equals(Main.class.getName()) ? Often.class.getName() : word);
    return command;
  }

  /** Starts a command line with this environment alone beside the installation's. */
  Process start(Map<String, String> environment, List<String> command) throws IOException {
    int number = processes++;
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(scratch.toFile())
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectOutput(scratch.resolve("out" + number).toFile())
            .redirectError(scratch.resolve("err" + number).toFile());
    builder.environment().clear();
    builder.environment().putAll(variables);
    builder.environment().putAll(environment);
    return builder.start();
  }

  /** Runs a command line as a process and waits for its end. */
  Ran process(Map<String, String> environment, List<String> command) throws Exception {
    int number = processes;
    Process process = start(environment, command);
    if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError("still running after " + SECONDS + " s: " + command);
    }
    return new Ran(
        process.exitValue(),
        Files.readString(scratch.resolve("out" + number), StandardCharsets.ISO_8859_1),
        Files.readString(scratch.resolve("err" + number), StandardCharsets.ISO_8859_1));
  }

  /** Runs lines of shell, which find the parameters in {@code $1} and so on. */
  Ran sh(String script, Object... parameters) throws Exception {
    List<String> command = new ArrayList<>(List.of("/bin/sh", "-eu", "-c", script, "sh"));
    Stream.of(parameters).map(Object::toString).forEach(command::add);
    return process(Map.of("LC_ALL", "C"), command);
  }

  static boolean isRoot() {
    return System.getProperty("user.name", "").equals("root");
  }

  private void forgetReports() throws IOException {
    if (!isRoot()) {
      return;
    }
    byte[] name = configuration().toString().getBytes(StandardCharsets.UTF_8);
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(name);
      Files.deleteIfExists(
          Path.of("/var/lib/deferred-sync/reports", HexFormat.of().formatHex(hash, 0, 8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private boolean isOurs(Path entry) throws IOException {
    try {
      String text = Files.readString(entry);
      String encoded = URLEncoder.encode(scratch + "/", StandardCharsets.UTF_8);
      return text.contains("\n" + scratch + "/") || text.contains(" " + encoded);
    } catch (NoSuchFileException e) {
      return false; // that of another test, which runs at the same time
    }
  }

  /** Takes away what a target and a mail leave outside themselves when root is at work. */
  @Override
  public void close() throws IOException {
    forgetReports();
    forget(Path.of("/var/lib/deferred-sync/targets"));
    forget(Path.of("/var/lib/deferred-sync/dumps"));
    clear();
  }

  private void forget(Path registry) throws IOException {
    if (isRoot() && Files.isDirectory(registry)) {
      List<Path> entries = new ArrayList<>();
      try (Stream<Path> files = Files.list(registry)) {
        files.forEach(entries::add);
      }
      for (Path entry : entries) {
        if (isOurs(entry)) {
          Files.delete(entry);
        }
      }
    }
  }

  private void clear() throws IOException {
    // Names and modes that Java would stumble over.
    Process cleaner =
        new ProcessBuilder(
                "/bin/sh",
                "-c",
                "chmod -R u+rwx \"$1\" 2>&1; rm -rf -- \"$1\"/*",
                "sh",
                scratch.toString())
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    cleaner.onExit().join();
  }
}
