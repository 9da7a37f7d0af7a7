"""Dumps a gigabyte of rows from MariaDB and from PostgreSQL, in turn with their own programs and gzip."""

import argparse
import os
import shutil
import subprocess
import sys
import time

import measure

BYTES_A_ROW = 400
USER = "nobody"

# Words, numbers and digests: rows shrink to about a third, as those of a shop or a forum do.
ROW = "CONCAT('customer ', seq, ', ', MD5(CONCAT('{0}', seq)), ' lives in house ', seq % 97, ' of {0} street')"
PG_ROW = "'customer ' || seq || ', ' || md5('{0}' || seq) || ' lives in house ' || seq % 97 || ' of {0} street'"
STREETS = ["long", "short", "broad", "narrow", "old"]

MYSQL_OPTIONS = ["--single-transaction", "--quick", "--routines", "--events", "--triggers", "--hex-blob",
                 "--skip-dump-date", "--default-character-set=utf8mb4"]


class Server:
    """A server on a private socket as an unprivileged user, which ends with this process."""

    def __init__(self, directory):
        self.directory = directory
        os.mkdir(directory)
        shutil.chown(directory, USER)
        self.process = None

    @staticmethod
    def as_user(*command):
        return ["setpriv", "--reuid=" + USER, "--regid=" + USER_GROUP, "--clear-groups", "--pdeathsig=TERM",
                *command]

    def run(self, *command, script=None):
        subprocess.run(self.as_user(*command), check=True, cwd="/", stdout=subprocess.DEVNULL,
                       input=script, universal_newlines=True, env=dict(measure.ENVIRONMENT, HOME=self.directory))

    def start(self, command, answering):
        with open(os.path.join(self.directory, "said"), "wb") as said:
            self.process = subprocess.Popen(self.as_user(*command), cwd="/", stdout=said, stderr=said)
        for _ in range(600):
            if subprocess.run(self.as_user(*answering), cwd="/", check=False, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode == 0:
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        with open(os.path.join(self.directory, "said"), errors="replace") as said:
            sys.exit("the server does not answer: " + said.read()[-2000:])

    def stop(self):
        self.process.terminate()
        self.process.wait()


def group():
    import grp
    import pwd
    return grp.getgrgid(pwd.getpwnam(USER).pw_gid).gr_name


USER_GROUP = group()


def mysql(bench, rows):
    server = Server(bench.path("mysql"))
    data, socket = "--datadir=" + server.directory + "/data", "--socket=" + server.directory + "/socket"
    server.run("mariadb-install-db", "--no-defaults", data, "--auth-root-authentication-method=normal", "--skip-test-db")
    client = ["mariadb", "--no-defaults", socket, "--user=root"]
    server.start(["mariadbd", "--no-defaults", data, socket, "--skip-networking", "--skip-log-bin",
                  "--pid-file=" + server.directory + "/pid", "--innodb-flush-log-at-trx-commit=0",
                  "--innodb-buffer-pool-size=256M", "--tmpdir=" + server.directory],
                 client + ["--execute=SELECT 1"])
    measure.say("filling MariaDB")
    columns = ", ".join("s%d TEXT" % number for number in range(len(STREETS)))
    values = ", ".join(ROW.format(street) for street in STREETS)
    server.run(*client, script="CREATE DATABASE bench; USE bench; CREATE TABLE bench.people (id INT PRIMARY KEY, %s);"
               "INSERT INTO bench.people SELECT seq, %s FROM seq_1_to_%d;" % (columns, values, rows))
    dumps = bench.path("mysql-dumps")
    ours = job(bench, dumps, "dump_mysql", "MYSQL_DBS=bench", "MYSQL_USER=root", "MYSQL_PASS=",
               "MYSQL_SOCKET=" + server.directory + "/socket", "MYSQLDUMP=" + dumps)
    theirs = ["mariadb-dump", "--no-defaults", socket, "--user=root", *MYSQL_OPTIONS, "bench"]
    side_by_side(bench, "MariaDB", "mariadb-dump \\| gzip", dumps, "bench.sql.gz", ours, theirs)
    server.stop()
    bench.remove(server.directory, dumps)


def postgresql(bench, rows):
    server = Server(bench.path("pg"))
    programs = max(top for top, _, names in os.walk("/usr/lib/postgresql") if "initdb" in names)
    data = server.directory + "/data"
    server.run(programs + "/initdb", "--pgdata=" + data, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
    client = ["psql", "--no-psqlrc", "--quiet", "--host=" + server.directory, "--dbname=postgres"]
    server.start([programs + "/postgres", "-D", data, "-k", server.directory, "-c", "listen_addresses=", "-c",
                  "fsync=off"], client + ["--command=SELECT 1"])
    measure.say("filling PostgreSQL")
    columns = ", ".join("s%d text" % number for number in range(len(STREETS)))
    values = ", ".join(PG_ROW.format(street) for street in STREETS)
    server.run(*client, script="CREATE TABLE people (id int PRIMARY KEY, %s);\n"
               "INSERT INTO people SELECT seq, %s FROM generate_series(1, %d) AS seq;\n" % (columns, values, rows))
    dumps = bench.path("pg-dumps")
    ours = job(bench, dumps, "dump_postgresql", "PG_USER=" + USER, "PG_HOST=" + server.directory, "PGDUMP=" + dumps)
    theirs = ["runuser", "-u", USER, "--", "pg_dumpall", "--host=" + server.directory, "--clean", "--if-exists"]
    side_by_side(bench, "PostgreSQL", "pg_dumpall \\| gzip", dumps, "all.dump.gz", ours, theirs)
    server.stop()
    bench.remove(server.directory, dumps)


def job(bench, dumps, plugin, *settings):
    os.mkdir(dumps, 0o700)
    configuration = dumps + ".conf"
    with open(configuration, "w") as text:
        text.write("\n".join(["PLUGINS=" + plugin, "JOBLOG=" + dumps + ".log", "STARTSCRIPT=", "ENDSCRIPT=",
                              "EXCLUDEFILE=", *settings, ""]))
    os.chmod(configuration, 0o600)
    return [bench.launcher, "-c", configuration, "run"]


def side_by_side(bench, server, against, dumps, name, ours, theirs):
    other = bench.path("theirs.gz")
    script = " ".join("'%s'" % word for word in theirs) + " | gzip >'%s'" % other

    def fresh(turn):
        bench.remove(os.path.join(dumps, name), other)

    sides = [lambda turn: ours, lambda turn: ["sh", "-c", script]]
    bench.in_turn(sides, runs=1, prepare=fresh)
    result = bench.in_turn(sides, sync=True, prepare=fresh)
    size = int(subprocess.run("gzip -dc '%s' | wc -c" % os.path.join(dumps, name), shell=True, check=True,
                              stdout=subprocess.PIPE).stdout)
    work = "dump of %.2f GB of rows, %s, gzip" % (size / 1e9, server)
    bench.line(work, measure.seconds(result[0]), against, measure.seconds(result[1]), 1.11)
    bench.line("the same, with `sync -f`", measure.synced(result[0]), against, measure.synced(result[1]), None)
    # A job of its own frame and a plugin that looks into /opt: what the program takes before it dumps.
    with open(dumps + ".conf", "a") as text:
        text.write("PLUGINS=show_version\n")
    idle = bench.in_turn([lambda turn: ours], runs=3)[0]
    more = [run.peak - min(run.peak for run in idle) for run in result[0]]
    bench.line("peak resident memory beyond that of an idle job, %s" % server, more, "", [], 64, "MiB")


def main():
    parser = argparse.ArgumentParser()
    for name in ("disk", "launcher", "rows", "out", "checkout"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    options.rows = ""
    bench = measure.Bench(options)
    head = measure.heading(options, os.getloadavg()[0])
    head[2] += " %s; %s; %s." % (measure.said("mariadb-dump", "--version"), measure.said("pg_dumpall", "--version"),
                                 measure.said("gzip", "--version"))
    rows = 1_000_000_000 // BYTES_A_ROW // bench.scale
    mysql(bench, rows)
    postgresql(bench, rows)
    lines = head + bench.lines
    print("\n" + "\n".join(lines))
    if not options.quick:
        measure.keep(options.out, lines)


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    main()
