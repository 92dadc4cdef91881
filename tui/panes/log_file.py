"""Lines of a file of any size, found from byte offsets. Reads what is asked for and keeps nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CHUNK = 1 << 16
LONGEST = 1 << 15  # bytes; a longer line is shown as several, or one without an end would be read whole
_SEARCH_CHUNK = 1 << 20


@dataclass(frozen=True)
class Row:
    """A line, or a part of one that is very long. start, end: bytes; `end` lies after its newline."""

    start: int
    end: int
    data: bytes

    @property
    def text(self) -> str:
        """What a terminal would show at last: after a carriage return the line is written anew."""
        data = self.data.rstrip(b"\r\n")
        data = data[data.rfind(b"\r") + 1 :]
        return data.decode("utf-8", "replace").expandtabs(8)


class LogFile:
    """Reads with pread, not mmap: a mapped file that another process truncates kills the reader (SIGBUS)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size = 0
        self._fd = -1
        self._inode = 0

    def poll(self) -> bool:
        """Look at the file again; True if it grew, shrank, was replaced, came or went."""
        try:
            found = os.stat(self.path)
        except OSError:
            changed = self._fd >= 0
            self.close()
            return changed
        if self._fd < 0 or found.st_ino != self._inode:
            self.close()
            try:
                self._fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            except OSError:
                return False
            self._inode = found.st_ino
            self.size = found.st_size
            return True
        changed = found.st_size != self.size
        self.size = found.st_size
        return changed

    def close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
        self._fd, self.size, self._inode = -1, 0, 0

    def _read(self, start: int, stop: int) -> bytes:
        try:
            return os.pread(self._fd, max(0, stop - start), start) if self._fd >= 0 else b""
        except OSError:
            return b""  # a file on a broken mount is a file that cannot be read now

    def rows_from(self, start: int, count: int) -> list[Row]:
        """At most `count` rows from byte `start`, which begins a row."""
        out: list[Row] = []
        data, base = b"", start
        while len(out) < count and start < self.size:
            cut = data.find(b"\n", start - base)
            if cut < 0 and len(data) - (start - base) < LONGEST:
                more = self._read(base + len(data), min(self.size, base + len(data) + CHUNK))
                data, base = data[start - base :] + more, start
                if more:
                    continue
            end = min(cut + 1 if cut >= 0 else len(data), start - base + LONGEST)
            if end <= start - base:
                break
            out.append(Row(start, base + end, data[start - base : end]))
            start = base + end
        return out

    def rows_before(self, stop: int, count: int) -> list[Row]:
        """At most `count` rows that end at byte `stop` (a row's start, or the file's end); in file order."""
        out: list[Row] = []
        stop = min(stop, self.size)
        data, base = b"", stop
        while len(out) < count and stop > 0:
            cut = data.rfind(b"\n", 0, max(0, stop - base - 1))
            if cut < 0 and base > 0 and stop - base <= LONGEST:
                lower = max(0, base - CHUNK)
                more = self._read(lower, base)
                if not more:
                    break
                data, base = more + data[: stop - base], lower
                continue
            start = max(base + cut + 1 if cut >= 0 else base, stop - LONGEST)
            out.append(Row(start, stop, data[start - base : stop - base]))
            stop = start
        return out[::-1]

    def start_of(self, offset: int) -> int:
        """The start of the row that holds byte `offset`."""
        rows = self.rows_before(min(offset + 1, self.size), 1)
        return rows[0].start if rows else 0

    def find(self, needle: bytes, start: int, *, ignore_case: bool, cancelled: Callable[[], bool]) -> int | None:
        """The byte offset of the first match at or after `start`."""
        overlap = len(needle) - 1
        while start < self.size and not cancelled():
            data = self._read(start, min(self.size, start + _SEARCH_CHUNK + overlap))
            at = (data.lower() if ignore_case else data).find(needle)
            if at >= 0:
                return start + at
            if not data:
                return None
            start += _SEARCH_CHUNK
        return None

    def find_last(self, needle: bytes, stop: int, *, ignore_case: bool, cancelled: Callable[[], bool]) -> int | None:
        """The byte offset of the last match that begins before `stop`."""
        overlap = len(needle) - 1
        while stop > 0 and not cancelled():
            lower = max(0, stop - _SEARCH_CHUNK)
            data = self._read(lower, min(self.size, stop + overlap))
            at = (data.lower() if ignore_case else data).rfind(needle)
            if at >= 0:
                return lower + at
            stop = lower
        return None
