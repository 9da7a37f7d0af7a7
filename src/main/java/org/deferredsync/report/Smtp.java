package org.deferredsync.report;

import jakarta.mail.Address;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLSocketFactory;
import org.deferredsync.config.MailKeys.Tls;
import org.deferredsync.logging.Printable;
import org.deferredsync.process.Durations;
import org.jspecify.annotations.Nullable;

/**
 * A mail server. Where TLS is asked for, nothing is said without it, nor to another host; and one
 * that is silent or slow is given up.
 */
final class Smtp {
  private static final Duration SILENCE = Duration.ofSeconds(30);
  private static final Duration LIMIT = Duration.ofMinutes(5);

  private final MailSettings.Server server;
  private final @Nullable SSLSocketFactory sockets;
  private final Duration silence;
  private final Duration limit;

  Smtp(MailSettings.Server server) {
    this(server, null, SILENCE, LIMIT);
  }

  /**
   * @param sockets what makes TLS connections; null for what this host trusts
   * @param silence how long the server may leave us without an answer
   * @param limit how long all of it may take, however often the server says something
   */
  Smtp(
      MailSettings.Server server,
      @Nullable SSLSocketFactory sockets,
      Duration silence,
      Duration limit) {
    this.server = server;
    this.sockets = sockets;
    this.silence = silence;
    this.limit = limit;
  }

  void send(Mail mail) throws MailException, InterruptedException {
    FutureTask<Void> task =
        new FutureTask<>(
            () -> {
              transmit(mail);
              return null;
            });
    // Nothing ends it while it looks up a name or reads one byte after the other: it is left alone.
    Thread thread = new Thread(task, "mail");
    thread.setDaemon(true);
    thread.start();
    try {
      task.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new MailException(
          server
              + " did not take it within "
              + Durations.format(limit)
              + "; look at that server, or set another SMTP_HOST",
          e);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      if (cause instanceof MailException known) {
        throw known;
      } else if (cause instanceof Error error) {
        throw error;
      }
      throw new IllegalStateException(cause);
    }
  }

  private void transmit(Mail mail) throws MailException {
    Session session = Session.getInstance(properties(mail));
    try (Transport transport = session.getTransport("smtp")) {
      MimeMessage message = mail.message();
      Address from = new InternetAddress(sender(message), false);
      message.setFrom(from);
      message.saveChanges();
      if (server.user().isEmpty()) {
        transport.connect();
      } else {
        transport.connect(server.user(), server.password());
      }
      transport.sendMessage(message, message.getAllRecipients());
    } catch (MessagingException e) {
      throw new MailException(
          server + ": " + Printable.of(cause(e)) + "; see SMTP_HOST, SMTP_TLS and SMTP_USER", e);
    }
  }

  private static String cause(MessagingException e) {
    Exception next = e.getNextException();
    String message = String.valueOf(e.getMessage()).strip();
    return next == null || next.getMessage() == null
        ? message
        : message + " (" + next.getMessage().strip() + ")";
  }

  /** The account, where that is an address: most servers take no other. */
  private String sender(MimeMessage message) {
    if (server.user().contains("@")) {
      return server.user();
    }
    return System.getProperty("user.name", "root") + "@" + host(message);
  }

  private static String host(MimeMessage message) {
    return message.getSession().getProperty("mail.host");
  }

  private Properties properties(Mail mail) {
    Properties properties = new Properties();
    properties.put("mail.smtp.host", server.host());
    properties.put("mail.smtp.port", String.valueOf(server.port()));
    properties.put("mail.smtp.localhost", host(mail.message()));
    properties.put("mail.smtp.auth", String.valueOf(!server.user().isEmpty()));
    properties.put("mail.smtp.starttls.enable", String.valueOf(server.tls() == Tls.STARTTLS));
    properties.put("mail.smtp.starttls.required", String.valueOf(server.tls() == Tls.STARTTLS));
    properties.put("mail.smtp.ssl.enable", String.valueOf(server.tls() == Tls.TLS));
    properties.put("mail.smtp.ssl.checkserveridentity", "true");
    String timeout = String.valueOf(silence.toMillis());
    properties.put("mail.smtp.connectiontimeout", timeout);
    properties.put("mail.smtp.timeout", timeout);
    properties.put("mail.smtp.writetimeout", timeout);
    if (sockets != null) {
      properties.put("mail.smtp.ssl.socketFactory", sockets);
    }
    return properties;
  }
}
