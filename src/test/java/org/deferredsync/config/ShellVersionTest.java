package org.deferredsync.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the shell version had, so that an operator of it finds it again. */
final class ShellVersionTest {
  @ParameterizedTest
  @CsvSource({
    "DRY_RUN, false",
    "EXCLUDEFILE, /opt/ds/config/exclude.conf",
    "JOBLOG, /var/log/deferred-sync/sync.log",
    "STARTSCRIPT, /opt/ds/lib/before",
    "ENDSCRIPT, /opt/ds/lib/after",
    "ADMIN_MAIL_ADDRESS, ''",
    "MAIL_SUBJECT, [cron][web1] Deferred Sync Log",
    "LOAD_PLUGINS_ALL, false",
    "PLUGINS, get_resources incremental_backup",
    "OLDKERNELS_COUNT, 2",
    "UBUNTU_ARCHITECTURE, generic",
    "MYSQL_DBS, mysql_db",
    "MYSQL_USER, your_username",
    "MYSQL_PASS, your_password",
    "MYSQLDUMP, /home/mysqldump",
    "PGDUMP, /var/lib/postgresql/pg_dump",
    "PG_USER, postgres",
    "MONGODUMP_BIN, /opt/mongo/current/bin/mongodump",
    "MONGODBDUMP_PATH, /home/backup/mongodump",
    "MONGODBDUMP, /home/backup/mongodump.zip",
    "SVN_REPOS, project",
    "SVN_PATH, /var/lib/svn",
    "SVNDUMP, /home/svndump",
    "BACKUPDIRS, /home/ubuntu /var/www /root /etc /boot /home/svndump /home/mysqldump",
    "BACKUPTO, /home/backup",
    "EXPIREDAYS, 15",
    "REMOTE_HOSTS, remote_server_name_or_IP",
    "REMOTE_DIR, /home/remote/web1",
    "BACKUPUSER, root",
    "GET_HOSTS, remote_server_name_or_IP",
    "GET_REMOTE_DIRS, /home/backup",
    "GET_TARGET_DIR, /home/remote",
    "REMOTE_USER, root",
    "SERVER_ALIVE_CHECK, /etc/cron.exec/server_alive_check.sh"
  })
  void setting_hasItsDefault(String key, String standard) throws Exception {
    Environment environment =
        new Environment(
            Path.of("/opt/ds"),
            Map.of(),
            new HostName(() -> "web1", name -> Optional.empty()),
            Clock.fixed(Instant.EPOCH, ZoneOffset.UTC));
    assertThat(ConfFile.read("f", new byte[0], environment).settings().text(key))
        .isEqualTo(standard);
  }

  private static final String PATTERNS =
      """
      *.pyc *.bak *.tmp __pycache__/ .DS_Store Thumbs.db .gvfs/ .ecryptfs/ .Private/ .tmp/ .cache/
      .thumbnails/ .plagger/ .screen/ .sbt/ .npm/ .node-gyp/ .node_libraries/ .meteor/ .conda/ .cpan/
      .gem/ .bundler/ .rpmdb/ .m2/ .ghc/ .cabal/ .zsh/ .zsh_/ .Trash/ .mozilla/ .thunderbird/
      .mozilla-thunderbird/ .icedove/ .nv/ .beagle/ .ochusha/ .themes/ .opera/ .macromedia/ .adobe/
      .openoffice.org2/ .config/chromium/ .config/google-chrome/ .config/Slack/ .dropbox/
      .dropbox.cache/ .Genymobile/ Mail/ dlang/ R/ node_modules/ Desktop/ Downloads/ Templates/ Public/
      Documents/ Music/ Pictures/ Videos/ OneDrive/ cache/ www/munin/ www/html/munin/ tmp/ mnt/ arc/
      local/ base/ extended/ user1/ user2/ user3/ user4/ largefiles/ svnwork/ samba/ crypt/
      thinclient_drives/ .emacs.d/.cache/ .emacs.d/.cask/ .emacs.d/.local/ .emacs.d/.lsp-session-v1
      .emacs.d/.org-id-locations .emacs.d/abbrev_defs
      .emacs.d/anything/anything-c-adaptive-history .emacs.d/auto-save-list/ .emacs.d/backups/
      .emacs.d/bookmarks .emacs.d/calendar/ .emacs.d/desktop/ .emacs.d/diary .emacs.d/elpa/
      .emacs.d/eln-cache/ .emacs.d/emms/ .emacs.d/erc/ .emacs.d/eshell/ .emacs.d/eww/ .emacs.d/gnus/
      .emacs.d/history .emacs.d/image-dired/ .emacs.d/kill-ring-saved.el .emacs.d/mu4e/
      .emacs.d/network-security.data .emacs.d/news/ .emacs.d/places .emacs.d/projectile-bookmarks.eld
      .emacs.d/recentf .emacs.d/semanticdb/ .emacs.d/smtpmail-queue/ .emacs.d/tmp/ .emacs.d/transient/
      .emacs.d/tramp .emacs.d/tramp-auto-save/ .emacs.d/undo-tree-hist/ .emacs.d/url/ .emacs.d/var/
      .emacs.d/ac-comphist.dat *.elc *.eln
      """;

  @Test
  void excludeFile_hasEveryPattern_activeOrNot_andActiveNoneThatPeopleWantKept() throws Exception {
    List<String> lines = Files.readAllLines(Path.of("config/exclude.conf"));
    List<String> patterns =
        lines.stream().map(line -> line.replaceFirst("^# ?", "").strip()).toList();
    assertThat(patterns).contains(PATTERNS.strip().split("\\s+"));
    assertThat(lines)
        .contains("*.pyc", ".cache/")
        .doesNotContain(
            "Documents/",
            "Pictures/",
            "Desktop/",
            "Downloads/",
            "mnt/",
            "local/",
            "Mail/",
            "base/");
  }

  @Test
  void samples_runTheJobAndKeepLogs_asOften() throws Exception {
    assertThat(Files.readAllLines(Path.of("cron/cron.d/deferred-sync")))
        .anyMatch(line -> line.startsWith("1 3 * * 1-6 root "));
    assertThat(Files.readAllLines(Path.of("cron/logrotate.d/deferred-sync")))
        .contains("    daily", "    rotate 90", "    compress");
  }
}
