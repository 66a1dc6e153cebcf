"""Runs a command in a terminal of its own and prints what it wrote there, as it was written.

terminal.py [--columns N] [--rows N] [--resize SECONDS COLUMNS]... [--resize-at TEXT COLUMNS]... [--press TEXT KEYS]...
            [--hang-up TEXT] [--limit SECONDS] -- COMMAND...

--resize gives the terminal another width so many seconds after the start, --resize-at as soon as TEXT was written;
either writes `ESC [ 8 ; rows ; columns t` at that place of the output. --press presses keys (`^C` is Ctrl-C) when
TEXT was written; --hang-up takes the terminal away then. With several of these, each waits for the one before it. The
exit code is the command's, 128 and the signal where one ended it, and 124 where it was killed after --limit.
"""

import argparse
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time


def set_size(terminal, rows, columns):
    """Sets a terminal's size. The kernel tells the processes in it with SIGWINCH."""
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def show(data):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def keys(text):
    r"""The bytes of keys: `^C` is \x03."""
    data = b""
    position = 0
    while position < len(text):
        if text[position] == "^" and position + 1 < len(text):
            data += bytes([ord(text[position + 1].upper()) ^ 0x40])
            position += 2
        else:
            data += text[position].encode()
            position += 1
    return data


class InOrder(argparse.Action):
    """Keeps options of several names in the order in which they were given."""

    def __call__(self, parser, namespace, values, option_string=None):
        namespace.steps.append((option_string, *values))


def parse():
    parser = argparse.ArgumentParser()
    parser.set_defaults(steps=[])
    parser.add_argument("--columns", type=int, default=80)
    parser.add_argument("--rows", type=int, default=24)
    parser.add_argument("--resize", nargs=2, action="append", default=[], metavar=("SECONDS", "COLUMNS"))
    parser.add_argument("--resize-at", nargs=2, action=InOrder, metavar=("TEXT", "COLUMNS"))
    parser.add_argument("--press", nargs=2, action=InOrder, metavar=("TEXT", "KEYS"))
    parser.add_argument("--hang-up", nargs=1, action=InOrder, metavar="TEXT")
    parser.add_argument("--limit", type=float, default=120)
    parser.add_argument("command", nargs="+")
    return parser.parse_args()


def main():
    options = parse()
    child, terminal = pty.fork()
    if child == 0:
        set_size(0, options.rows, options.columns)
        os.execvp(options.command[0], options.command)

    def resize(columns):
        show(b"\x1b[8;%d;%dt" % (options.rows, columns))
        set_size(terminal, options.rows, columns)

    start = time.monotonic()
    timed = sorted((start + float(seconds), int(columns)) for seconds, columns in options.resize)
    steps = list(options.steps)
    unseen = b""  # what was written since the last step
    killed = hang_up = False
    while True:
        now = time.monotonic()
        if now > start + options.limit and not killed:
            os.killpg(child, signal.SIGKILL)
            killed = True
        while timed and timed[0][0] <= now:
            resize(timed.pop(0)[1])
        readable, _, _ = select.select([terminal], [], [], 0.02)
        if readable:
            try:
                data = os.read(terminal, 65536)
            except OSError:  # the last process in the terminal has gone
                break
            if not data:
                break
            show(data)
            unseen += data
        while steps and steps[0][1].encode() in unseen:
            option, _, *value = steps.pop(0)
            unseen = b""
            if option == "--press":
                os.write(terminal, keys(*value))
            elif option == "--resize-at":
                resize(int(*value))
            else:
                hang_up = True
                break
        if hang_up:
            os.close(terminal)
            break

    _, status = os.waitpid(child, 0)
    if killed:
        return 124
    return 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


if __name__ == "__main__":
    sys.exit(main())
