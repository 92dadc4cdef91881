"""Seconds since the epoch that never jump: the wall clock as it was at the start, carried on by the monotonic one."""

from __future__ import annotations

import time


class Clock:
    def __init__(self) -> None:
        self._offset = time.time() - time.monotonic()

    def now(self) -> float:
        return self._offset + time.monotonic()
