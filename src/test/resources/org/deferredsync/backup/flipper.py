"""Changes names in a directory, as another user, until it is told to end, and prints how often it did.

Arguments: the user, how often is enough, which it says, the directory, a link's text or "", then names. Without a link they are exchanged two by two, and
files in what they are come and go; with one, each is moved away for a moment, in which the link has its place. What is
not there at the moment is passed over.
"""
import ctypes
import os
import signal
import sys

AT_FDCWD = -100
RENAME_EXCHANGE = 2

renameat2 = ctypes.CDLL(None).renameat2
renameat2.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
running = True


def end(number, frame):
    global running
    running = False


def exchange(one, other):
    return renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE) == 0


def change(directory):
    """Makes or removes a file in what may be a directory, and opens or closes that."""
    try:
        name = directory + b"/more"
        try:
            os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            os.chmod(directory, 0o777)
        except FileExistsError:
            os.unlink(name)
            os.chmod(directory, 0o755)
    except OSError:
        pass


def plant(link, name):
    """Puts the link in the place of what is there, and back."""
    away = name + b".away"
    try:
        os.rename(name, away)
        os.symlink(link, name)
        os.unlink(name)
        os.rename(away, name)
        return True
    except OSError:
        return False


signal.signal(signal.SIGTERM, end)
user = int(sys.argv[1])
os.setgroups([])
os.setgid(user)
os.setuid(user)
enough = int(sys.argv[2])
os.chdir(sys.argv[3])
target = os.fsencode(sys.argv[4])
names = [os.fsencode(name) for name in sys.argv[5:]]
print("ready", flush=True)
flips = 0


def flipped():
    global flips
    flips += 1
    if flips == enough:
        print("enough", flush=True)


if target:
    while running:
        for name in names:
            if plant(target, name):
                flipped()
else:
    pairs = list(zip(names[::2], names[1::2]))
    while running:
        for one, other in pairs:
            if exchange(one, other):
                flipped()
                if flips % 97 == 0:
                    change(one)
print(flips)
