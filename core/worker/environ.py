"""The tag by which a trial's processes are found: HPTUI_TRIAL=<session>/<number> in /proc/PID/environ.

The kernel shows the bytes with which a program was executed, and a fork is not executed. So the fork server is executed
with a placeholder of fixed width, and a forked trial writes its own tag over those bytes in its own memory.
"""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass

from hptui.core.wire.request import TAG

WIDTH = 320
"""Longest tag: a session's name (at most 255 bytes), a slash and a number fit."""

PLACEHOLDER = "." * WIDTH


@dataclass(frozen=True, slots=True)
class Tag:
    """Where the tag's value lies in this process's memory, and in every fork's."""

    address: int

    def write(self, text: str) -> None:
        """Show `text` as the tag of this process and of those that it forks; and give it to those it executes.

        A text that is too long is only given to those it executes.
        """
        data = text.encode()
        if len(data) <= WIDTH:
            ctypes.memmove(self.address, data + bytes(WIDTH - len(data)), WIDTH)
        os.environ[TAG] = text


def find() -> Tag | None:
    """The placeholder of this process, or None when it was executed without one."""
    with open("/proc/self/stat", "rb") as file:
        fields = file.read().rsplit(b")", 1)[1].split()
    start, end = int(fields[47]), int(fields[48])  # fields 50 and 51 of proc(5): env_start, env_end
    if not start < end:
        return None
    entry = f"{TAG}={PLACEHOLDER}\0".encode()
    at = (b"\0" + ctypes.string_at(start, end - start)).find(b"\0" + entry)
    return None if at < 0 else Tag(start + at + len(TAG) + 1)
