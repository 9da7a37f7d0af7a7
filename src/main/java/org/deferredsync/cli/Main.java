package org.deferredsync.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** The program's entry: streams in UTF-8 whatever the locale is, and the one exit. */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    PrintStream out = utf8(FileDescriptor.out, false);
    PrintStream err = utf8(FileDescriptor.err, true);
    System.setOut(out);
    System.setErr(err);
    RawArguments raw = new RawArguments(arguments);
    int status = new CommandLineProgram(arguments, raw, out, err, System.getenv()).run();
    out.flush();
    if (status == 0 && out.checkError()) {
      err.println("deferred-sync: standard output could not be written.");
      status = ExitStatus.FAILURE;
    }
    System.exit(status);
  }

  private static PrintStream utf8(FileDescriptor descriptor, boolean flushLines) {
    return new PrintStream(
        new BufferedOutputStream(new FileOutputStream(descriptor), 8192),
        flushLines,
        StandardCharsets.UTF_8);
  }
}
