package org.deferredsync.config;

import static org.deferredsync.config.KnownSetting.setting;

import java.util.List;
import org.deferredsync.config.KnownSetting.Check;

/** The settings of the plugins that push to other hosts and fetch from them. */
final class KnownRemoteSettings {
  static final List<KnownSetting> ALL =
      List.of(
          setting("REMOTE_HOSTS", "remote_server_name_or_IP", "backup_to_remote: the hosts"),
          setting(
              "REMOTE_DIR", "/home/remote/$(hostname)", "backup_to_remote: the directory there"),
          setting("BACKUPUSER", "root", "backup_to_remote: the user there"),
          setting(
              "PUSH_PARALLEL",
              "1",
              "backup_to_remote: how many hosts are pushed to at once",
              (s, key) -> s.wholeNumber(key, 1, 64)),
          setting(
              "PUSH_FULL_DAYS",
              "7",
              "backup_to_remote: days until everything is compared again",
              (s, key) -> s.wholeNumber(key, 1, 36_500)),
          setting("GET_HOSTS", "remote_server_name_or_IP", "get_remote_dir: the hosts"),
          setting("GET_REMOTE_DIRS", "/home/backup", "get_remote_dir: the directories there"),
          setting("GET_TARGET_DIR", "/home/remote", "get_remote_dir: the directory here"),
          setting("REMOTE_USER", "root", "get_remote_dir: the user there"),
          setting(
              "GET_PARALLEL",
              "4",
              "get_remote_dir: how many directories are fetched at once",
              (s, key) -> s.wholeNumber(key, 1, 64)),
          setting(
              "GET_HISTORY",
              "false",
              "get_remote_dir: keep what a run displaces, for EXPIREDAYS",
              (s, key) -> s.flag(key)),
          setting("SSH_CONFIG", "", "push and pull: instead of ssh_config", Check.PATH_OR_EMPTY),
          setting(
              "SSH_IDENTITY",
              "",
              "push and pull: the private key, instead of what ssh would use",
              Check.PATH_OR_EMPTY),
          setting(
              "SSH_KNOWN_HOSTS",
              "",
              "push and pull: the file with keys of hosts, instead of what ssh would use",
              Check.PATH_OR_EMPTY),
          setting(
              "SSH_TIMEOUT",
              "20s",
              "push and pull: how long a host may be silent",
              (s, key) -> KnownSettings.sshTimeout(s)),
          setting(
              "BWLIMIT",
              "",
              "push and pull: KiB a second, or as rsync takes it, such as 2m; empty for no limit",
              (s, key) -> KnownSettings.bandwidth(s)));

  private KnownRemoteSettings() {}
}
