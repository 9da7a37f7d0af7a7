package org.deferredsync.report;

import jakarta.activation.DataHandler;
import jakarta.mail.Address;
import jakarta.mail.Message;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeBodyPart;
import jakarta.mail.internet.MimeMessage;
import jakarta.mail.internet.MimeMultipart;
import jakarta.mail.util.ByteArrayDataSource;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Properties;
import java.util.zip.GZIPInputStream;
import org.deferredsync.logging.RunLog;

/**
 * One mail, complete but for its sender: the summary as text, and the log of the run, which is
 * compressed where it is long.
 */
final class Mail {
  /** A log of up to so many bytes is attached as it is. */
  static final long LONG = 100_000;

  private final List<String> addresses;
  private final MimeMessage message;

  private Mail(List<String> addresses, MimeMessage message) {
    this.addresses = List.copyOf(addresses);
    this.message = message;
  }

  static Mail of(MailSettings settings, RunReport report, News news, RunLog log, Clock clock)
      throws MailException {
    Properties properties = new Properties();
    // Or the name of this host would be looked up in the network, for the message's id.
    properties.setProperty("mail.host", report.host().replaceAll("[^A-Za-z0-9.-]", "-"));
    properties.setProperty("mail.user", "deferred-sync");
    try {
      MimeMessage message = new MimeMessage(Session.getInstance(properties));
      message.setRecipients(Message.RecipientType.TO, to(settings.addresses()));
      message.setSubject(Mailer.verdict(report) + ": " + settings.subject(), "UTF-8");
      message.setSentDate(Date.from(clock.instant()));
      message.setHeader("Auto-Submitted", "auto-generated");
      boolean compressed = log.bytes() > LONG;
      MimeBodyPart text = new MimeBodyPart();
      text.setText(Summary.of(report, news, about(log, compressed)), "UTF-8");
      MimeMultipart parts = new MimeMultipart(text, attachment(log, compressed));
      message.setContent(parts);
      message.saveChanges();
      return new Mail(settings.addresses(), message);
    } catch (MessagingException | IOException e) {
      throw new MailException("it cannot be written (" + e.getMessage() + ")", e);
    }
  }

  private static Address[] to(List<String> addresses) throws MessagingException {
    List<Address> all = new ArrayList<>();
    for (String address : addresses) {
      all.add(new InternetAddress(address, false));
    }
    return all.toArray(Address[]::new);
  }

  private static String about(RunLog log, boolean compressed) {
    return "The log of this run is attached"
        + (compressed ? ", compressed" : "")
        + (log.dropped() == 0
            ? "."
            : "; its last " + log.dropped() + " records stand in JOBLOG alone.");
  }

  private static MimeBodyPart attachment(RunLog log, boolean compressed)
      throws MessagingException, IOException {
    byte[] bytes = log.compressed();
    MimeBodyPart part = new MimeBodyPart();
    if (compressed) {
      part.setDataHandler(new DataHandler(new ByteArrayDataSource(bytes, "application/gzip")));
      part.setFileName("sync.log.gz");
    } else {
      ByteArrayOutputStream plain = new ByteArrayOutputStream();
      try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
        in.transferTo(plain);
      }
      part.setDataHandler(
          new DataHandler(
              new ByteArrayDataSource(plain.toByteArray(), "text/plain; charset=UTF-8")));
      part.setFileName("sync.log");
    }
    part.setDisposition(MimeBodyPart.ATTACHMENT);
    return part;
  }

  List<String> addresses() {
    return addresses;
  }

  MimeMessage message() {
    return message;
  }
}
