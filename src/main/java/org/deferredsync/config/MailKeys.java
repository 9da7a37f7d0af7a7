package org.deferredsync.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.deferredsync.logging.Printable;

/**
 * The settings of mail, so that nothing in them can be an option, a program, a file or a header
 * line.
 */
public final class MailKeys {
  /** A user of this host, or an address: nothing that a mail program takes for anything else. */
  private static final Pattern ADDRESS =
      Pattern.compile(
          "[A-Za-z0-9_][A-Za-z0-9._+=#%-]*(?:@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)?");

  private static final Pattern HOST =
      Pattern.compile("[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+");

  /** This host, by a name that is nobody else's (RFC 6761) or by number. */
  private static final Pattern LOOPBACK =
      Pattern.compile("(?i)(?:.+\\.)?localhost\\.?|127(?:\\.[0-9]{1,3}){1,3}|::1");

  private MailKeys() {}

  /** When there is a mail. */
  public enum On {
    ALWAYS,
    /** After a run whose status is not 0. */
    TROUBLE,
    /** After a run with other codes or warnings than the one before. */
    CHANGE
  }

  /** How the connection to a server is kept secret. */
  public enum Tls {
    /** Begun plainly, and never used without TLS. */
    STARTTLS(587),
    /** From the first byte. */
    TLS(465),
    NONE(25);

    private final int port;

    Tls(int port) {
      this.port = port;
    }
  }

  /** Who gets the mail; nobody where that is empty. */
  public static List<String> addresses(Settings settings) throws SettingException {
    List<String> addresses = new ArrayList<>();
    String text = settings.text("ADMIN_MAIL_ADDRESS");
    for (String address : text.strip().split("[ \t\r\n,]+", -1)) {
      if (ADDRESS.matcher(address).matches()) {
        addresses.add(address);
      } else if (!address.isEmpty()) {
        throw settings.invalid(
            "ADMIN_MAIL_ADDRESS",
            "names "
                + Printable.of(address)
                + ", which is no address; write one such as"
                + " root@localhost");
      }
    }
    return addresses;
  }

  /** When there is a mail. */
  public static On on(Settings settings) throws SettingException {
    return choice(settings, "MAIL_ON", On.values(), "always, trouble nor change");
  }

  /** The subject without the verdict, one line. */
  public static String subject(Settings settings) throws SettingException {
    String subject = settings.required("MAIL_SUBJECT");
    if (!Printable.of(subject).equals(subject)) {
      throw settings.invalid(
          "MAIL_SUBJECT", "has a character that cannot stand in one line; write plain text");
    }
    return subject;
  }

  /** The server that takes the mail; empty where the local program does. */
  public static String smtpHost(Settings settings) throws SettingException {
    String host = settings.text("SMTP_HOST").strip();
    if (!host.isEmpty() && !HOST.matcher(host).matches()) {
      throw settings.invalid("SMTP_HOST", "is no name or address of a host");
    }
    return host;
  }

  public static Tls tls(Settings settings) throws SettingException {
    return choice(settings, "SMTP_TLS", Tls.values(), "starttls, tls nor none");
  }

  /** The port of that server: as set, or the usual one. */
  public static int smtpPort(Settings settings) throws SettingException {
    return settings.text("SMTP_PORT").isBlank()
        ? tls(settings).port
        : settings.wholeNumber("SMTP_PORT", 1, 65_535);
  }

  /**
   * What an operator should know of settings that are well-formed: a password that others on the
   * way can read.
   *
   * @throws SettingException if they are not well-formed
   */
  static Optional<String> doubt(Settings settings) throws SettingException {
    String host = smtpHost(settings);
    boolean loggedIn =
        !addresses(settings).isEmpty() && !host.isEmpty() && !settings.text("SMTP_USER").isBlank();
    if (!loggedIn || tls(settings) != Tls.NONE || LOOPBACK.matcher(host).matches()) {
      return Optional.empty();
    }
    String why =
        "sends the password of SMTP_USER to "
            + host
            + " in clear; write starttls or tls, or take SMTP_USER out";
    return Optional.of(String.valueOf(settings.invalid("SMTP_TLS", why).getMessage()));
  }

  private static <E extends Enum<E>> E choice(
      Settings settings, String key, E[] choices, String names) throws SettingException {
    String text = settings.text(key).strip().toUpperCase(Locale.ROOT);
    for (E choice : choices) {
      if (choice.name().equals(text)) {
        return choice;
      }
    }
    throw settings.invalid(key, "is neither " + names);
  }
}
