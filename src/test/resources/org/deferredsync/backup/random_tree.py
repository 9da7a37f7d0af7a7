"""Makes random trees, changes them, and remembers what they were, by nothing but Python's own system calls.

Reads one command a line, words separated by blanks, and answers lines that end with a single dot:

  grow SEED ENTRIES FEATURES SOURCE SOURCE OUTSIDE  makes two sources, and a directory that no backup sees
  change SEED COUNT                                 changes so many things
  remember NAME                                     keeps the description of the sources
  compare NAME DIRECTORY DIRECTORY                  answers how they differ from it; nothing if they do not
  log                                               answers what was done since the last time
"""

import contextlib
import errno
import hashlib
import os
import random
import stat
import struct
import sys
import traceback

ROOT = os.geteuid() == 0
SECOND = 10**9
OUTSIDE = 2
KEPT = b"kept"
NAMES = [b"-rf", b" ", b"...", b"~", b"_backup_20200101", b"_backup_20261123T030104Z", b".deferred-sync", b"staging",
         b"x\n[INFO] job: completed", b"\x1b[31m", b"\xff\xfe", b"e\xcc\x81", b"\xc3\xa9", b"*", b"CON", b"a\\", b"'\"$(id)",
         b"LOCK", b"lock", b"\xe9" * 255, b"n" * 255]
TIMES = [0, -1, -SECOND // 2, -2_000_000_000 * SECOND, 4_102_444_800 * SECOND + 5, SECOND - 1, 2_147_483_648 * SECOND,
         7_000_000_000 * SECOND + 123_456_789]
OWNERS = [0, 1, 1000, 65534, 123_456_789, 2**32 - 2]
FILE_MODES = [0o644, 0o600, 0o444, 0o755, 0o4755, 0o2711, 0o6755, 0o1644, 0o400, 0o666, 0o000, 0o7777]
DIRECTORY_MODES = [0o755, 0o700, 0o2775, 0o1777, 0o555, 0o711, 0o000, 0o4755, 0o7777]


def text(path):
    return "".join(chr(b) if 32 < b < 127 and b != 92 else "\\x%02x" % b for b in path)


def place(where):
    root, names = where
    return "ABO"[root] + "/" + text(b"/".join(n if len(n) < 60 else n[:8] + b"...%d" % len(n) for n in names))


class Node:
    """A name of a tree, with what lstat said."""

    def __init__(self, where, info):
        self.where = where
        self.info = info
        self.is_directory = stat.S_ISDIR(info.st_mode)
        self.is_file = stat.S_ISREG(info.st_mode)
        self.is_link = stat.S_ISLNK(info.st_mode)
        self.identity = (info.st_dev, info.st_ino)


