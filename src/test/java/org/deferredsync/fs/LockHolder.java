package org.deferredsync.fs;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Another process that takes a lock, says so, and holds it until its standard input ends. */
final class LockHolder {
  private LockHolder() {}

  /** Starts the process; what it says is on its standard output. */
  static Process start(Path directory, String name, boolean exclusive, String... options)
      throws Exception {
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-cp", classPath, "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of(options));
    command.add(LockHolder.class.getName());
    command.addAll(List.of(directory.toString(), name, Boolean.toString(exclusive)));
    return new ProcessBuilder(command).start();
  }

  public static void main(String[] args) throws Exception {
    Posix posix = Posix.ofSystem();
    int directory = posix.openPath(args[0].getBytes(StandardCharsets.UTF_8));
    int file = posix.openOwn(directory, args[1].getBytes(StandardCharsets.UTF_8), 0600);
    boolean held = posix.lock(file, 0, Boolean.parseBoolean(args[2]));
    System.out.println(held ? "held" : "refused");
    while (System.in.read() != -1) {
      // Until the other side closes it.
    }
  }
}
