package org.deferredsync.report;

import jakarta.mail.Address;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.util.Properties;
import javax.net.ssl.SSLSocketFactory;
import org.deferredsync.config.MailKeys.Tls;
import org.deferredsync.logging.Printable;
import org.jspecify.annotations.Nullable;

/** A mail server. Where TLS is asked for, nothing is said without it, nor to another host. */
final class Smtp {
  private static final String TIMEOUT = "30000";

  private final MailSettings.Server server;
  private final @Nullable SSLSocketFactory sockets;

  Smtp(MailSettings.Server server) {
    this(server, null);
  }

  /**
   * @param sockets what makes TLS connections; null for what this host trusts
   */
  Smtp(MailSettings.Server server, @Nullable SSLSocketFactory sockets) {
    this.server = server;
    this.sockets = sockets;
  }

  void send(Mail mail) throws MailException {
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
    properties.put("mail.smtp.connectiontimeout", TIMEOUT);
    properties.put("mail.smtp.timeout", TIMEOUT);
    properties.put("mail.smtp.writetimeout", TIMEOUT);
    if (sockets != null) {
      properties.put("mail.smtp.ssl.socketFactory", sockets);
    }
    return properties;
  }
}
