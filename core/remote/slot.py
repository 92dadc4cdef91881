"""A slot of a node: the actor that holds what Ray lends one trial, and what runs there in our name.

It outlives its scheduler: whoever comes next finds it by name, with the trials it has. One that nobody has asked for
`ORPHAN_S` and that has nothing running ends itself, and so gives back what it holds.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import selectors
import signal
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from hptui.core.remote import outbox
from hptui.core.remote import words as w
from hptui.core.remote.eyes import Eyes
from hptui.core.remote.nodeside import Ack, NodeSide
from hptui.core.study.session import SessionFolder
from hptui.core.wire import request as r
from hptui.core.wire.lock import SessionLock, start_ticks
from hptui.core.wire.spool import Begin, read_from
from hptui.core.wire.wake import Bell

TICK_S = 0.1  # between looks at spools that nobody rang for
SILENCE_S = 5.0  # without a word from a scheduler: trials wait for no verdict any more
ORPHAN_S = 600.0
SWEEP_EVERY_S = 5.0
NEW: Ack = (0, 0, 0, "", False)


class Slot:
    """Its methods are called by a bridge, each of them from a thread of its own."""

    def __init__(self, namespace: str, index: int, code: str, node_id: str, gpus: tuple[str, ...]) -> None:
        life = f"{index}.{os.getpid()}.{time.time_ns()}"
        home = Path(tempfile.gettempdir(), f"hptui-{os.getuid()}", namespace)
        self._folder = SessionFolder(home / f"slot-{life}")
        self._folder.path.mkdir(parents=True, mode=0o700)
        self._alive = os.open(self._folder.path / "alive", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._alive, fcntl.LOCK_EX)
        self._selector = selectors.DefaultSelector()
        self._bell = Bell(self._folder.wake)
        self._selector.register(self._bell, selectors.EVENT_READ, "bell")
        self._side = NodeSide(self._folder, self._selector, code, os.getcwd())
        self._eyes = Eyes(home, node_id, gpus)
        self._news = threading.Condition(threading.RLock())
        self._epoch = self._done = 0
        self._heard = time.monotonic()
        self._lock: SessionLock | None = None
        self._trouble, self._booted = "", False
        threading.Thread(target=self._watch, name="hptui-slot", daemon=True).start()

    def hello(self, epoch: int) -> tuple[w.Here, ...]:
        """A bridge takes the slot over, with its trials; what earlier ones still have under way counts no more."""
        with self._news:
            if epoch > self._epoch:
                self._epoch, self._done = epoch, 0
            self._hear()
            self._news.notify_all()
            return tuple(self._here())

    def boot(self, preload: bytes) -> None:
        """Have the user's script imported, unless it is."""
        with self._news:
            asked = r.decode_to_server(preload)
            if isinstance(asked, r.Preload) and not self._booted:
                self._booted = True
                self._side.boot(asked)

    def _here(self) -> list[w.Here]:
        found = []
        for number, hosting in self._side.hosted.items():
            child = self._side.children.all.get(number)
            process = child.process if child is not None else None
            pid, ticks = (process.pid, process.start_ticks) if process is not None else (0, 0)
            found.append(w.Here(number, pid, ticks, hosting.spool_base, hosting.log_base))
        return found

    def tell(self, epoch: int, orders: tuple[w.Order, ...]) -> int:
        """Do what was not done yet; the count of the last order that is. -1: another bridge has this slot."""
        with self._news:
            if epoch != self._epoch:
                return -1
            self._hear()
            for order in orders:
                if order.count == self._done + 1:
                    self._side.do(order)
                    self._done = order.count
            self._news.notify_all()
            return self._done

    def listen(self, epoch: int, acks: dict[int, Ack], knows_ready: bool, wait_s: float) -> w.News | None:
        """What is new since `acks`, as soon as there is something; None: another bridge has this slot."""
        deadline = time.monotonic() + wait_s
        with self._news:
            while epoch == self._epoch:
                self._hear()
                if self._trouble:
                    raise RuntimeError(self._trouble)
                news = self._gather(acks, knows_ready)
                left = deadline - time.monotonic()
                if news != w.News() or left <= 0:
                    return news
                self._news.wait(min(TICK_S, left))
        return None

    def _gather(self, acks: dict[int, Ack], knows_ready: bool) -> w.News:
        side = self._side
        told = [one for number in list(side.hosted) if (one := side.told(number, acks.get(number, NEW))) is not None]
        said, side.said = tuple(side.said), []
        ready, broken = (None, None) if knows_ready else (side.ready, side.broken)
        return w.News(tuple(told), ready, broken, said, self._eyes.news())

    def _hear(self) -> None:
        self._heard = time.monotonic()
        if self._lock is None:
            self._lock = SessionLock.take(self._folder.lock, wait_s=0.0)

    def _watch(self) -> None:
        """Ends of processes, the bell and the fork server wake who listens."""
        swept = 0.0
        try:
            while True:
                ready = self._selector.select(1.0)
                with self._news:
                    for key, _ in ready:
                        self._notice(key.data)
                    now = time.monotonic()
                    if self._lock is not None and now - self._heard > SILENCE_S:
                        self._lock.release()
                        self._lock = None
                    if now - swept > SWEEP_EVERY_S:
                        swept = now
                        sweep_dead(self._folder.path.parent.parent)
                        self._leave_when_forgotten(now)
                    if ready:
                        self._news.notify_all()
        except BaseException as error:  # told by the next `listen`: nothing here may go unsaid
            self._trouble = f"the slot's watch ended: {error!r}"
            raise

    def _notice(self, about: Any) -> None:
        match about:
            case "bell":
                self._bell.drain()
            case "server":
                self._side.hear()
            case int(number):
                if (child := self._side.children.all.get(number)) is not None and child.pidfd is not None:
                    self._side.children.ended(number)

    def _leave_when_forgotten(self, now: float) -> None:
        running = any(child.gone_at is None for child in self._side.children.all.values())
        if now - self._heard > ORPHAN_S and not running:
            outbox.empty(self._folder.path)
            os._exit(0)


def sweep_dead(home: Path) -> None:
    """End what slots that are gone have left on this node, of any session: processes of their trials, and files."""
    for folder in home.glob("*/slot-*"):
        try:
            fd = os.open(folder / "alive", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        else:
            for trial in (folder / "trials").glob("*"):
                lines, _ = read_from(trial / "spool", 0, 4096)
                if lines and isinstance(lines[0], Begin) and start_ticks(lines[0].pid) == lines[0].start_ticks:
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.killpg(lines[0].pid, signal.SIGKILL)
            outbox.empty(folder)
        finally:
            os.close(fd)
