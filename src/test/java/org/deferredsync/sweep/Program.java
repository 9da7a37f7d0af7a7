package org.deferredsync.sweep;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The program as a process of its own, started the way its launcher does: from a jar, with native
 * libraries beside it and with class data, so that a run takes less than half a second. One
 * configuration, one source, one target; beside them nothing but a log.
 */
public final class Program {
  private static final int LONGEST_SECONDS = 1_200;
  private static final Object CLASS_DATA = new Object();
  private static final Path REGISTRY = Path.of("/var/lib/deferred-sync/targets");

  private final Path scratch;
  private final Path home;
  private final Path log;
  private final List<String> java;
  private int processes;

  /** How a process ended, and after how many milliseconds. */
  public record Ended(int status, long life, List<String> records, String err) {
    /** What it warned of or failed with, in the log and on its standard error. */
    public List<String> complaints() {
      return Stream.concat(
              records.stream().filter(line -> !line.startsWith("[INFO] ")), err.lines())
          .toList();
    }

    /** Whether the log has a record with this text. */
    public boolean says(String text) {
      return records.stream().anyMatch(line -> line.contains(text));
    }

    /** Whether it came to its own end, whatever that was. */
    public boolean endedByItself() {
      return status < 128;
    }
  }

  /**
   * Makes its configuration.
   *
   * @param settings further lines of sync.conf
   */
  public Program(Path scratch, Path source, Path target, String... settings) throws IOException {
    this.scratch = scratch;
    this.home = scratch.resolve("home");
    this.log = home.resolve("log/sync.log");
    for (String directory : List.of("config", "lib/plugins", "log")) {
      Files.createDirectories(home.resolve(directory));
    }
    Path configuration = home.resolve("config/sync.conf");
    Files.writeString(
        configuration,
        "JOBLOG=$SCRIPT_HOME/log/sync.log\nSTARTSCRIPT=\nENDSCRIPT=\nEXCLUDEFILE=\n"
            + "PLUGINS=incremental_backup\nGUARD_PERCENT=100\nBACKUPDIRS="
            + source
            + "\nBACKUPTO="
            + target
            + "\n"
            + String.join("\n", settings)
            + "\n");
    Files.setPosixFilePermissions(configuration, PosixFilePermissions.fromString("rw-r--r--"));
    for (Path each : List.of(home, home.resolve("config"), home.resolve("log"))) {
      Files.setPosixFilePermissions(each, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    java = ProgramImage.command(home);
  }

  /**
   * Runs the job for the first time; the JVM keeps the classes of it, with which every later run
   * begins sooner.
   */
  public Ended runFirst() throws Exception {
    Path archive = ProgramImage.directory().resolve("classes.jsa");
    Ended ended;
    synchronized (CLASS_DATA) {
      if (!Files.exists(archive)) {
        java.add(1, "-XX:ArchiveClassesAtExit=" + archive);
        ended = run();
        java.set(1, "-XX:SharedArchiveFile=" + archive);
        return ended;
      }
    }
    java.add(1, "-XX:SharedArchiveFile=" + archive);
    return run();
  }

  /** Whether it uses nothing that lies in a directory, the Java runtime apart. */
  public boolean isApartFrom(String directory) {
    return java.stream()
        .skip(1)
        .flatMap(word -> Stream.of(word.split("[:=]", -1)))
        .noneMatch(path -> path.startsWith(directory + "/"));
  }

  /** The command line. */
  public List<String> command(String... arguments) {
    List<String> command = new ArrayList<>(java);
    command.add("org.deferredsync.cli.Main");
    command.addAll(List.of(arguments));
    return command;
  }

  /** Gives every later run a heap of so many megabytes. */
  public void setHeap(int megabytes) {
    java.replaceAll(word -> word.startsWith("-Xmx") ? "-Xmx" + megabytes + "m" : word);
  }

  /** Starts a process with these words before its command line. */
  public Running start(List<String> before, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(before);
    command.addAll(command(arguments));
    Path err = scratch.resolve("err" + processes++);
    long logged = Files.exists(log) ? Files.size(log) : 0;
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(scratch.toFile())
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectError(err.toFile());
    builder.environment().clear();
    builder.environment().put("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    return new Running(builder.start(), err, logged);
  }

  /** Runs the job to its end. */
  public Ended run() throws Exception {
    return start(List.of(), "run").end();
  }

  /** A process that has been started. */
  public final class Running {
    private final Process process;
    private final Path err;
    private final long logged;
    private final long began = System.nanoTime();

    private Running(Process process, Path err, long logged) {
      this.process = process;
      this.err = err;
      this.logged = logged;
    }

    public Process process() {
      return process;
    }

    /** Waits so many milliseconds, or less if it ends before; then true. */
    public boolean endsWithin(long milliseconds) throws InterruptedException {
      return process.waitFor(milliseconds, TimeUnit.MILLISECONDS);
    }

    /** Waits for its end. */
    public Ended end() throws Exception {
      if (!process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
        throw new AssertionError("still running after " + LONGEST_SECONDS + " s");
      }
      String said = Files.readString(err, StandardCharsets.ISO_8859_1);
      Files.delete(err);
      long life = (System.nanoTime() - began) / 1_000_000;
      return new Ended(process.exitValue(), life, records(), said);
    }

    private List<String> records() throws IOException {
      if (!Files.exists(log)) {
        return List.of();
      }
      byte[] all = Files.readAllBytes(log);
      int from = (int) Math.min(logged, all.length);
      return new String(all, from, all.length - from, StandardCharsets.UTF_8).lines().toList();
    }
  }

  /** Takes away what the targets in the scratch directory leave outside of them. */
  public void forget() throws IOException {
    if (!Files.isDirectory(REGISTRY)) {
      return;
    }
    try (Stream<Path> entries = Files.list(REGISTRY)) {
      for (Path entry : entries.toList()) {
        try {
          if (Files.readString(entry).contains("\n" + scratch + "/")) {
            Files.delete(entry);
          }
        } catch (NoSuchFileException e) {
          // that of another test, which runs at the same time
        }
      }
    }
  }
}
