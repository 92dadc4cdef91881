"""A trial's control page: 64 mapped bytes through which verdicts and wishes reach a trial without a system call.

Each side writes only its own words, each word aligned and written at once. The page outlives both processes.
"""

from __future__ import annotations

import mmap
import os
import struct
from enum import IntEnum
from pathlib import Path

SIZE = 64
_VERSION = 1

# offset, written by
_WISH = 8  # scheduler
_ANSWERED = 16  # scheduler: the last milestone that has its verdict
_VERDICT = 24  # scheduler: that verdict
_PARKED = 32  # trial
_FULL = 40  # trial: waits for disk space
_ATTEMPT = 48  # scheduler: see `claim`
_ASKED = 56  # trial: the last milestone that it asked about

_word = struct.Struct("=q")


class Ask(IntEnum):
    """What the scheduler wishes."""

    GO = 0
    PARK = 1  # wait in your next report()
    STOP = 2  # should_prune() is True from now on


class Verdict(IntEnum):
    GO = 0
    STOP = 1


class Control:
    """One side's view of the page. Create it before the trial starts; open it any number of times."""

    def __init__(self, path: Path) -> None:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if os.fstat(fd).st_size < SIZE:
                os.posix_fallocate(fd, 0, SIZE)
            self._page = mmap.mmap(fd, SIZE)
        finally:
            os.close(fd)
        _word.pack_into(self._page, 0, _VERSION)

    def close(self) -> None:
        self._page.close()

    # the scheduler's side

    def ask(self, ask: Ask) -> None:
        _word.pack_into(self._page, _WISH, ask)

    def answer(self, milestone: int, verdict: Verdict) -> None:
        """The verdict first: a trial that sees the milestone answered must find it there."""
        _word.pack_into(self._page, _VERDICT, verdict)
        _word.pack_into(self._page, _ANSWERED, milestone)

    def start_over(self) -> None:
        """For a trial whose process is gone and that gets another one: nothing is asked of it, or owed to it."""
        self.ask(Ask.GO)
        self.answer(max(self.answered, self.milestone), Verdict.GO)
        self.set_parked(False)
        self.set_disk_full(False)

    def set_attempt(self, attempt: int) -> None:
        _word.pack_into(self._page, _ATTEMPT, attempt)

    @property
    def attempt(self) -> int:
        return int(_word.unpack_from(self._page, _ATTEMPT)[0])

    @property
    def parked(self) -> bool:
        return bool(_word.unpack_from(self._page, _PARKED)[0])

    @property
    def disk_full(self) -> bool:
        return bool(_word.unpack_from(self._page, _FULL)[0])

    # the trial's side

    @property
    def asked(self) -> int:
        """An `Ask` as a plain number: this is read at every report."""
        return int(_word.unpack_from(self._page, _WISH)[0])

    @property
    def answered(self) -> int:
        return int(_word.unpack_from(self._page, _ANSWERED)[0])

    @property
    def verdict(self) -> int:
        return int(_word.unpack_from(self._page, _VERDICT)[0])

    @property
    def milestone(self) -> int:
        return int(_word.unpack_from(self._page, _ASKED)[0])

    def set_milestone(self, milestone: int) -> None:
        _word.pack_into(self._page, _ASKED, milestone)

    def set_parked(self, parked: bool) -> None:
        _word.pack_into(self._page, _PARKED, int(parked))

    def set_disk_full(self, full: bool) -> None:
        _word.pack_into(self._page, _FULL, int(full))
