package org.deferredsync.config;

import static org.deferredsync.config.KnownSetting.setting;

import java.util.List;
import org.deferredsync.config.KnownSetting.Check;

/** The settings of the plugins that dump databases. */
final class KnownDumpSettings {
  static final List<KnownSetting> ALL =
      List.of(
          setting(
              "DUMP_TIMEOUT",
              "4h",
              "dump_*: how long one dump may take",
              (s, key) -> KnownSettings.dumpTimeout(s)),
          setting("DUMP_COMPRESSION", "gzip", "dump_*: gzip, zstd, none or zip"),
          setting("MYSQL_DBS", "mysql_db", "dump_mysql: the databases; * for all"),
          setting("MYSQL_USER", "your_username", "dump_mysql: the user"),
          setting("MYSQL_PASS", "your_password", "dump_mysql: the password"),
          setting(
              "MYSQL_PASS_FILE",
              "",
              "dump_mysql: the file that holds the password",
              Check.PATH_OR_EMPTY),
          setting("MYSQL_HOST", "", "dump_mysql: the server; empty for the client's own"),
          setting("MYSQL_PORT", "", "dump_mysql: its port", (s, key) -> KnownSettings.port(s, key)),
          setting("MYSQL_SOCKET", "", "dump_mysql: its socket", Check.PATH_OR_EMPTY),
          setting(
              "MYSQLDUMP", "/home/mysqldump", "dump_mysql: the directory of the dumps", Check.PATH),
          setting(
              "PGDUMP",
              "/var/lib/postgresql/pg_dump",
              "dump_postgresql: the directory of the dump",
              Check.PATH),
          setting("PG_USER", "postgres", "dump_postgresql: the system user, and the role"),
          setting(
              "PG_DBS", "", "dump_postgresql: databases to dump one by one; empty for the cluster"),
          setting(
              "PG_HOST",
              "",
              "dump_postgresql: the server, or the directory of its socket; empty for the client's"
                  + " own"),
          setting(
              "PG_PORT", "", "dump_postgresql: its port", (s, key) -> KnownSettings.port(s, key)),
          setting("PG_PASS", "", "dump_postgresql: the password"),
          setting(
              "PG_PASS_FILE",
              "",
              "dump_postgresql: the file that holds the password",
              Check.PATH_OR_EMPTY),
          setting(
              "MONGODUMP_BIN",
              "/opt/mongo/current/bin/mongodump",
              "dump_mongodb: the program",
              Check.PATH),
          setting(
              "MONGODUMP_CONFIG",
              "",
              "dump_mongodb: its own configuration file, for the password",
              Check.PATH_OR_EMPTY),
          setting(
              "MONGODBDUMP_PATH",
              "/home/backup/mongodump",
              "dump_mongodb: a directory that has to exist, as for the original; stays empty",
              Check.PATH),
          setting(
              "MONGODBDUMP", "/home/backup/mongodump.zip", "dump_mongodb: the dump", Check.PATH),
          setting("SQLITE_DBS", "", "dump_sqlite: the database files"),
          setting(
              "SQLITEDUMP",
              "/home/sqlitedump",
              "dump_sqlite: the directory of the dumps",
              Check.PATH),
          setting("SVN_REPOS", "project", "dump_svn: the repositories"),
          setting(
              "SVN_PATH", "/var/lib/svn", "dump_svn: the directory that holds them", Check.PATH),
          setting("SVNDUMP", "/home/svndump", "dump_svn: the directory of the dumps", Check.PATH),
          setting(
              "SVN_INCREMENTAL",
              "false",
              "dump_svn: after a first full dump, one of each night's new revisions",
              (s, key) -> s.flag(key)));

  private KnownDumpSettings() {}
}
