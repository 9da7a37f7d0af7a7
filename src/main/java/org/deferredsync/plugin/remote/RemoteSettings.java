package org.deferredsync.plugin.remote;

import java.util.ArrayList;
import java.util.List;
import org.deferredsync.config.KnownSettings;
import org.deferredsync.config.SettingException;
import org.deferredsync.config.Settings;
import org.deferredsync.plugin.ReturnCode;
import org.deferredsync.remote.RemoteException;
import org.deferredsync.remote.RemoteHost;
import org.deferredsync.remote.RemotePath;
import org.deferredsync.remote.SshSettings;

/** The settings of push and pull, checked before any connection is made. */
public final class RemoteSettings {
  private static final String EXAMPLE = "remote_server_name_or_IP";

  private RemoteSettings() {}

  /**
   * The hosts that {@code key} names.
   *
   * @param userKey the setting of who logs in where an entry does not say
   * @throws SettingException if it names none, or what is none
   */
  public static List<RemoteHost> hosts(Settings settings, String key, String userKey)
      throws SettingException {
    String user = settings.text(userKey).strip();
    try {
      RemoteHost.parse("host", user);
    } catch (IllegalArgumentException e) {
      throw settings.invalid(userKey, "is refused: " + e.getMessage());
    }
    List<RemoteHost> hosts = new ArrayList<>();
    for (String word : settings.list(key)) {
      if (word.equals(EXAMPLE)) {
        throw settings.invalid(key, "is the example's; name your hosts");
      }
      try {
        hosts.add(RemoteHost.parse(word, user));
      } catch (IllegalArgumentException e) {
        throw settings.invalid(key, "is refused: " + e.getMessage());
      }
    }
    if (hosts.isEmpty()) {
      throw settings.invalid(key, "names no host; set it");
    }
    return hosts;
  }

  /**
   * The host of one entry.
   *
   * @param userKey the setting of who logs in where the entry does not say
   * @throws SettingException if it is none
   */
  public static RemoteHost host(Settings settings, String entry, String userKey)
      throws SettingException {
    try {
      return RemoteHost.parse(entry, settings.text(userKey).strip());
    } catch (IllegalArgumentException e) {
      throw new SettingException("the host is refused: " + e.getMessage());
    }
  }

  /**
   * The directories on a host that {@code key} names.
   *
   * @throws SettingException if it names none, or what is none
   */
  public static List<RemotePath> paths(Settings settings, String key) throws SettingException {
    List<RemotePath> paths = new ArrayList<>();
    for (String word : settings.list(key)) {
      try {
        paths.add(RemotePath.parse(word));
      } catch (IllegalArgumentException e) {
        throw settings.invalid(key, "is refused: " + e.getMessage());
      }
    }
    if (paths.isEmpty()) {
      throw settings.invalid(key, "names no directory; set it");
    }
    return paths;
  }

  /** How ssh is used. */
  public static SshSettings ssh(Settings settings) throws SettingException {
    SshSettings ssh =
        new SshSettings(
            settings.path("SSH_CONFIG").orElse(null),
            settings.path("SSH_IDENTITY").orElse(null),
            settings.path("SSH_KNOWN_HOSTS").orElse(null),
            KnownSettings.sshTimeout(settings));
    if (ssh.unreadable().isPresent()) {
      throw new SettingException(
          ssh.unreadable().get()
              + ": ssh would not read this as one path; name a file without blanks, quotes, \\ % $ ~");
    }
    return ssh;
  }

  /** What a plugin answers to trouble with a host. */
  static ReturnCode code(RemoteException trouble) {
    return switch (trouble.kind()) {
      case NETWORK -> ReturnCode.NETWORK;
      case FAILURE -> ReturnCode.FAILURE;
      case PREREQUISITE -> ReturnCode.PREREQUISITE;
    };
  }
}
