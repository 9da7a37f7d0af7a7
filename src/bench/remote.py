"""Pushes and pulls over ssh to the loopback, in turn with rsync by itself over the same ssh with the same ciphers."""

import argparse
import os
import random
import socket
import subprocess
import sys
import time

import measure

HOSTS = ["web1", "web2", "web3", "web4"]
SIZES = (200, 8_000)


class Sshd:
    """
    An sshd on a free port of the loopback, with keys and a configuration of its own, which ends with this process. Who
    logs in has an empty home, so that no script of this machine's root runs at each login.
    """

    def __init__(self, directory):
        os.mkdir(directory, 0o700)
        self.config = directory + "/ssh_config"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        for name in ("host_key", "id"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", directory + "/" + name], check=True)
        with open(directory + "/host_key.pub") as key, open(directory + "/known_hosts", "w") as known:
            known.write("[127.0.0.1]:%d " % port + key.read())
        os.makedirs("/run/sshd", exist_ok=True)
        with open(directory + "/sshd_config", "w") as text:
            text.write("ListenAddress 127.0.0.1\nPort %d\nHostKey %s/host_key\nPidFile none\nStrictModes no\nUsePAM no\n"
                       "AuthorizedKeysFile %s/id.pub\nMaxStartups 100\nPermitRootLogin prohibit-password\n"
                       "SetEnv HOME=%s\n" % (port, directory, directory, directory))
        with open(self.config, "w") as text:
            text.write("Host %s vault\n  HostName 127.0.0.1\n  Port %d\n  User root\n  IdentityFile %s/id\n"
                       "  UserKnownHostsFile %s/known_hosts\n" % (" ".join(HOSTS), port, directory, directory))
        self.process = subprocess.Popen(["/usr/sbin/sshd", "-D", "-f", directory + "/sshd_config"])
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return
            except ConnectionRefusedError:
                time.sleep(0.05)
        sys.exit("sshd does not answer")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def job(bench, sshd, name, *settings):
    configuration = bench.path(name + ".conf")
    with open(configuration, "w") as text:
        text.write("\n".join(["JOBLOG=" + bench.path(name + ".log"), "STARTSCRIPT=", "ENDSCRIPT=", "EXCLUDEFILE=",
                              "VERIFY_PERCENT=0", "SSH_CONFIG=" + sshd.config, *settings, ""]))
    os.chmod(configuration, 0o600)
    return lambda plugin: [bench.launcher, "-c", configuration, "run", "--only", plugin]


def rsync(sshd, source, target):
    return ["rsync", "-aHAXz", "--numeric-ids", "--delete", "-e", "ssh -F " + sshd.config, source, target]


def change(source, turn, everywhere):
    """Other contents for one file in a hundred: one in each directory, or all in one directory in a hundred."""
    chance = random.Random(turn)
    tops = [(top, sorted(name for name in names if name.endswith(".dat"))) for top, _, names in os.walk(source)]
    tops = sorted(one for one in tops if one[1])
    for top, names in tops if everywhere else chance.sample(tops, max(1, len(tops) // 100)):
        for name in [chance.choice(names)] if everywhere else names:
            with open(os.path.join(top, name), "wb") as file:
                file.write(chance.randbytes(chance.randrange(*SIZES)))


def push(bench, sshd, directories):
    amount = measure.grouped(directories * 100)
    source = bench.tree("pushed", directories, 100, SIZES, 11)
    bench.warm(source)
    target, ours, theirs = bench.path("target"), bench.path("ours"), bench.path("theirs")
    for directory in (target, ours, theirs):
        os.mkdir(directory, 0o700)
    run = job(bench, sshd, "push", "BACKUPDIRS=" + source, "BACKUPTO=" + target, "REMOTE_HOSTS=vault",
              "REMOTE_DIR=" + ours)
    bench.once(run("incremental_backup"))
    sides = [lambda turn: run("backup_to_remote"), lambda turn: rsync(sshd, target, "vault:" + theirs)]
    first = bench.in_turn(sides, runs=1)
    bench.line("first push of %s files" % amount, measure.seconds(first[0]), "rsync -aHAXz --delete",
               measure.seconds(first[1]), 1.05)

    def unchanged(turn):
        bench.once(run("incremental_backup"))

    def changed(turn, everywhere=False):
        change(source, turn, everywhere)
        time.sleep(measure.RACY_SECONDS)
        bench.once(run("incremental_backup"))

    def changed_everywhere(turn):
        changed(turn, everywhere=True)

    for work, prepare, limit in (
            ("nothing changed, %s files" % amount, unchanged, 0.40),
            ("1 %% of %s files changed, in 1 %% of the directories" % amount, changed, 0.45),
            ("1 %% of %s files changed, one in each directory" % amount, changed_everywhere, 0.45)):
        result = bench.in_turn(sides, prepare=prepare)
        bench.line("push after a run, " + work, measure.seconds(result[0]), "rsync -aHAXz --delete",
                   measure.seconds(result[1]), limit)
    bench.remove(source, target, ours, theirs)
    bench.trim()


def pull(bench, sshd, directories):
    source = bench.tree("data", directories, 100, SIZES, 12)
    bench.warm(source)
    ours, theirs = bench.path("pulled"), bench.path("pulled-rsync")
    for directory in [ours, theirs] + [theirs + "/" + host for host in HOSTS]:
        os.mkdir(directory, 0o700)
    run = job(bench, sshd, "pull", 'GET_HOSTS="%s"' % " ".join(HOSTS), "GET_REMOTE_DIRS=" + source,
              "GET_TARGET_DIR=" + ours)
    script = " && ".join(" ".join("'%s'" % word for word in rsync(sshd, host + ":" + source, theirs + "/" + host))
                         for host in HOSTS)
    sides = [lambda turn: run("get_remote_dir"), lambda turn: ["sh", "-c", script]]
    bench.in_turn(sides, runs=1)
    result = bench.in_turn(sides)
    bench.line("pull of 4 hosts with %s unchanged files each" % measure.grouped(directories * 100),
               measure.seconds(result[0]), "rsync -aHAXz --delete, 4 in a row", measure.seconds(result[1]), 0.80)
    bench.remove(source, ours, theirs)
    bench.trim()


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
    head[2] += " %s." % measure.said("ssh", "-V")
    sshd = Sshd(bench.path("sshd"))
    try:
        push(bench, sshd, 3_000 // bench.scale)
        pull(bench, sshd, 1_000 // bench.scale)
    finally:
        sshd.stop()
    lines = head + bench.lines
    print("\n" + "\n".join(lines))
    if not options.quick:
        measure.keep(options.out, lines)


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    main()