class Tree:
    def __init__(self, tops, features):
        self.tops = tops
        self.features = features
        self.done = []

    # --- paths of any length ---------------------------------------------------------------------

    @contextlib.contextmanager
    def directory(self, where):
        root, names = where
        descriptor = os.open(self.tops[root], os.O_RDONLY | os.O_DIRECTORY)
        try:
            for name in names:
                below = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = below
            yield descriptor
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def holder(self, where):
        """The directory that has the name, and the name; those of a top are found by path."""
        root, names = where
        if names:
            with self.directory((root, names[:-1])) as descriptor:
                yield descriptor, names[-1]
        else:
            parent, name = os.path.split(self.tops[root])
            descriptor = os.open(parent, os.O_RDONLY | os.O_DIRECTORY)
            try:
                yield descriptor, name
            finally:
                os.close(descriptor)

    def walk(self, root):
        """All nodes of a top, itself first, in the order of their names."""
        descriptor = os.open(self.tops[root], os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield Node((root, ()), os.fstat(descriptor))
            yield from self.below(descriptor, (root, ()))
        finally:
            os.close(descriptor)

    def below(self, descriptor, where):
        for name in sorted(os.fsencode(name) for name in os.listdir(descriptor)):
            node = Node((where[0], where[1] + (name,)), os.lstat(name, dir_fd=descriptor))
            yield node
            if node.is_directory:
                below = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=descriptor)
                try:
                    yield from self.below(below, node.where)
                finally:
                    os.close(below)

    def lstat(self, where):
        with self.holder(where) as (descriptor, name):
            return os.lstat(name, dir_fd=descriptor)

    # --- description -----------------------------------------------------------------------------

    def describe(self, alone=False):
        """By root and path all that a backup must keep; with "alone" it also says if an inode has names elsewhere."""
        described = {}
        names = {}
        links = {}
        for root in (0, 1):
            for node in self.walk(root):
                described[node.where] = self.fields(node)
                if not node.is_directory:
                    names.setdefault(node.identity, []).append(node.where)
                    links[node.identity] = node.info.st_nlink
        for identity, group in names.items():
            for where in group:
                described[where]["group"] = min(group) if len(group) > 1 else None
                if alone and links[identity] != len(group):
                    described[where]["names elsewhere"] = links[identity] - len(group)
        return described

    def fields(self, node):
        info = node.info
        fields = {"mode": "%o" % info.st_mode, "owner": "%d:%d" % (info.st_uid, info.st_gid), "mtime": info.st_mtime_ns}
        with self.holder(node.where) as (descriptor, name):
            if node.is_link:
                fields["target"] = os.readlink(name, dir_fd=descriptor)
            elif node.is_file:
                fields["size"] = info.st_size
                fields["blocks"] = info.st_blocks
                file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | (os.O_NOATIME if ROOT else 0), dir_fd=descriptor)
                try:
                    fields["data"] = segments(file, info.st_size)
                    fields["sha256"] = digest(file, fields["data"], info.st_size)
                finally:
                    os.close(file)
            elif stat.S_ISCHR(info.st_mode) or stat.S_ISBLK(info.st_mode):
                fields["device"] = info.st_rdev
            path = b"/proc/self/fd/%d/" % descriptor + name
            fields["xattrs"] = {key: os.getxattr(path, key, follow_symlinks=False)
                                for key in os.listxattr(path, follow_symlinks=False) if key != "security.selinux"}
        return fields

    # --- making ----------------------------------------------------------------------------------

    def did(self, *words):
        self.done.append(" ".join(str(word) for word in words))

    def free(self, where):
        try:
            self.lstat(where)
            return False
        except FileNotFoundError:
            return True

    def any_name(self):
        pick = self.chance.randrange(12)
        if pick == 0:
            return self.chance.choice(NAMES)
        if pick == 1:
            length = self.chance.choice((255, 254, 200, 128))
        else:
            length = self.chance.randrange(1, 12)
        if self.chance.random() < 0.5:
            return bytes(self.chance.choice(b"abcdefghijXYZ0123._-") for _ in range(length)).lstrip(b".") or b"x"
        name = bytes(self.chance.choice(range(1, 256)) for _ in range(length)).replace(b"/", b"\n")
        return name if name not in (b".", b"..") else b"..."

    def directories(self, roots=(0, 1)):
        return [node for root in roots for node in self.walk(root) if node.is_directory]

    def new_place(self, roots=(0, 1)):
        parents = self.directories(roots)
        for _ in range(100):
            parent = self.chance.choice(parents).where
            where = (parent[0], parent[1] + (self.any_name(),))
            if self.free(where):
                return where
        raise RuntimeError("no free name found")

    def make(self, where, kind=None):
        kinds = ["file"] * 10 + ["directory"] * 4 + ["symlink"] * 2
        if "special" in self.features:
            kinds += ["fifo", "socket"] + (["device"] if "device" in self.features else [])
        kind = kind or self.chance.choice(kinds)
        with self.holder(where) as (descriptor, name):
            if kind == "file":
                self.fill(os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=descriptor))
            elif kind == "directory":
                os.mkdir(name, 0o755, dir_fd=descriptor)
            elif kind == "symlink":
                target = self.chance.choice((self.any_name(), b"/etc/passwd", b"../../..", b"no where\n\x1b[31m",
                                             b"t" * self.chance.choice((1, 59, 60, 1023, 4095))))
                os.symlink(target, name, dir_fd=descriptor)
            else:
                mode, device = {
                    "fifo": (stat.S_IFIFO, 0),
                    "socket": (stat.S_IFSOCK, 0),
                    "device": (self.chance.choice((stat.S_IFCHR, stat.S_IFBLK)),
                               os.makedev(self.chance.randrange(4096), self.chance.randrange(1 << 20))),
                }[kind]
                os.mknod(name, mode | 0o600, device, dir_fd=descriptor)
        self.did("make", kind, place(where))
        if self.chance.random() < 0.7:
            self.dress(where)
        return kind

    def fill(self, file):
        chance = self.chance
        try:
            shape = chance.randrange(20)
            if shape < 3:
                return
            if shape < 15:
                os.write(file, chance.randbytes(chance.randrange(1, 3_000)))
            elif shape < 17:
                os.write(file, chance.randbytes(chance.choice((4095, 4096, 4097, 65536, 131071, 131073))))
            elif shape == 17:
                os.write(file, chance.randbytes(chance.randrange(1, 2 << 20)))
            elif "sparse" in self.features:
                self.scatter(file)
        finally:
            os.close(file)

    def scatter(self, file):
        """Data here and there: holes at the start, the middle, the end, or all of it; now and then room kept unused."""
        chance = self.chance
        size = chance.choice((1, 4096, 100_000, 1 << 20, 5_000_001, 16 << 20))
        for _ in range(chance.randrange(4)):
            at = chance.randrange(size)
            os.pwrite(file, chance.randbytes(chance.randrange(1, 20_000)), at // chance.choice((1, 4096)))
        if chance.random() < 0.3:
            os.posix_fallocate(file, chance.randrange(size), 20_000)
        os.ftruncate(file, size if chance.random() < 0.7 else max(0, size - chance.randrange(9_000)))

    def dress(self, where):
        """Gives the node metadata of any kind, the time last."""
        chance = self.chance
        info = self.lstat(where)
        directory, link = stat.S_ISDIR(info.st_mode), stat.S_ISLNK(info.st_mode)
        which = chance.randrange(1, 16)
        words = []
        with self.holder(where) as (descriptor, name):
            path = b"/proc/self/fd/%d/" % descriptor + name
            if ROOT and which & 1:
                owner = chance.choice(OWNERS), chance.choice(OWNERS)
                os.chown(name, owner[0], owner[1], dir_fd=descriptor, follow_symlinks=False)
                words.append("owner %d:%d" % owner)
            if which & 2 and not link:
                mode = chance.choice(DIRECTORY_MODES if directory else FILE_MODES)
                os.chmod(name, mode if ROOT else mode & 0o777 | (0o700 if directory else 0o400), dir_fd=descriptor)
                words.append("mode %o" % mode)
            if which & 4:
                words += self.extend(path, directory, link, stat.S_ISREG(info.st_mode))
            if which & 8 or chance.random() < 0.3:
                time = chance.choice(TIMES) if chance.random() < 0.5 else chance.randrange(1_700_000_000 * SECOND)
                os.utime(name, ns=(time, time), dir_fd=descriptor, follow_symlinks=False)
                words.append("mtime %d" % time)
        self.did("dress", place(where), ", ".join(words))

    def extend(self, path, directory, link, file):
        """Sets or takes away extended attributes."""
        chance = self.chance
        kinds = [kind for kind in ("user", "trusted", "acl", "default", "capability") if kind in self.features]
        words = []
        for _ in range(chance.randrange(1, 4) if kinds else 0):
            kind = chance.choice(kinds)
            there = [key for key in os.listxattr(path, follow_symlinks=False) if key != "security.selinux"]
            try:
                if there and chance.random() < 0.25:
                    key = chance.choice(sorted(there))
                    os.removexattr(path, key, follow_symlinks=False)
                    words.append("without " + text(os.fsencode(key)))
                    continue
                key, value = self.attribute(kind, directory, link, file)
                if key:
                    os.setxattr(path, key, value, follow_symlinks=False)
                    words.append("%s of %d bytes" % (text(os.fsencode(key)), len(value)))
            except OSError as e:
                if e.errno not in (errno.ENOSPC, errno.E2BIG, errno.EPERM, errno.ENODATA):
                    raise
        return words

    def attribute(self, kind, directory, link, file):
        chance = self.chance
        value = chance.randbytes(chance.choice((0, 1, 7, 300, 1_500)))
        name = chance.choice((b"a", b"b", b"mime type", b"n" * 200, b"\xff\n"))
        if kind == "user" and (file or directory):
            return b"user." + name, value
        if kind == "trusted":
            return b"trusted." + name, value
        if kind == "acl" and not link:
            return b"system.posix_acl_access", self.acl()
        if kind == "default" and directory:
            return b"system.posix_acl_default", self.acl()
        if kind == "capability" and file:
            bits = chance.getrandbits(32)
            return b"security.capability", struct.pack("<5I", 0x02000000 | chance.randrange(2), bits, 0, 1, 0)
        return None, b""

    def acl(self):
        """As linux/posix_acl_xattr.h has it: version, then tag, permissions and id, in the order of tag and id."""
        chance = self.chance
        entries = [(1, chance.randrange(8), 2**32 - 1)]
        entries += [(2, chance.randrange(8), user) for user in sorted(chance.sample((0, 1, 1000, 70_000), chance.randrange(3)))]
        entries += [(4, chance.randrange(8), 2**32 - 1)]
        entries += [(8, chance.randrange(8), group) for group in sorted(chance.sample((0, 5, 1000), chance.randrange(1, 3)))]
        entries += [(16, chance.randrange(8), 2**32 - 1), (32, chance.randrange(8), 2**32 - 1)]
        return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)

    def grow(self, entries):
        for root in range(3):
            os.mkdir(self.tops[root], 0o755)
        for root in (0, 1):
            self.make((root, (KEPT,)), "file")
        if self.chance.random() < 0.2:
            self.deepen()
        if self.chance.random() < 0.1:
            for byte in range(1, 256):
                if byte != ord("/"):
                    self.make((0, (b"b" + bytes([byte]),)), "file")
        while entries > 0:
            if "hardlinks" in self.features and self.chance.random() < 0.15:
                self.link()
            else:
                self.make(self.new_place())
            entries -= 1
        for root in (0, 1):
            if self.chance.random() < 0.5:
                self.dress((root, ()))

    def deepen(self):
        """A path that no single call can take: more than 4096 bytes."""
        where = (self.chance.randrange(2), ())
        for level in range(self.chance.choice((18, 30))):
            where = (where[0], where[1] + (b"%02d" % level + b"d" * 253,))
            if self.free(where):
                self.make(where, "directory")
        self.make((where[0], where[1] + (b"bottom",)))

    # --- changing --------------------------------------------------------------------------------

    def nodes(self, wanted):
        """All but the tops and what each of them keeps: a source that has become empty would be held."""
        found = [node for root in (0, 1) for node in self.walk(root)
                 if node.where[1] and node.where[1] != (KEPT,) and wanted(node)]
        return found

    def pick(self, wanted=lambda node: True):
        found = self.nodes(wanted)
        return self.chance.choice(found) if found else None

    def change(self, count):
        ways = [(4, self.add), (4, self.redress), (3, self.rewrite), (2, self.rewrite_unseen), (2, self.replace),
                (3, self.remove_any), (5, self.move), (2, self.retype), (2, self.swap), (2, self.rotate), (2, self.reshape),
                (1, self.reuse_inode), (1, self.remake), (1, self.slip_in)]
        if "hardlinks" in self.features:
            ways += [(4, self.link), (2, self.split), (2, self.merge), (2, self.leave), (1, self.drop_name)]
        for _ in range(count):
            self.chance.choices([way for _, way in ways], [weight for weight, _ in ways])[0]()

    def add(self):
        self.make(self.new_place())

    def redress(self):
        node = self.chance.choice([node for root in (0, 1) for node in self.walk(root)])
        self.dress(node.where)

    def rewrite(self):
        node = self.pick(lambda node: node.is_file)
        if node:
            with self.opened(node, os.O_TRUNC) as file:
                os.write(file, self.chance.randbytes(self.chance.randrange(5_000)))
            self.did("rewrite", place(node.where))

    def rewrite_unseen(self):
        """The same size and the same time: only the change time tells."""
        node = self.pick(lambda node: node.is_file and 0 < node.info.st_size < 1 << 20)
        if node:
            with self.opened(node) as file:
                os.write(file, self.chance.randbytes(node.info.st_size))
            self.set_time(node.where, node.info.st_mtime_ns)
            self.did("rewrite unseen", place(node.where))

    def replace(self):
        node = self.pick(lambda node: not node.is_directory)
        if node:
            beside = (node.where[0], node.where[1][:-1] + (b".new.%d" % self.chance.getrandbits(40),))
            self.did("replace", place(node.where))
            self.make(beside, "file")
            self.rename(beside, node.where)

    def remove_any(self):
        node = self.pick()
        if node and (not node.is_directory or self.chance.random() < 0.4):
            self.did("remove", place(node.where))
            self.remove(node)

    def move(self):
        node = self.pick()
        if node:
            to = self.new_place()
            if to[0] != node.where[0] or to[1][:len(node.where[1])] != node.where[1]:
                self.did("move", place(node.where), "to", place(to))
                self.rename(node.where, to)

    def retype(self):
        node = self.pick()
        if node and (not node.is_directory or self.chance.random() < 0.5):
            self.did("retype", place(node.where))
            self.remove(node)
            if self.make(node.where) == "directory":
                for _ in range(self.chance.randrange(3)):
                    below = (node.where[0], node.where[1] + (self.any_name(),))
                    if self.free(below):
                        self.make(below)

    def swap(self):
        one = self.pick()
        other = one and self.pick(lambda node: node.where != one.where and not inside(node, one) and not inside(one, node))
        if other:
            self.did("swap", place(one.where), place(other.where))
            aside = (one.where[0], (b".swap.%d" % self.chance.getrandbits(40),))
            self.rename(one.where, aside)
            self.rename(other.where, one.where)
            self.rename(aside, other.where)

    def rotate(self):
        """Files of one directory each take the name of another; the first name goes, or comes anew."""
        node = self.pick(lambda node: node.is_file)
        if node:
            top = node.where[1][:-1]
            beside = self.nodes(lambda other: other.is_file and other.where[0] == node.where[0]
                                and other.where[1][:-1] == top)[:4]
            new = (node.where[0], top + (self.any_name(),))
            if self.free(new):
                places = [other.where for other in beside] + [new]
                self.did("rotate", *map(place, places))
                for one, next in reversed(list(zip(places, places[1:]))):
                    self.rename(one, next)
                if self.chance.random() < 0.5:
                    self.make(places[0])

    def reshape(self):
        """Writes into the middle, cuts or lengthens."""
        node = self.pick(lambda node: node.is_file)
        if node:
            size = node.info.st_size
            with self.opened(node) as file:
                way = self.chance.randrange(3)
                if way == 0:
                    os.pwrite(file, self.chance.randbytes(100), self.chance.randrange(size + 1))
                elif way == 1:
                    os.ftruncate(file, self.chance.randrange(size + 1))
                else:
                    os.ftruncate(file, size + self.chance.choice((1, 5_000, 1 << 20)))
            self.did("reshape", place(node.where), way)

    def reuse_inode(self):
        """A file goes, another of its size and time comes, often with its inode."""
        node = self.pick(lambda node: node.is_file and node.info.st_size < 1 << 20)
        if node:
            to = self.new_place()
            self.did("reuse", place(node.where), "for", place(to))
            self.remove(node)
            with self.holder(to) as (descriptor, name):
                file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=descriptor)
                os.write(file, self.chance.randbytes(node.info.st_size))
                os.close(file)
            self.set_time(to, node.info.st_mtime_ns)

    def remake(self):
        """A directory goes and one of the same name comes, with some of its names."""
        node = self.pick(lambda node: node.is_directory)
        if node:
            with self.directory(node.where) as descriptor:
                names = sorted(os.fsencode(name) for name in os.listdir(descriptor))
            self.did("remake", place(node.where))
            self.remove(node)
            self.make(node.where, "directory")
            for name in names:
                if self.chance.random() < 0.6:
                    self.make((node.where[0], node.where[1] + (name,)))

    def slip_in(self):
        """A directory goes one level deeper, into a new one of its old name."""
        node = self.pick(lambda node: node.is_directory)
        if node:
            self.did("slip in", place(node.where))
            aside = (node.where[0], (b".slip.%d" % self.chance.getrandbits(40),))
            self.rename(node.where, aside)
            self.make(node.where, "directory")
            self.rename(aside, (node.where[0], node.where[1] + (self.any_name(),)))

    # --- hard links ------------------------------------------------------------------------------

    def linkable(self, node):
        return not node.is_directory

    def link(self):
        """One more name, here, in the other source or outside."""
        node = self.pick(self.linkable)
        if node:
            to = self.new_place((0, 1, OUTSIDE) if self.chance.random() < 0.2 else (0, 1))
            self.put_link(node.where, to)
            if self.chance.random() < 0.3:
                self.dress(node.where)

    def put_link(self, where, to):
        self.did("link", place(where), "as", place(to))
        with self.holder(where) as (one, name), self.holder(to) as (other, new):
            os.link(name, new, src_dir_fd=one, dst_dir_fd=other, follow_symlinks=False)

    def grouped(self, node):
        return not node.is_directory and node.info.st_nlink > 1

    def split(self):
        """One name gets a file of its own, often with the same bytes and time."""
        node = self.pick(lambda node: self.grouped(node) and node.is_file)
        if node:
            self.did("split", place(node.where))
            self.own_copy(node)

    def own_copy(self, node):
        with self.opened(node) as file:
            content = os.pread(file, min(node.info.st_size, 1 << 20), 0)
        self.remove(node)
        with self.holder(node.where) as (descriptor, name):
            file = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600, dir_fd=descriptor)
            os.write(file, content)
            os.ftruncate(file, node.info.st_size)
            os.close(file)
        if self.chance.random() < 0.6:
            self.set_time(node.where, node.info.st_mtime_ns)

    def merge(self):
        """A name of one group goes over to another."""
        one = self.pick(self.linkable)
        other = one and self.pick(lambda node: self.linkable(node) and node.identity != one.identity)
        if other:
            self.did("merge", place(other.where), "into", place(one.where))
            self.remove(other)
            self.put_link(one.where, other.where)

    def leave(self):
        """One name leaves its group and the others get other metadata at the same time."""
        node = self.pick(self.grouped)
        if node:
            self.did("leave", place(node.where))
            stays = self.pick(lambda other: other.identity == node.identity and other.where != node.where)
            if node.is_file and self.chance.random() < 0.7:
                self.own_copy(node)
            else:
                self.remove(node)
            if stays:
                self.dress(stays.where)

    def drop_name(self):
        node = self.pick(self.grouped)
        if node:
            self.did("drop", place(node.where))
            self.remove(node)

    # --- calls -----------------------------------------------------------------------------------

    @contextlib.contextmanager
    def opened(self, node, flags=0):
        with self.holder(node.where) as (descriptor, name):
            file = os.open(name, (os.O_RDWR if ROOT or node.info.st_mode & 0o200 else os.O_RDONLY) | os.O_NOFOLLOW | flags,
                           dir_fd=descriptor)
            try:
                yield file
            finally:
                os.close(file)

    def rename(self, where, to):
        with self.holder(where) as (one, name), self.holder(to) as (other, new):
            os.rename(name, new, src_dir_fd=one, dst_dir_fd=other)

    def set_time(self, where, time):
        with self.holder(where) as (descriptor, name):
            os.utime(name, ns=(time, time), dir_fd=descriptor, follow_symlinks=False)

    def remove(self, node):
        with self.holder(node.where) as (descriptor, name):
            self.remove_at(descriptor, name, node.is_directory)

    def remove_at(self, descriptor, name, is_directory):
        if is_directory:
            below = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=descriptor)
            try:
                for other in sorted(os.fsencode(other) for other in os.listdir(below)):
                    self.remove_at(below, other, stat.S_ISDIR(os.lstat(other, dir_fd=below).st_mode))
            finally:
                os.close(below)
            os.rmdir(name, dir_fd=descriptor)
        else:
            os.unlink(name, dir_fd=descriptor)


