package org.deferredsync.remote;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.deferredsync.logging.Printable;

/**
 * A host as the operator writes it, {@code [user@]host[:port]}: a name, an alias of ssh_config or
 * an address, IPv6 in brackets. No part of it can be read as an option, as another host or by a
 * shell.
 *
 * @param user empty if ssh is to choose
 * @param host without brackets
 * @param port 0 if ssh is to choose
 */
public record RemoteHost(String user, String host, int port) {
  private static final Pattern ENTRY =
      Pattern.compile("(?:([^@]*)@)?(?:\\[([^\\]]*)\\]|([^:\\[\\]]*))(?::([0-9]{1,5}))?");
  private static final Pattern USER = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}");
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}");
  private static final Pattern IPV6 =
      Pattern.compile("[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(%[A-Za-z0-9_.-]+)?");
  private static final int PORTS = 65_535;

  public RemoteHost {
    if (!user.isEmpty() && !USER.matcher(user).matches()) {
      throw new IllegalArgumentException(
          Printable.of(user) + " is no user's name; letters, digits and . _ - make one");
    }
    if (!NAME.matcher(host).matches() && !IPV6.matcher(host).matches()) {
      throw new IllegalArgumentException(
          Printable.of(host)
              + " is no host; write a name of letters, digits and . _ -, or an address");
    }
    if (port < 0 || port > PORTS) {
      throw new IllegalArgumentException(port + " is no port; write one from 1 to " + PORTS);
    }
  }

  /**
   * Reads an entry.
   *
   * @param user who logs in where the entry does not say; may be empty
   * @throws IllegalArgumentException if it is none, with the reason
   */
  public static RemoteHost parse(String entry, String user) {
    Matcher matcher = ENTRY.matcher(entry);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          Printable.of(entry) + " is not [user@]host[:port]; an IPv6 address stands in brackets");
    }
    String named = matcher.group(1);
    if (named != null && named.isEmpty()) {
      throw new IllegalArgumentException(Printable.of(entry) + " names no user before the @");
    }
    String port = matcher.group(4);
    if (port != null && Integer.parseInt(port) == 0) {
      throw new IllegalArgumentException("0 is no port; write one from 1 to " + PORTS);
    }
    String address = matcher.group(2);
    if (address != null && !IPV6.matcher(address).matches()) {
      throw new IllegalArgumentException(
          Printable.of(address) + " is no IPv6 address, though it stands in brackets");
    }
    return new RemoteHost(
        named == null ? user : named,
        address == null ? matcher.group(3) : address,
        port == null ? 0 : Integer.parseInt(port));
  }

  /** What ssh is told: {@code user@host}. */
  public String destination() {
    return user.isEmpty() ? host : user + "@" + host;
  }

  /** What rsync is told of a path there. */
  String location(RemotePath path) {
    String shown = host.indexOf(':') < 0 ? host : "[" + host + "]";
    return (user.isEmpty() ? "" : user + "@") + shown + ":" + path.text();
  }

  /** As the operator would write it, for people. */
  @Override
  public String toString() {
    String shown = host.indexOf(':') < 0 ? host : "[" + host + "]";
    return (user.isEmpty() ? "" : user + "@") + shown + (port == 0 ? "" : ":" + port);
  }
}
