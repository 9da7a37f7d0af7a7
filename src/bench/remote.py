#!/usr/bin/env python3
"""Measures pushes and pulls over ssh to the loopback, beside rsync by itself with the same ssh and ciphers.

usage: src/bench/remote.py PROGRAM [--files N] [--runs N] [--dir DIR]

PROGRAM is an installed exec/deferred-sync. It prints a table and keeps nothing. Takes root, and the programs ssh, sshd,
ssh-keygen and rsync. Figures only: nothing fails for being slow.
"""

import argparse
import os
import pathlib
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HOSTS = ["web1", "web2", "web3", "web4"]


class Bench:
    """A source, a target, an sshd of its own, and configurations that name them."""

    def __init__(self, program, files, runs, directory):
        self.program = program
        self.files = files
        self.runs = runs
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="deferred-sync-bench-", dir=directory))
        self.random = random.Random(1)
        self.sshd = None

    def close(self):
        if self.sshd:
            self.sshd.terminate()
            self.sshd.wait()
        shutil.rmtree(self.top)

    def start_sshd(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        for name in ("host_key", "id"):
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.top / name)
        (self.top / "known_hosts").write_text("* " + (self.top / "host_key.pub").read_text())
        pathlib.Path("/run/sshd").mkdir(exist_ok=True)
        (self.top / "sshd_config").write_text(
            f"ListenAddress 127.0.0.1\nPort {self.port}\nHostKey {self.top}/host_key\nPidFile none\n"
            f"AuthorizedKeysFile {self.top}/id.pub\nStrictModes no\nUsePAM no\nMaxStartups 100\n"
            "PermitRootLogin prohibit-password\n"
        )
        (self.top / "ssh_config").write_text(
            f"Host {' '.join(HOSTS)} vault\n  HostName 127.0.0.1\n  Port {self.port}\n  User root\n"
            f"  IdentityFile {self.top}/id\n  UserKnownHostsFile {self.top}/known_hosts\n"
        )
        self.sshd = subprocess.Popen(["/usr/sbin/sshd", "-D", "-f", str(self.top / "sshd_config")])
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except ConnectionRefusedError:
                time.sleep(0.05)

    def make(self, top, files):
        for i in range(files):
            if i % 100 == 0:
                directory = top / f"d{i // 10000}" / f"d{i // 100}"
                directory.mkdir(parents=True)
            (directory / f"f{i}").write_bytes(self.random.randbytes(self.random.randrange(500, 8000)))

    def change(self, top, files, share):
        for i in range(0, files, int(1 / share)):
            path = top / f"d{i // 10000}" / f"d{i // 100}" / f"f{i}"
            path.write_bytes(self.random.randbytes(self.random.randrange(500, 8000)))

    def configure(self, name, lines):
        (self.top / "log").mkdir(mode=0o700, exist_ok=True)
        file = self.top / name
        file.write_text(
            f"JOBLOG={self.top}/log/sync.log\nSTARTSCRIPT=\nENDSCRIPT=\nEXCLUDEFILE=\nVERIFY_PERCENT=0\n"
            f"SSH_CONFIG={self.top}/ssh_config\n" + "".join(line + "\n" for line in lines)
        )
        return file

    def ours(self, configuration, plugin):
        return timed(self.program, "run", "-c", configuration, "--only", plugin)

    def rsync(self, source, target):
        return timed("rsync", "-aHAXz", "--numeric-ids", "--delete", "-e", f"ssh -F {self.top}/ssh_config", source, target)

    def push(self):
        source, target = self.top / "source", self.top / "target"
        target.mkdir()
        for side in ("ours", "theirs"):
            (self.top / side).mkdir()
        self.make(source, self.files)
        configuration = self.configure(
            "push.conf",
            [f"BACKUPDIRS={source}", f"BACKUPTO={target}", "REMOTE_HOSTS=vault", f"REMOTE_DIR={self.top}/ours"],
        )
        self.ours(configuration, "incremental_backup")
        theirs = f"vault:{self.top}/theirs"
        row("first push", 1.05, [self.ours(configuration, "backup_to_remote")], [self.rsync(target, theirs)])
        for name, limit, share in (("push, nothing changed", 0.40, 0), ("push, 1 % changed", 0.45, 0.01)):
            one, other = [], []
            for _ in range(self.runs):
                if share:
                    self.change(source, self.files, share)
                self.ours(configuration, "incremental_backup")
                one.append(self.ours(configuration, "backup_to_remote"))
                other.append(self.rsync(target, theirs))
            row(name, limit, one, other)

    def pull(self):
        data, here = self.top / "data", self.top / "pulled"
        here.mkdir()
        self.make(data, self.files // 3)
        configuration = self.configure(
            "pull.conf",
            [f"GET_HOSTS={chr(34)}{' '.join(HOSTS)}{chr(34)}", f"GET_REMOTE_DIRS={data}", f"GET_TARGET_DIR={here}"],
        )
        one, other = [], []
        for run_number in range(self.runs + 1):
            ours = self.ours(configuration, "get_remote_dir")
            theirs = sum(self.rsync(f"{host}:{data}", here / host) for host in HOSTS)
            if run_number:
                one.append(ours)
                other.append(theirs)
        row("pull of 4 hosts, unchanged", 0.80, one, other)


def run(*command):
    subprocess.run([str(word) for word in command], check=True, stdin=subprocess.DEVNULL)


def timed(*command):
    os.sync()
    start = time.monotonic()
    subprocess.run([str(word) for word in command], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


def row(name, limit, ours, theirs):
    one, other = statistics.median(ours), statistics.median(theirs)
    print(f"| {name} | {one:.2f} s | {other:.2f} s | {one / other:.2f} | {limit:.2f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--files", type=int, default=300_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--dir", default="/var/tmp")
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("[ERROR] src/bench/remote.py: takes root")
    bench = Bench(options.program, options.files, options.runs, options.dir)
    try:
        bench.start_sshd()
        print(f"{options.files} files, {options.runs} runs\n\n| work | ours | rsync | ratio | at most |")
        print("| --- | ---: | ---: | ---: | ---: |")
        bench.push()
        bench.pull()
    finally:
        bench.close()


if __name__ == "__main__":
    main()
