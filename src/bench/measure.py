"""Builds trees, runs the programs in turn and tells the medians; src/bench/run prepares what it needs."""

import argparse
import datetime
import os
import platform
import random
import re
import signal
import statistics
import subprocess
import sys
import time

ROWS = ["unchanged", "find", "usr", "first-small", "first-large", "changed", "restore", "one-file", "memory",
        "catalogue", "startup"]
MILLION = {"unchanged", "find", "one-file", "memory", "catalogue"}
SMALL = {"first-small", "changed", "restore"}
MIB = 1 << 20

# Times of files and directories that are younger are not trusted by the next run, which would measure something else.
RACY_SECONDS = 3

ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "HOME": "/root"}


class Once:
    """One run of a program: seconds to its end, seconds to the end of a sync after it, peak memory in MiB."""

    def __init__(self, seconds, synced, peak):
        self.seconds = seconds
        self.synced = synced
        self.peak = peak


class Bench:
    def __init__(self, options):
        self.disk = options.disk
        self.launcher = options.launcher
        self.runs = options.runs
        self.scale = 20 if options.quick else 1
        self.rows = options.rows.split(",") if options.rows else ROWS
        for row in self.rows:
            if row not in ROWS:
                sys.exit("no row is called " + row + "; there are " + " ".join(ROWS))
        self.lines = []
        self.running = None
        signal.signal(signal.SIGTERM, self.end)

    def end(self, number, frame):
        if self.running:
            os.kill(self.running, signal.SIGTERM)
        os._exit(128 + number)

    def wants(self, *names):
        return any(name in self.rows for name in names)

    def path(self, name):
        return os.path.join(self.disk, name)

    # --- one run ---------------------------------------------------------------------------------

    def spawn(self, command):
        null = os.open(os.devnull, os.O_RDWR)
        said = os.open(self.path("said"), os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        actions = [(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, said, 2)]
        self.running = os.posix_spawnp(command[0], command, ENVIRONMENT, file_actions=actions)
        os.close(null)
        os.close(said)
        _, status, usage = os.wait4(self.running, 0)
        self.running = None
        if status != 0:
            with open(self.path("said"), errors="replace") as text:
                sys.exit("%s: status %s: %s" % (" ".join(command), os.WEXITSTATUS(status), text.read()[-2000:]))
        return usage

    def once(self, command, sync=False):
        subprocess.run(["sync"], check=True)
        started = time.perf_counter()
        usage = self.spawn(command)
        seconds = time.perf_counter() - started
        if sync:
            subprocess.run(["sync", "-f", self.disk], check=True)
        return Once(seconds, time.perf_counter() - started, usage.ru_maxrss / 1024)

    def in_turn(self, sides, sync=False, prepare=None, runs=None):
        """Runs each of the sides so often, the first one changing; answers a list of Once a side."""
        results = [[] for _ in sides]
        for turn in range(runs or self.runs):
            if prepare:
                prepare(turn)
            for k in range(len(sides)):
                index = (turn + k) % len(sides)
                results[index].append(self.once(sides[index](turn), sync))
        return results

    # --- the programs ----------------------------------------------------------------------------

    def ours(self, source, target):
        """The command of the job, from an existing, perhaps empty target."""
        os.makedirs(target, mode=0o700, exist_ok=True)
        configuration = target + ".conf"
        with open(configuration, "w") as text:
            text.write('BACKUPDIRS="%s"\nBACKUPTO="%s"\nPLUGINS="incremental_backup"\nJOBLOG="%s.log"\n'
                       'EXCLUDEFILE=\nSTARTSCRIPT=\nENDSCRIPT=\n' % (source, target, target))
        os.chmod(configuration, 0o600)
        return [self.launcher, "-c", configuration, "run"]

    def restore(self, target, path, to):
        return [self.launcher, "-c", target + ".conf", "restore", "--to", to, path]

    def original(self, source, target, run):
        """The command of the original, which keeps what it displaces in a directory a day."""
        os.makedirs(target, exist_ok=True)
        return ["rsync", "-av", "--force", "--delete", "--delete-excluded", "--backup",
                "--backup-dir=" + target + "/_backup_2026%04d" % run, source, target + "/"]

    # --- trees -----------------------------------------------------------------------------------

    def tree(self, name, directories, per_directory, sizes, seed):
        """Directories in two levels, files of seeded sizes and bytes in each."""
        say("making %s: %d files in %d directories" % (name, directories * per_directory, directories))
        chance = random.Random(seed)
        block = chance.randbytes(1 << 20)
        top = self.path(name)
        os.mkdir(top)
        made = 0
        while made < directories:
            upper = os.path.join(top, "part-%03d" % (made // 100))
            for lower in range(min(100, directories - made)):
                directory = upper if lower == 0 else os.path.join(upper, "%02d-%08x" % (lower, chance.getrandbits(32)))
                os.mkdir(directory)
                self.files(directory, per_directory, sizes, chance, block)
            made += 100
        return top

    def files(self, directory, count, sizes, chance, block):
        descriptor = os.open(directory, os.O_RDONLY)
        for number in range(count):
            size = int(sizes[0] * (sizes[1] / sizes[0]) ** chance.random())
            start = chance.randrange(len(block) - size)
            name = "%03d-%x.dat" % (number, chance.getrandbits(chance.choice((8, 24, 48))))
            file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644, dir_fd=descriptor)
            os.write(file, block[start:start + size])
            os.close(file)
        os.close(descriptor)

    def remove(self, *paths):
        for path in paths:
            subprocess.run(["rm", "-rf", path], check=True)
        subprocess.run(["sync"], check=True)

    def trim(self):
        """Gives freed blocks back to the file below."""
        subprocess.run(["fstrim", self.disk], check=False, stderr=subprocess.DEVNULL)

    def warm(self, top):
        subprocess.run("find '%s' -type f -print0 | xargs -0 cat >/dev/null" % top, shell=True, check=True)
        time.sleep(RACY_SECONDS)

    # --- the rows --------------------------------------------------------------------------------

    def line(self, work, ours, against, theirs, limit, unit="s", note=""):
        ratio = statistics.median(ours) / statistics.median(theirs) if theirs else None
        measure = ratio if ratio is not None else statistics.median(ours)
        text = "| %s | %s | %s | %s | %s | %s | %s |" % (
            work, figures(ours, unit), against or "–", figures(theirs, unit) if theirs else "–",
            "–" if ratio is None else "%.2f" % ratio,
            limit_text(limit, unit, ratio is not None),
            "" if limit is None else "yes" if measure <= limit else "**no**")
        self.lines.append(text)
        say(text)

    def run(self):
        if self.wants(*MILLION):
            self.million()
        if self.wants("usr"):
            self.usr()
        if self.wants(*SMALL):
            self.small()
        if self.wants("first-large"):
            self.large()
        if self.wants("startup"):
            self.startup()

    def million(self):
        directories = 10_000 // self.scale
        amount = grouped(directories * 100)
        source = self.tree("million", directories, 100, (20, 400), 1)
        self.warm(source)
        target = self.path("million-ours")
        first = self.once(self.ours(source, target))
        say("first run of %s files: %.1f s" % (amount, first.seconds))
        sides = [lambda turn: self.ours(source, target)]
        if self.wants("unchanged"):
            theirs = self.path("million-rsync")
            initial = self.once(self.original(source, theirs, 101))
            say("first rsync of %s files: %.1f s" % (amount, initial.seconds))
            sides.append(lambda turn: self.original(source, theirs, 201 + turn))
        if self.wants("find"):
            sides.append(lambda turn: ["find", source, "-printf", "%p %s %T@\\n"])
        self.in_turn(sides, runs=1)
        unchanged = self.in_turn(sides)
        ours = seconds(unchanged[0])
        work = "unchanged run, %s files in %s directories" % (amount, grouped(directories))
        if self.wants("unchanged"):
            self.line(work, ours, "rsync", seconds(unchanged[1]), 0.40)
        if self.wants("find"):
            self.line("the same", ours, "find", seconds(unchanged[-1]), 1.3)
        if self.wants("one-file"):
            self.one_file(source, target, amount)
        if self.wants("memory"):
            back = self.once(self.restore(target, source, self.path("million-back")))
            say("restore of %s files: %.1f s" % (amount, back.seconds))
            for work, runs in (("first run", [first]), ("unchanged run", unchanged[0]), ("restore", [back])):
                self.line("peak resident memory, %s, %s files" % (work, amount), [run.peak for run in runs], "", [],
                          256, "MiB")
            self.remove(self.path("million-back"))
        if self.wants("catalogue"):
            own = os.path.join(target, ".deferred-sync")
            size = sum(os.path.getsize(os.path.join(own, name)) for name in os.listdir(own)
                       if name.startswith("catalogue.db"))
            self.line("catalogue, %s files" % amount, [size / 1e6], "", [], 200, "MB")
        self.remove(source, target, self.path("million-rsync"))
        self.trim()

    def one_file(self, source, target, amount):
        names = random.Random(5)
        upper = os.path.join(source, names.choice(sorted(os.listdir(source))))
        file = os.path.join(upper, names.choice(sorted(n for n in os.listdir(upper) if n.endswith(".dat"))))
        to = self.path("one-back")
        found = self.in_turn([lambda turn: self.restore(target, file, to)], prepare=lambda turn: self.remove(to))
        self.remove(to)
        self.line("restore of one file out of %s" % amount, seconds(found[0]), "", [], 0.6)

    def usr(self):
        source = self.path("usr")
        say("copying /usr")
        if self.scale == 1:
            subprocess.run(["cp", "-a", "--one-file-system", "/usr", source], check=True)
        else:
            os.mkdir(source)
            subprocess.run(["cp", "-a", "/usr/bin", "/usr/share", source], check=True)
        self.warm(source)
        entries = sum(len(names) + len(directories) for _, directories, names in os.walk(source))
        target, theirs = self.path("usr-ours"), self.path("usr-rsync")
        self.once(self.ours(source, target))
        self.once(self.original(source, theirs, 101))
        sides = [lambda turn: self.ours(source, target), lambda turn: self.original(source, theirs, 201 + turn)]
        self.in_turn(sides, runs=1)
        result = self.in_turn(sides)
        self.line("unchanged run, a copy of /usr, %s entries" % grouped(entries), seconds(result[0]), "rsync",
                  seconds(result[1]), 0.60)
        self.remove(source, target, theirs)
        self.trim()

    def small(self):
        directories = 3_000 // self.scale
        amount = grouped(directories * 100)
        source = self.tree("small", directories, 100, (200, 8_000), 2)
        self.warm(source)
        target, theirs = self.path("small-ours"), self.path("small-rsync")
        if self.wants("first-small"):
            self.first("first backup of %s small files" % amount, source, target, theirs)
        else:
            self.once(self.ours(source, target))
        if self.wants("changed"):
            self.changed(source, target, directories, amount)
        if self.wants("restore"):
            self.restores(source, target, amount)
        self.remove(source, target, theirs)
        self.trim()

    def first(self, work, source, target, theirs):
        """Each side from nothing, ours from a new target, rsync from no directory."""
        def ours(turn):
            self.remove(target)
            return self.ours(source, target)

        def copy(turn):
            self.remove(theirs)
            return ["rsync", "-a", source + "/", theirs + "/"]

        result = self.in_turn([ours, copy], sync=True)
        self.line(work + ", with `sync -f`", synced(result[0]), "rsync -a", synced(result[1]), 0.80)
        self.line("the same, without", seconds(result[0]), "rsync -a", seconds(result[1]), None)
        self.trim()

    def changed(self, source, target, directories, amount):
        theirs = self.path("small-original")
        self.once(self.original(source, theirs, 101))
        chance = random.Random(3)
        block = chance.randbytes(1 << 20)
        all_directories = sorted(top for top, _, names in os.walk(source) if names)
        share = max(1, directories // 100)

        def change(turn):
            for directory in chance.sample(all_directories, share):
                for name in os.listdir(directory):
                    path = os.path.join(directory, name)
                    if os.path.isfile(path):
                        size = chance.randrange(200, 8_000)
                        with open(path, "wb") as file:
                            file.write(block[size:2 * size])
            time.sleep(RACY_SECONDS)

        sides = [lambda turn: self.ours(source, target), lambda turn: self.original(source, theirs, 201 + turn)]
        self.in_turn(sides, prepare=change, runs=1)
        result = self.in_turn(sides, sync=True, prepare=change)
        self.line("1 %% of %s files changed, in 1 %% of the directories" % amount, seconds(result[0]), "rsync",
                  seconds(result[1]), 0.50)
        self.line("the same, with `sync -f`", synced(result[0]), "rsync", synced(result[1]), None)
        self.remove(theirs)

    def restores(self, source, target, amount):
        back, copy = self.path("small-back"), self.path("small-copy")

        def ours(turn):
            self.remove(back)
            return self.restore(target, source, back)

        def cp(turn):
            self.remove(copy)
            return ["cp", "-a", target + source, copy]

        result = self.in_turn([ours, cp], sync=True)
        self.line("full restore of %s small files, hashes checked" % amount, seconds(result[0]), "cp -a",
                  seconds(result[1]), 1.0)
        self.line("the same, with `sync -f`", synced(result[0]), "cp -a", synced(result[1]), None)
        subprocess.run(["diff", "-r", os.path.join(back, "small"), source], check=True)
        self.remove(back, copy)

    def large(self):
        size = 700 * MIB // self.scale
        source = self.path("large")
        os.mkdir(source)
        for number in range(3):
            with open(os.path.join(source, "file-%d" % number), "wb") as file:
                for at in range(0, size, MIB):
                    file.write(os.urandom(min(MIB, size - at)))
        self.warm(source)
        target, theirs = self.path("large-ours"), self.path("large-rsync")
        self.first("first backup of three %d MB files" % (size // MIB), source, target, theirs)
        self.remove(source, target, theirs)
        self.trim()

    def startup(self):
        for option in ("--version", "--help"):
            result = self.in_turn([lambda turn, option=option: [self.launcher, option]], runs=4 * self.runs)
            self.line("`%s`" % option, seconds(result[0]), "", [], 0.25)


def say(text):
    print(text, flush=True)


def grouped(number):
    return "{:,}".format(number).replace(",", " ")


def seconds(results):
    return [result.seconds for result in results]


def synced(results):
    return [result.synced for result in results]


def figures(values, unit):
    form = "%.2f" if unit == "s" and statistics.median(values) < 100 else "%.0f"
    text = form % statistics.median(values) + " " + unit
    return text if len(values) == 1 else text + " (" + form % min(values) + "–" + form % max(values) + ")"


def limit_text(limit, unit, ratio):
    if limit is None:
        return "–"
    return "%.2f" % limit if ratio else "%g %s" % (limit, unit)


def said(*command):
    try:
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True,
                                universal_newlines=True)
        return result.stdout.strip().splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return "unknown"


def java(launcher):
    """The runtime that the launcher takes, from what it executes."""
    trace = subprocess.run(["sh", "-x", launcher, "--version"], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
                           universal_newlines=True, check=False).stderr
    found = re.findall(r"^\+ exec (\S+/bin/java) ", trace, re.M)
    return said(found[-1], "--version") if found else "unknown"


def heading(options, load):
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return [
        "## " + datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "",
        "%s, commit %s; %s; Linux %s, %d processors, %.0f GiB of memory, load %.2f before; %s; %s; %s. Median of %d, with"
        " the least and the most; each side in turn." % (
            said(options.launcher, "--version"), said("git", "-C", options.checkout, "describe", "--always", "--dirty"),
            java(options.launcher), platform.release(), os.cpu_count(), memory, load,
            re.sub(" +protocol.*", "", said("rsync", "--version")), said("find", "--version"), said("cp", "--version"),
            options.runs),
        "",
        "| work | deferred-sync | against | its time | ratio | at most | met |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]


INTRODUCTION = """\
# Figures

Made by `src/bench/run`, newest last; what is measured stands there. Each side runs in turn on one fresh loop-mounted
ext4 with a warm cache, as a whole process, from its start to its end. "rsync" is the original's: `-av --force --delete
--delete-excluded --backup --backup-dir=…`; find is `find -printf '%p %s %T@\\n'` to /dev/null. Both sides work without
exclude rules. `sync -f` is counted for both sides where it is named.
"""


def keep(file, lines):
    fresh = not os.path.exists(file) or os.path.getsize(file) == 0
    with open(file, "a", encoding="utf-8") as text:
        if fresh:
            text.write(INTRODUCTION)
        text.write("\n" + "\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser()
    for name in ("disk", "launcher", "rows", "out", "checkout"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    bench = Bench(options)
    head = heading(options, os.getloadavg()[0])
    bench.run()
    lines = head + bench.lines
    print("\n" + "\n".join(lines))
    if not options.quick:
        keep(options.out, lines)


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")
    main()