def inside(node, directory):
    names = directory.where[1]
    return node.where[0] == directory.where[0] and node.where[1][:len(names)] == names


def segments(file, size):
    """Where the file holds data, as pairs of first and end."""
    found = []
    at = 0
    while at < size:
        try:
            first = os.lseek(file, at, os.SEEK_DATA)
        except OSError as e:
            if e.errno != errno.ENXIO:
                raise
            break
        at = os.lseek(file, first, os.SEEK_HOLE)
        found.append((first, at))
    return found


def digest(file, data, size):
    """Of the bytes and where they are; zeros count as nothing wherever they come from."""
    state = hashlib.sha256()
    for first, end in data:
        while first < end:
            block = os.pread(file, min(4096 - first % 4096, end - first), first)
            if not block:
                break
            if block.strip(b"\0"):
                state.update(b"%d:%d:" % (first, len(block)) + block)
            first += len(block)
    state.update(b"end %d" % size)
    return state.hexdigest()


def covered(data, source):
    """Whether all data lie where the source has data too, in pages."""
    return all(any(first // 4096 >= begin // 4096 and end <= -(-stop // 4096) * 4096 for begin, stop in source)
               for first, end in data)


def kept_as(want, have, seen):
    """Whether the file lies on disk as the source has it, or had it: the same bytes are not stored again for a hole."""
    if covered(have["data"], want["data"]):
        return True
    # Room that the source keeps without having written to it may become data.
    blocks = want["blocks"]
    for fields in seen:
        if fields.get("sha256") == want["sha256"]:
            blocks = max(blocks, fields["blocks"])
    return have["blocks"] <= blocks


def differences(expected, found, seen):
    """How the found entries differ from the expected ones, where the sources had all the seen ones by now."""
    lines = []
    for where in sorted(expected.keys() | found.keys()):
        if where not in found:
            lines.append(place(where) + ": missing")
        elif where not in expected:
            lines.append(place(where) + ": not in the source")
        else:
            want, have = expected[where], found[where]
            for field in sorted(want.keys() | have.keys()):
                if field == "data":
                    if field in want and field in have and not kept_as(want, have, seen):
                        lines.append("%s: data at %s, in the source at %s" % (place(where), have[field], want[field]))
                elif field != "blocks" and want.get(field) != have.get(field):
                    lines.append("%s: %s %s, in the source %s" % (place(where), field, shown(have.get(field)),
                                                                 shown(want.get(field))))
    return lines


def shown(value):
    return place(value) if isinstance(value, tuple) else repr(value)[:300]


def available(features, top):
    """The features that this user and this file system have."""
    probe = os.path.join(top, b"probe")
    os.close(os.open(probe, os.O_WRONLY | os.O_CREAT))
    value = struct.pack("<5I", 0x02000000, 1, 0, 0, 0)
    needs = {
        "user": lambda: os.setxattr(probe, "user.probe", b""),
        "trusted": lambda: os.setxattr(probe, "trusted.probe", b""),
        "acl": lambda: os.setxattr(probe, "system.posix_acl_access", some_acl()),
        "capability": lambda: os.setxattr(probe, "security.capability", value),
        "device": lambda: os.mknod(probe + b"d", stat.S_IFCHR | 0o600, os.makedev(1, 3)),
    }
    kept = set(features)
    for feature, call in needs.items():
        if feature in kept:
            try:
                call()
            except OSError:
                kept.discard(feature)
    for name in (probe, probe + b"d"):
        if os.path.lexists(name):
            os.unlink(name)
    return kept


def some_acl():
    tree = Tree([], set())
    tree.chance = random.Random(0)
    return tree.acl()


def main():
    tree = Tree([], set())
    remembered = {}
    for line in sys.stdin:
        words = line.split()
        answer = []
        try:
            if words[0] == "grow":
                tops = [os.fsencode(word) for word in words[4:7]]
                tree = Tree(tops, available(words[3].split(","), os.path.dirname(tops[0])))
                tree.chance = random.Random(words[1])
                remembered = {}
                tree.grow(int(words[2]))
                answer = [" ".join(sorted(tree.features))]
            elif words[0] == "change":
                tree.chance = random.Random(words[1])
                tree.change(int(words[2]))
            elif words[0] == "remember":
                remembered[words[1]] = tree.describe()
            elif words[0] == "compare":
                other = Tree([os.fsencode(word) for word in words[2:4]], set())
                seen = [fields for tree_then in remembered.values() for fields in tree_then.values()]
                answer = differences(remembered[words[1]], other.describe(alone=True), seen)
            elif words[0] == "log":
                answer = tree.done
                tree.done = []
        except Exception:
            answer = ["error " + line for line in traceback.format_exc().splitlines()]
        print("\n".join(answer + ["."]), flush=True)


if __name__ == "__main__":
    os.umask(0)
    main()
