package org.deferredsync.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.deferredsync.cli.Operator.Job;
import org.deferredsync.cli.Operator.Ran;

/** Somebody who dumps databases to a directory, and what lies in it. */
final class DumpGround implements AutoCloseable {
  private static final int NO_MOUNTS = 99;
  private static final int SECONDS = 60;

  final Operator operator;
  final Path dumps;
  private final String plugin;
  private List<String> settings = List.of();

  DumpGround(Path scratch, String plugin) throws Exception {
    operator = new Operator(scratch);
    dumps = Files.createDirectory(operator.scratch.resolve("dumps"));
    this.plugin = plugin;
  }

  /** Sets these for all runs to come. */
  void configure(String... lines) throws IOException {
    settings = List.of(lines);
    List<String> all = new ArrayList<>(List.of("PLUGINS=" + plugin));
    all.addAll(settings);
    operator.configure(all.toArray(new String[0]));
  }

  /** Sets these over the ones before. */
  void configureAlso(String... lines) throws IOException {
    List<String> before = settings;
    List<String> all = new ArrayList<>(before);
    all.addAll(List.of(lines));
    configure(all.toArray(new String[0]));
    settings = before;
  }

  Job run() throws IOException {
    return operator.job("run");
  }

  /** A run that succeeds. */
  Job good() throws IOException {
    Job job = run();
    assertThat(job.status()).as("%s", job.records()).isZero();
    return job;
  }

  /** A drill, in a place that every user can pass through. */
  Ran drill(String... options) throws IOException {
    return operator.run(drillCommand(options));
  }

  private String[] drillCommand(String... options) throws IOException {
    Files.setPosixFilePermissions(operator.scratch, PosixFilePermissions.fromString("rwx--x--x"));
    List<String> all = new ArrayList<>(List.of("drill", "--dumps", "--dir", operator.scratch + ""));
    all.addAll(List.of(options));
    return all.toArray(new String[0]);
  }

  /**
   * Sends a drill a signal as soon as its server runs, and waits for the end of both.
   *
   * @param mark what the server has in its arguments beside the place of the drill
   * @return the exit status of the drill
   */
  int drillMeeting(String signal, String server, String mark) throws Exception {
    Process drill = operator.start(Map.of(), operator.command(drillCommand()));
    String argument = mark + operator.scratch + "/drill-";
    await(server + " of the drill", () -> running(server, argument).isPresent());
    // One that answers nothing in between holds the drill back from its own end.
    operator.sh(
        "kill -STOP \"$3\"; kill -\"$1\" \"$2\"; kill -CONT \"$3\"",
        signal,
        drill.pid(),
        running(server, argument).orElseThrow().pid());
    assertThat(drill.waitFor(SECONDS, TimeUnit.SECONDS)).isTrue();
    await("the end of " + server, () -> running(server, argument).isEmpty());
    return drill.exitValue();
  }

