"""What a bridge waits for: its scheduler, answers of Ray, times."""

from __future__ import annotations

import contextlib
import heapq
import os
import selectors
import socket
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from hptui.core.remote import words as w


class Wires:
    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._selector = selectors.DefaultSelector()
        self._selector.register(connection, selectors.EVENT_READ, "scheduler")
        self._rung, self._ring = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._selector.register(self._rung, selectors.EVENT_READ, "ray")
        self._answers: deque[Callable[[], None]] = deque()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._count = 0

    def say(self, message: w.FromBridge) -> None:
        self.connection.sendall(w.encode(message))

    def when(self, ref: Any, then: Callable[[Any, BaseException | None], None]) -> None:
        """Call `then(value, error)` here once Ray has the answer."""

        def done(future: Any) -> None:
            error = future.exception()
            value = None if error is not None else future.result()
            self._answers.append(lambda: then(value, error))
            with contextlib.suppress(BlockingIOError):
                os.write(self._ring, b"\0")

        ref.future().add_done_callback(done)

    def after(self, seconds: float, then: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._timers, (time.monotonic() + seconds, self._count, then))

    def wait(self) -> bool:
        """Until something happens; answers and times are seen to. True when the scheduler has said something."""
        patience = max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None
        ready = {key.data for key, _ in self._selector.select(patience)}
        if "ray" in ready:
            with contextlib.suppress(BlockingIOError):
                while len(os.read(self._rung, 4096)) == 4096:
                    pass
        while self._answers:
            self._answers.popleft()()
        while self._timers and self._timers[0][0] <= time.monotonic():
            heapq.heappop(self._timers)[2]()
        return "scheduler" in ready
