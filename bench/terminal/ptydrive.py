"""Drive a terminal program through a real pty and measure it: bytes, first paint, key latency, a slow link.

Answers what a modern terminal answers (DA1, mode 2026, cursor position, kitty keys, colours), so that the program
takes its normal path. Used by `tests/tui_primitives` and by the reports beside this file.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

REPLIES = (
    (b"\x1b[?2026$p", b"\x1b[?2026;2$y"),
    (b"\x1b[?2048$p", b"\x1b[?2048;0$y"),
    (b"\x1b[c", b"\x1b[?62;22c"),
    (b"\x1b[6n", b"\x1b[1;1R"),
    (b"\x1b[>q", b"\x1bP>|ptydrive\x1b\\"),
    (b"\x1b[?u", b"\x1b[?0u"),
    (b"\x1b]11;?", b"\x1b]11;rgb:1212/1212/1212\x1b\\"),
)


@dataclass(frozen=True)
class Window:
    """What a program did in a stretch of time."""

    seconds: float
    bytes: int
    writes: int
    cpu_s: float

    @property
    def bytes_per_s(self) -> float:
        return self.bytes / self.seconds


def cpu_of(pid: int) -> float:
    """User and system time of a process and its children, seconds."""
    ticks, todo, total = os.sysconf("SC_CLK_TCK"), [pid], 0.0
    while todo:
        one = todo.pop()
        try:
            with open(f"/proc/{one}/stat") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            total += (int(fields[11]) + int(fields[12])) / ticks
            for task in os.listdir(f"/proc/{one}/task"):
                with open(f"/proc/{one}/task/{task}/children") as file:
                    todo += [int(child) for child in file.read().split()]
        except OSError:
            continue
    return total


class Terminal:
    """A program in a terminal of its own. Close it, or use it in a `with`."""

    def __init__(
        self, argv: Sequence[str], columns: int = 80, rows: int = 24, env: Mapping[str, str] | None = None,
        *, ignore_hangup: bool = False,
    ) -> None:  # fmt: skip
        environ = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8", **(env or {})}
        for name in ("NO_COLOR", "SSH_CONNECTION", "SSH_TTY", "TMUX"):
            if name not in (env or {}):
                environ.pop(name, None)
        self.started = time.perf_counter()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                size = struct.pack("HHHH", rows, columns, 0, 0)
                fcntl.ioctl(1, termios.TIOCSWINSZ, size)
                signal.signal(signal.SIGHUP, signal.SIG_IGN if ignore_hangup else signal.SIG_DFL)
                os.execvpe(argv[0], list(argv), environ)
            finally:
                os._exit(127)
        self.data = bytearray()
        self.writes = 0
        self.status: int | None = None

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- reading ---

    def take(self, wait_s: float, limit: int = 1 << 16) -> bytes:
        """What the program wrote, at most `limit` bytes; empty after `wait_s` of silence or at its end."""
        if self.fd < 0:
            return b""
        ready, _, _ = select.select([self.fd], [], [], max(0.0, wait_s))
        if not ready:
            return b""
        try:
            data = os.read(self.fd, limit)
        except OSError:  # EIO: the other side is closed
            return b""
        if data:
            self.writes += 1
            self.data += data
            for question, answer in REPLIES:
                if question in data:
                    os.write(self.fd, answer)
        return data

    def pump(self, seconds: float, until: bytes | None = None, since: int | None = None) -> float | None:
        """Read for `seconds`, or until `until` appears after byte `since`; the moment it did."""
        end = time.perf_counter() + seconds
        since = len(self.data) if since is None else since
        while (now := time.perf_counter()) < end:
            if until is not None and until in self.data[since:]:
                return now
            self.take(min(0.02, end - now))
        return None

    def quiet(self, silence_s: float, within_s: float) -> bool:
        """Read until nothing came for `silence_s`; False if that did not happen `within_s`."""
        end, last = time.perf_counter() + within_s, time.perf_counter()
        while (now := time.perf_counter()) < end:
            if self.take(min(0.02, silence_s)):
                last = now
            elif now - last >= silence_s:
                return True
        return False

    def send(self, keys: bytes) -> None:
        os.write(self.fd, keys)

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.kill(self.pid, signal.SIGWINCH)

    # --- measuring ---

    def window(self, seconds: float) -> Window:
        cpu, size, writes, start = cpu_of(self.pid), len(self.data), self.writes, time.perf_counter()
        self.pump(seconds)
        return Window(time.perf_counter() - start, len(self.data) - size, self.writes - writes, cpu_of(self.pid) - cpu)

    def key(self, keys: bytes, silence_s: float = 0.3, within_s: float = 5.0) -> tuple[float | None, int]:
        """Seconds from a key to the first byte (None: no reaction), and all bytes until it is quiet again."""
        self.quiet(silence_s, within_s)
        size, start, first = len(self.data), time.perf_counter(), None
        self.send(keys)
        last = start
        while (now := time.perf_counter()) - start < within_s:
            if self.take(0.005):
                last = time.perf_counter()
                first = last if first is None else first
            elif now - last > silence_s:
                break
        return (None if first is None else first - start), len(self.data) - size

    def seen_on_slow_link(self, keys: bytes, until: bytes, bytes_per_s: int, within_s: float) -> float | None:
        """Seconds from a key until its effect arrived over a link of a fixed rate; None if it did not."""
        start = last = time.perf_counter()
        size, budget, sent = len(self.data), 0.0, False
        while (now := time.perf_counter()) - start < within_s:
            budget = min(bytes_per_s * 0.1, budget + (now - last) * bytes_per_s)
            last = now
            if not sent:
                self.send(keys)
                sent = True
            if budget < 256:
                time.sleep(0.004)
                continue
            budget -= len(self.take(0.005, int(budget)))
            if until in self.data[size:]:
                return time.perf_counter() - start
        return None

    # --- the end ---

    def hang_up(self) -> None:
        """The terminal vanishes."""
        os.close(self.fd)
        self.fd = -1

    def gone(self, within_s: float) -> int | None:
        """The exit status (negative: the signal), None if the process still lives after `within_s`."""
        end = time.perf_counter() + within_s
        while self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
            elif time.perf_counter() > end:
                return None
            else:
                self.take(0.02)
                if self.fd < 0:
                    time.sleep(0.02)
        return self.status

    def close(self) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self.status is None:
                os.kill(self.pid, number)
                self.gone(2.0)
        if self.fd >= 0:
            self.hang_up()