  /** The directories that drills have now. */
  List<String> drills() throws IOException {
    try (Stream<Path> files = Files.list(operator.scratch)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.startsWith("drill-"))
          .toList();
    }
  }

  /** What the plugin said, without level and time. */
  List<String> said(Job job) {
    String mark = " " + plugin + ": ";
    return job.records().stream()
        .filter(line -> line.contains(mark))
        .map(line -> line.substring(line.indexOf(mark) + mark.length()))
        .toList();
  }

  /** The names in the directory of the dumps. */
  List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(dumps)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  /** A dump's inode, time, size and mode: the file that it was before. */
  String identity(String name) throws IOException {
    return Files.readAttributes(
            dumps.resolve(name), "unix:ino,lastModifiedTime,size,mode", LinkOption.NOFOLLOW_LINKS)
        .toString();
  }

  /** The contents of a gzip file. */
  String contents(String name) throws Exception {
    Ran ran = operator.sh("gzip -dc \"$1\"", dumps.resolve(name));
    assertThat(ran.status()).as(ran.err()).isZero();
    return ran.out();
  }

  /**
   * Gives the commands of doc/OPERATIONS.md for that kind of database, as written but for paths.
   *
   * @param paths what stands for the document's paths here
   * @param programs what is to be called in the place of some programs, a line of shell each
   */
  Ran follow(String kind, Map<String, String> paths, Map<String, String> programs)
      throws Exception {
    Matcher block =
        Pattern.compile("(?ms)^```sh " + kind + "\n(.*?)^```$")
            .matcher(Files.readString(Path.of("doc/OPERATIONS.md")));
    assertThat(block.find()).as("commands for %s", kind).isTrue();
    String script = block.group(1);
    for (Map.Entry<String, String> path : paths.entrySet()) {
      assertThat(script).contains(path.getKey());
      script = script.replace(path.getKey(), path.getValue());
    }
    Path bin = Files.createDirectories(operator.scratch.resolve("bin"));
    for (Map.Entry<String, String> program : programs.entrySet()) {
      operator.trusted(bin.resolve(program.getKey()), "#!/bin/sh\n" + program.getValue() + "\n");
    }
    return operator.process(
        Map.of("PATH", bin + ":/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL", "C.UTF-8"),
        List.of("/bin/sh", "-eu", "-c", script));
  }

  /** Waits until something of the dump in the making is written. */
  void awaitBegun(String name) throws Exception {
    Path temporary = dumps.resolve("." + name + ".deferred-sync");
    await(temporary.toString(), () -> Files.exists(temporary));
  }

  private static void await(String what, Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
    while (!condition.call()) {
      assertThat(System.nanoTime()).as("no sign of %s", what).isLessThan(end);
      Thread.sleep(2);
    }
  }

  /** Ends a program of ours by force, once it runs with that in its arguments. */
  static void kill(String program, String argument) throws Exception {
    await(
        program,
        () ->
            ProcessHandle.current()
                .descendants()
                .filter(it -> runs(it, program, argument))
                .findFirst()
                .map(ProcessHandle::destroyForcibly)
                .isPresent());
  }

  private static Optional<ProcessHandle> running(String program, String argument) {
    return ProcessHandle.allProcesses().filter(it -> runs(it, program, argument)).findFirst();
  }

  private static boolean runs(ProcessHandle process, String program, String argument) {
    try {
      Path proc = Path.of("/proc/" + process.pid() + "/cmdline");
      List<String> words = List.of(Files.readString(proc).split("\0"));
      return words.get(0).endsWith(program)
          && words.stream().anyMatch(word -> word.contains(argument));
    } catch (IOException e) {
      return false;
    }
  }

  /** A run in another thread, which meets an accident. */
  Job runMeeting(Accident accident) throws Exception {
    CompletableFuture<Job> run =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return run();
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            });
    accident.happen();
    return run.get(SECONDS, TimeUnit.SECONDS);
  }

  /** Something that goes wrong. */
  interface Accident {
    void happen() throws Exception;
  }

  /**
   * Runs on a disk that is too small for the dump: with a good dump on it, after {@code growth},
   * shell that makes the database larger.
   *
   * @param kilobytes the size of the disk
   */
  Ran runOnFullDisk(String name, int kilobytes, String growth) throws Exception {
    List<String> command =
        new ArrayList<>(
            List.of(
                "unshare",
                "--mount",
                "/bin/sh",
                "-c",
                """
                dumps=$1 name=$2 size=$3 growth=$4; shift 4
                mount -t tmpfs -o size="$size"k,mode=0700 none "$dumps" || exit 99
                "$@" || echo "the first one exits with $?"
                before=$(sha256sum "$dumps/$name")
                sh -eu -c "$growth" || echo 'no growth'
                "$@"
                status=$?
                [ "$before" = "$(sha256sum "$dumps/$name")" ] && echo 'the last good one is whole'
                ls -A "$dumps"
                exit $status
                """,
                "sh",
                dumps.toString(),
                name,
                Integer.toString(kilobytes),
                growth));
    command.addAll(operator.command("run"));
    Ran ran = operator.process(Map.of("LC_ALL", "C.UTF-8"), command);
    assumeTrue(ran.status() != NO_MOUNTS, "no mounts here");
    return ran;
  }

  static String random(int bytes, long seed) {
    byte[] random = new byte[bytes];
    new java.util.Random(seed).nextBytes(random);
    return HexFormat.of().formatHex(random);
  }

  @Override
  public void close() throws IOException {
    operator.close();
  }
}
