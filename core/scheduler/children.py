"""The trials' processes: started through the fork server, watched by pidfd, read through their spools, signalled whole.

A child is a process we may or may not be the parent of: one that was adopted from an earlier scheduler is watched and
read in the same way; only its exit status is not to be had.
"""

from __future__ import annotations

import array
import contextlib
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from hptui.core.devices.inventory import Inventory, Place
from hptui.core.scheduler.child import Child
from hptui.core.scheduler.events.base import Event
from hptui.core.scheduler.fork_server import ForkServer
from hptui.core.scheduler.tags import astray, sweep
from hptui.core.study.session import SessionFolder
from hptui.core.study.trial import Process
from hptui.core.wire import request as r
from hptui.core.wire.claim import void
from hptui.core.wire.control import Control
from hptui.core.wire.lock import start_ticks
from hptui.core.wire.spool import Begin, read_from

FIND_PATIENCE_S = 10.0  # for the first line of a process that is there
BRIEF_S = 60.0  # pids do not begin anew twice while such a trial runs: who is left of it has a higher one than it had
STATUS_PATIENCE_S = 1.0  # between a process's end and the fork server's word on how it ended


@dataclass
class Children:
    folder: SessionFolder
    selector: selectors.BaseSelector
    all: dict[int, Child] = field(default_factory=dict)
    server: socket.socket | None = None
    server_process: subprocess.Popen[bytes] | None = None
    offsets: dict[int, int] = field(default_factory=dict)  # bytes of a spool read under an earlier process of its trial
    begun: ForkServer | None = None  # before anybody asked for it, and told already

    # the fork server

    def boot(self, preload: r.Preload) -> None:
        """A fork server that imports this: the one that does so already, or a new one. Raises OSError."""
        begun, self.begun = self.begun, None
        if begun is not None and begun.told != preload:
            begun.end()
            begun = None
        begun = begun or ForkServer.begin(self.folder)
        self.server, self.server_process = begun.connection, begun.process
        self.selector.register(self.server, selectors.EVENT_READ, "server")
        if begun.told is None:
            begun.tell(preload)

    def from_server(self) -> tuple[list[r.FromServer | Event], bool]:
        """What the server said, and whether it is still there."""
        messages: list[r.FromServer | Event] = []
        if self.server is None:
            return messages, True
        while True:
            try:
                data = self.server.recv(1 << 20)
            except BlockingIOError:
                return messages, True
            except OSError:
                data = b""
            if not data:
                self._drop_server()
                return messages, False
            messages.append(r.decode_from_server(data))

    def note_status(self, pid: int, status: int) -> None:
        """The fork server says how a process ended, after it said whose it was; of one that was forgotten, nothing:
        its pid may be another trial's some day."""
        for child in self.all.values():
            if child.process is not None and child.process.pid == pid:
                child.status = status

    def _drop_server(self) -> None:
        if self.server is not None:
            self.selector.unregister(self.server)
            self.server.close()
            self.server = None
        for child in self.all.values():
            if child.popen is None:
                child.tells_status = False
        if self.server_process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.server_process.kill()
            self.server_process.wait()
            self.server_process = None

    # starting

    def prepare(self, number: int) -> Child:
        """The trial's folder, its control page and a child that has no process yet."""
        folder = self.folder.trial(number)
        folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        child = Child(number, self.folder, self.offsets.get(number, 0), control=self.control_of(number))
        self.all[number] = child
        return child

    def control_of(self, number: int) -> Control:
        return Control(self.folder.trial(number).control)

    def find(self, number: int) -> Process | None:
        """The process of a trial that was asked for and never seen; None when there is none, nor ever will be."""
        folder = self.folder.trial(number)
        folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        with contextlib.closing(Control(folder.control)) as control:
            deadline = time.monotonic() + FIND_PATIENCE_S
            while True:
                lines, _ = read_from(folder.spool, self.offsets.get(number, 0))
                begin = next((line for line in lines if isinstance(line, Begin)), None)
                if begin is not None:
                    return Process(begin.pid, begin.start_ticks)
                if void(folder.spool, control):
                    return None
                if time.monotonic() > deadline:
                    raise TimeoutError(f"a process holds the spool of trial {number} and says nothing")
                time.sleep(0.005)  # it is there, and about to write its first line

    def fork(self, start: r.Start, lease_fds: Sequence[int], place: Place | None = None) -> None:
        """Ask the fork server. Raises OSError when it is gone or does not listen. place: here there is but one."""
        if self.server is None:
            raise BrokenPipeError("the fork server is gone")
        beside = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", lease_fds))] if lease_fds else []
        self.server.sendmsg([r.encode(start)], beside)
        self.all[start.number].tells_status = True

    def start_cold(self, start: r.Start, lease_fds: Sequence[int]) -> Process:
        """A Python of its own. Raises OSError when it can't be started."""
        child = self.all[start.number]
        folder = self.folder.trial(start.number)
        request = folder.path / "request.json"
        request.write_bytes(msgspec.json.encode(start))
        env = {**os.environ, **start.env, r.TAG: f"{start.session}/{start.number}"}
        with open(folder.log, "ab") as log:
            child.popen = subprocess.Popen(
                [sys.executable, "-m", "hptui.core.worker.runner", str(request)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=env, cwd=start.cwd,
                pass_fds=lease_fds,
            )  # fmt: skip
        child.tells_status = True
        return Process(child.popen.pid, start_ticks(child.popen.pid) or 0)

    def watch(self, number: int, process: Process) -> None:
        """Hear of this process's end from now on."""
        child = self.all[number]
        child.process = process
        try:
            child.pidfd = os.pidfd_open(process.pid)
        except ProcessLookupError:
            child.gone_at = time.monotonic()
            return
        self.selector.register(child.pidfd, selectors.EVENT_READ, number)

    def adopt(self, number: int, process: Process, offset: int) -> bool:
        """Take over a process that an earlier scheduler started; False when it is not there any more."""
        folder = self.folder.trial(number)
        folder.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.all[number] = Child(number, self.folder, offset, control=self.control_of(number))
        child = self.all[number]
        if start_ticks(process.pid) == process.start_ticks:
            self.watch(number, process)
        else:
            child.process, child.gone_at = process, time.monotonic()
        return child.gone_at is None

    # ending

    def ended(self, number: int) -> None:
        """The pidfd says that the process is gone."""
        child = self.all[number]
        if child.pidfd is not None:
            self.selector.unregister(child.pidfd)
            os.close(child.pidfd)
            child.pidfd = None
        child.gone_at = time.monotonic()
        if child.popen is not None:
            code = child.popen.wait()
            child.status = -code if code < 0 else code << 8

    def settled(self, child: Child) -> bool:
        """Whether all that can be known of its end is known."""
        if child.gone_at is None:
            return False
        if child.end is not None or child.status is not None or not child.tells_status:
            return True
        return time.monotonic() - child.gone_at > STATUS_PATIENCE_S

    def signal(self, number: int, *signals: signal.Signals) -> None:
        """To the trial's leader and all that share its process group; freezing and thawing reach what left it, too."""
        child = self.all.get(number)
        if child is None or child.process is None:
            return
        leader = child.process.pid
        for one in signals:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(leader, one)
            for pid in astray(leader) if one in (signal.SIGSTOP, signal.SIGCONT) else ():
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, one)

    def clear(self, number: int, tag: str) -> None:
        """End whatever is left of its process."""
        child = self.all.get(number)
        if child is not None and child.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(child.process.pid, signal.SIGKILL)
            brief = child.since is not None and time.monotonic() - child.since < BRIEF_S
            sweep(tag, child.process.pid if brief else 0)

    def leader(self, number: int) -> int | None:
        """The pid of a trial's process, while there is one on this machine."""
        child = self.all.get(number)
        return None if child is None or child.process is None else child.process.pid

    def resized(self, slots: int) -> Inventory | None:
        """The places after asking for `slots`; None where the machine's own are all there is."""
        return None

    def tend(self) -> None:
        """Once in a while: mend what is broken between here and where they run."""

    def give_back(self) -> None:
        """The session is over: what it was lent, beside what its trials hold."""

    def forget(self, number: int) -> None:
        child = self.all.pop(number, None)
        if child is None:
            return
        self.offsets[number] = child.offset
        if child.pidfd is not None:
            self.selector.unregister(child.pidfd)
            os.close(child.pidfd)
        if child.control is not None:
            child.control.close()

    def close(self) -> None:
        """Let the fork server end; trials that still run (or are frozen) live on."""
        for number in list(self.all):
            self.forget(number)
        if self.server is not None:
            self.selector.unregister(self.server)
            self.server.close()
            self.server = None
        if self.server_process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.server_process.wait(2.0)
                return
            self.server_process.kill()
            self.server_process.wait()
