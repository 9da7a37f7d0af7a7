package org.deferredsync.report;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.deferredsync.config.MailKeys;
import org.deferredsync.config.Secrets;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.Settings;
import org.deferredsync.config.TrustedPath;

/**
 * Who is mailed what and when.
 *
 * @param addresses at least one
 * @param subject without the verdict
 * @param sendmail the program that takes the mail where there is no server
 * @param server the server that takes it
 */
public record MailSettings(
    List<String> addresses,
    MailKeys.On on,
    String subject,
    Path sendmail,
    Optional<Server> server) {
  public MailSettings {
    addresses = List.copyOf(addresses);
  }

  /**
   * A mail server.
   *
   * @param user the account there; empty for none
   */
  record Server(String host, int port, MailKeys.Tls tls, String user, String password) {
    @Override
    public String toString() {
      return host + ":" + port;
    }
  }

  /**
   * The settings, if anybody is to be mailed.
   *
   * @throws SettingException if one is malformed, or the password cannot be read
   */
  public static Optional<MailSettings> of(
      Settings settings, Map<String, String> environment, TrustedPath trust)
      throws SettingException {
    List<String> addresses = MailKeys.addresses(settings);
    if (addresses.isEmpty()) {
      return Optional.empty();
    }
    settings.required("SENDMAIL");
    return Optional.of(
        new MailSettings(
            addresses,
            MailKeys.on(settings),
            MailKeys.subject(settings),
            settings.path("SENDMAIL").orElseThrow(),
            server(settings, environment, trust)));
  }

  private static Optional<Server> server(
      Settings settings, Map<String, String> environment, TrustedPath trust)
      throws SettingException {
    String host = MailKeys.smtpHost(settings);
    if (host.isEmpty()) {
      return Optional.empty();
    }
    String user = settings.text("SMTP_USER").strip();
    String password = "";
    if (!user.isEmpty()) {
      password =
          new Secrets(settings, environment, trust)
              .find("SMTP_PASS")
              .orElseThrow(
                  () -> settings.invalid("SMTP_USER", "has no password; set SMTP_PASS_FILE"));
    }
    return Optional.of(
        new Server(host, MailKeys.smtpPort(settings), MailKeys.tls(settings), user, password));
  }
}
