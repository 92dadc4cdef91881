"""Trials on nodes, in the place of the scheduler's own children: everything is asked of a bridge.

Their spools and logs are the session's own files, which the bridge writes; so reading them is nothing new.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence

from hptui.core.devices.inventory import Inventory, Place
from hptui.core.errors import SessionError
from hptui.core.remote import words as w
from hptui.core.remote.far_control import FarControl
from hptui.core.remote.nodes import Nodes, in_words
from hptui.core.scheduler import events as e
from hptui.core.scheduler.child import Child
from hptui.core.scheduler.children import Children
from hptui.core.scheduler.clock import Clock
from hptui.core.scheduler.events.base import Event
from hptui.core.study.session import SessionFolder
from hptui.core.study.trial import Process
from hptui.core.wire import request as r

JOIN_PATIENCE_S = 80.0
AGAIN_S = 5.0  # between tries to join a cluster that was there before
Heard = r.FromServer | Event


class FarChildren(Children):
    def __init__(self, folder: SessionFolder, selector: selectors.BaseSelector, join: w.Join, nodes: Nodes) -> None:
        """Raises SessionError when the cluster can't be joined."""
        super().__init__(folder, selector)
        self._join, self._nodes = join, nodes
        self._clock = Clock()
        self._hosted: dict[int, w.Hosted] = {}
        self._places: dict[int, Place] = {}  # asked for, not seen yet
        self._preload: r.Preload | None = None
        self._again_at: float | None = None  # the bridge is gone: another one is tried then
        self._early: list[Heard] = []
        self._troubles: set[str] = set()  # that the ledger was told of
        self._kicked: dict[int, w.Kick] = {}  # the last signals to each trial
        self._open()
        self._wait_for_the_cluster()

    # the bridge

    def _open(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with open(self.folder.log, "ab") as log:
            self.server_process = subprocess.Popen(
                [sys.executable, "-m", "hptui.core.remote.bridge", str(theirs.fileno())],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[theirs.fileno()],
                start_new_session=True, cwd=self.folder.path, env={**os.environ, "RAY_LOG_TO_STDERR": "0"},
            )  # fmt: skip
        theirs.close()
        self.server = ours
        self._say(self._join)

    def _wait_for_the_cluster(self) -> None:
        assert self.server is not None
        self.server.settimeout(JOIN_PATIENCE_S)
        try:
            data = self.server.recv(1 << 20)
        except TimeoutError:
            data = w.encode(w.CannotJoin(f"the cluster did not let us in within {JOIN_PATIENCE_S:g} s"))
        first = w.decode_from_bridge(data) if data else w.CannotJoin("its bridge ended", f"see {self.folder.log}")
        if isinstance(first, w.Joined):
            self._hosted = {one.number: one for one in first.hosted}
            self._early.append(self._note(f"the cluster has {in_words(first.nodes)}"))
            self._hear_it()
            return
        self._end_bridge()
        problem, hint = (first.problem, first.hint) if isinstance(first, w.CannotJoin) else (repr(first), "")
        raise SessionError("the cluster", problem, hint)

    def _hear_it(self) -> None:
        assert self.server is not None
        self.server.setblocking(False)
        self.selector.register(self.server, selectors.EVENT_READ, "server")

    def _say(self, message: w.ToBridge) -> None:
        if self.server is not None:
            try:
                _send(self.server, w.encode(message))
            except OSError:  # gone, or stuck: another one is told all of it when the cluster is joined again
                self._end_bridge()
                self._again_at = time.monotonic() + AGAIN_S

    def _end_bridge(self) -> None:
        if self.server is not None:
            with contextlib.suppress(KeyError):
                self.selector.unregister(self.server)
            self.server.close()
            self.server = None
        if self.server_process is not None:
            self.server_process.kill()
            self.server_process.wait()
            self.server_process = None

    def boot(self, preload: r.Preload) -> None:
        self._preload = preload
        self._say(preload)
        for number in set(self._hosted) - set(self.all):
            self._say(w.Drop(number))  # it has ended for the ledger

    def from_server(self) -> tuple[list[Heard], bool]:
        """What the bridge said. One that is gone is followed by another one: to the scheduler it is always there."""
        heard, self._early = self._early, []
        while self.server is not None:
            try:
                data = self.server.recv(1 << 20)
            except BlockingIOError:
                break
            except OSError:
                data = b""
            if not data:
                self._end_bridge()
                self._again_at = self._again_at or time.monotonic() + AGAIN_S
                heard += self._once("the bridge to the cluster is gone; trials go on, another one is tried")
                break
            heard += self._meaning(w.decode_from_bridge(data))
        return heard, True

    def tend(self) -> None:
        """Try again to reach a cluster that was lost."""
        if self.server is None and self._again_at is not None and time.monotonic() >= self._again_at:
            self._again_at = None
            self._open()
            self._hear_it()

    def _note(self, text: str, number: int | None = None) -> e.Noted:
        return e.Noted(self._clock.now(), number, text, "cluster")

    def _once(self, text: str) -> list[Heard]:
        """Told once, until the cluster is joined again."""
        new = text not in self._troubles
        self._troubles.add(text)
        return [self._note(text)] if new else []

    def _meaning(self, message: w.FromBridge) -> list[Heard]:
        at = self._clock.now()
        match message:
            case r.Forked(number=number):
                self._places.pop(number, None)
                return [message]
            case r.Ready() | r.ImportFailed():
                return [message]
            case w.Joined():
                return self._joined(message)
            case w.CannotJoin(problem=problem):
                return self._once(f"the cluster can't be joined: {problem}")
            case w.SlotUp() | w.SlotDown():
                return [self._placed(message)]
            case w.Gone(number=number, status=status, ago_s=ago_s) if number in self.all:
                child = self.all[number]
                child.status, child.gone_at = status, time.monotonic() - ago_s
            case w.Lost(number=number, reason=reason):
                self._lose(number, reason)
            case w.NotRun(number=number, reason=reason) if number in self._places:
                place = self._places.pop(number)
                self.forget(number)
                return [e.NotStarted(at, number, place, f"waits: {reason}", 0.0)]
            case w.Said(text=text, number=number):
                return [self._note(text, number)]
            case w.NodeSeen(device=device):
                self._nodes.seen[device] = message
            case _:
                pass
        return []

    def _joined(self, joined: w.Joined) -> list[Heard]:
        self._again_at = None
        self._troubles.clear()
        hosted = {one.number: one for one in joined.hosted}
        heard: list[Heard] = [self._note(f"the cluster has {in_words(joined.nodes)}")]
        self._nodes.up.clear()
        for number, child in list(self.all.items()):
            if child.gone_at is None and number not in hosted:
                if child.process is not None:
                    self._lose(number, "it was not there any more when the cluster was joined again")
                elif (place := self._places.pop(number, None)) is not None:
                    self.forget(number)
                    heard.append(e.NotStarted(self._clock.now(), number, place, "starts again", 0.0))
        if self._preload is not None:
            self._hosted = hosted
            self.boot(self._preload)
        for number in set(hosted) & set(self.all):
            self._tell_again(number)
        return heard

    def _tell_again(self, number: int) -> None:
        """What a bridge that is gone may not have passed on."""
        control = self.all[number].control
        if control is not None:
            self._say(w.Wish(number, control.asked, control.answered, control.verdict))
        if number in self._kicked:
            self._say(self._kicked[number])

    def _placed(self, slot: w.SlotUp | w.SlotDown) -> e.PlacesSet:
        nodes = self._nodes
        if isinstance(slot, w.SlotUp):
            nodes.up[slot.slot] = slot
        else:
            nodes.up.pop(slot.slot, None)
        now = nodes.inventory()
        return e.PlacesSet(self._clock.now(), now.at_once if now.slots else 0, now.slots, now.devices)

    def _lose(self, number: int, reason: str) -> None:
        child = self.all.get(number)
        if child is not None and child.gone_at is None:
            child.lost, child.gone_at = reason, time.monotonic()

    # trials

    def control_of(self, number: int) -> FarControl:
        return FarControl(self.folder.trial(number).control, number, self._say)

    def find(self, number: int) -> Process | None:
        hosted = self._hosted.get(number)
        if hosted is None or not hosted.pid:
            self._say(w.Drop(number))
            return None
        return Process(hosted.pid, hosted.start_ticks)

    def fork(self, start: r.Start, lease_fds: Sequence[int], place: Place | None = None) -> None:
        assert place is not None
        if self.server is None:
            raise BrokenPipeError("the bridge to the cluster is gone")
        control = self.all[start.number].control
        self._places[start.number] = place
        self._kicked.pop(start.number, None)
        self._say(w.Run(place.slot, start, control.answered if control is not None else 0))

    def start_cold(self, start: r.Start, lease_fds: Sequence[int]) -> Process:
        raise OSError("a node decides by itself how it starts a trial")

    def watch(self, number: int, process: Process) -> None:
        self.all[number].process = process

    def adopt(self, number: int, process: Process, offset: int) -> bool:
        self.folder.trial(number).path.mkdir(parents=True, exist_ok=True, mode=0o700)
        child = self.all[number] = Child(number, self.folder, offset, control=self.control_of(number))
        child.process = process
        hosted = self._hosted.get(number)
        if hosted is None or (hosted.pid, hosted.start_ticks) != (process.pid, process.start_ticks):
            self._lose(number, "its node was lost while no scheduler watched")
        return child.gone_at is None

    def settled(self, child: Child) -> bool:
        return child.gone_at is not None  # the bridge says so when all of its files are here

    def signal(self, number: int, *signals: signal.Signals) -> None:
        self._kicked[number] = w.Kick(number, tuple(int(one) for one in signals))
        self._say(self._kicked[number])

    def clear(self, number: int, tag: str) -> None:
        self._say(w.Drop(number))

    def leader(self, number: int) -> int | None:
        return None  # none on this machine

    def resized(self, slots: int) -> Inventory | None:
        self._nodes.wanted = slots
        self._say(w.Want(slots))
        return self._nodes.inventory()

    def give_back(self) -> None:
        self._say(w.Leave())

    def close(self) -> None:
        for number in list(self.all):
            self.forget(number)
        if self.server is not None:
            self.selector.unregister(self.server)
            self.server.close()
            self.server = None
        if self.server_process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.server_process.wait(5.0)
            self.server_process.kill()  # nothing, where it has ended
            self.server_process.wait()


def _send(connection: socket.socket, data: bytes) -> None:
    """A whole packet, waiting while the bridge is busy."""
    connection.settimeout(10.0)
    try:
        connection.send(data)
    finally:
        connection.setblocking(False)
