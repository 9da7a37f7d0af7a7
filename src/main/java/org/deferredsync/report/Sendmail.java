package org.deferredsync.report;

import jakarta.mail.MessagingException;
import java.io.ByteArrayOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.deferredsync.process.Command;
import org.deferredsync.process.CommandResult;
import org.deferredsync.process.CommandRunner;

/**
 * A program of this host that takes mail as sendmail(8) does: the whole of it on standard input,
 * the addresses behind the options. It adds the sender.
 */
record Sendmail(Path program, CommandRunner commands) {
  private static final Duration LIMIT = Duration.ofMinutes(2);

  void send(Mail mail) throws MailException, InterruptedException {
    List<String> arguments = new ArrayList<>(List.of(program.toString(), "-i", "--"));
    arguments.addAll(mail.addresses());
    List<String> said = new ArrayList<>();
    CommandResult result =
        commands.run(
            // It may go on delivering when it has taken the mail.
            Command.of(arguments).reading(bytes(mail)).within(LIMIT).leavingServices(),
            said::add,
            said::add);
    if (!result.started()) {
      throw new MailException(
          program
              + " "
              + result.describe()
              + "; install a program that takes mail, or set SENDMAIL or SMTP_HOST");
    }
    if (!result.succeeded()) {
      throw new MailException(
          program
              + " "
              + result.describe()
              + (said.isEmpty() ? "" : ": " + said.get(said.size() - 1)));
    }
  }

  /** With the ends of lines that programs of Unix expect. */
  private static byte[] bytes(Mail mail) throws MailException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      mail.message().writeTo(new UnixLines(bytes));
    } catch (MessagingException | IOException e) {
      throw new MailException("it cannot be written (" + e.getMessage() + ")", e);
    }
    return bytes.toByteArray();
  }

  /** Leaves out every CR; what has others is encoded. */
  private static final class UnixLines extends FilterOutputStream {
    UnixLines(OutputStream out) {
      super(out);
    }

    @Override
    public void write(int b) throws IOException {
      if (b != '\r') {
        out.write(b);
      }
    }
  }
}
