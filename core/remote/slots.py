"""The slots of a session as its bridge knows them: brought up, listened to, told, lost and brought up again."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import ray
from ray import exceptions as rx

from hptui.core.errors import SessionError
from hptui.core.remote import cluster, joining
from hptui.core.remote import words as w
from hptui.core.remote.comings import Comings
from hptui.core.remote.mirror import Mirror
from hptui.core.remote.orders import AGAIN_S, One, Orders
from hptui.core.remote.wires import Wires
from hptui.core.study.session import SessionFolder
from hptui.core.wire import request as r
from hptui.core.wire.wake import ring

LISTEN_S = 5.0  # a slot without news answers after this all the same
NODES_EVERY_S = 5.0
FIRST_WORD_S = 15.0  # for slots of an earlier scheduler
UNAVAILABLE_S = 30.0  # a slot that does not answer for so long is given up
WAITS_TOLD_S = 30.0


class Slots:
    def __init__(self, join: w.Join, wires: Wires, mirror: Mirror) -> None:
        self._join, self._wires, self._mirror = join, wires, mirror
        self._all: dict[int, One] = {}
        self._epoch = time.time_ns()
        self._orders = Orders(wires, self._epoch, self._failed)
        self._preload = b""
        self._wanted = join.slots
        self._target = 0
        self._labels: dict[str, str] = {}
        self._bell = SessionFolder(Path(join.folder)).wake
        self._bad: dict[str, str] = {}  # nodes that can't run trials, and why
        self._said_ready = False
        self._waits_told = False
        self._comings = Comings(wires.say, wires.after, self._all)

    # coming and going

    def open(self) -> None:
        """Find what an earlier scheduler left, and say so; bring up the rest. Raises SessionError."""
        there = cluster.nodes()
        self._labels = {node.id: node.label for node in there}
        fits = cluster.room(there, self._join.asks.needs())
        hosted: list[w.Hosted] = []
        old = {index: self._one(index) for index in cluster.left_behind(self._join.namespace)}
        asked = {index: one.handle.who.remote() for index, one in old.items()}
        ready, _ = ray.wait(list(asked.values()), num_returns=len(asked), timeout=FIRST_WORD_S) if asked else ([], [])
        for index, one in old.items():
            try:
                if asked[index] not in ready:
                    raise rx.RayError("it did not answer")
                self._is_there(one, *ray.get(asked[index]))
                for here in ray.get(one.handle.call.remote("hello", self._epoch), timeout=FIRST_WORD_S):
                    self._mirror.go_on(here.number, index, here)
                    hosted.append(w.Hosted(here.number, index, here.pid, here.start_ticks))
                one.state = "booting"
            except rx.RayError:
                self._let_go(one)
        self._wires.say(w.Joined(tuple(node.label for node in there), tuple(hosted)))
        self._aim(fits)
        self._wires.after(NODES_EVERY_S, self._look_at_nodes)

    def boot(self, preload: bytes) -> None:
        """What every slot is to import."""
        self._preload = preload
        for one in list(self._all.values()):
            if one.state == "booting":
                self._boot(one)
        self._grow()

    def want(self, count: int | None) -> None:
        self._wanted = count
        self._aim(cluster.room(cluster.nodes(), self._join.asks.needs()))
        self._grow()

    def leave(self) -> None:
        """Give back what has no trial."""
        for one in list(self._all.values()):
            if not self._hosted(one):
                cluster.end(one.handle)

    def _aim(self, fits: int) -> None:
        count = fits if self._wanted is None else self._wanted
        self._target = count if self._join.most is None else min(count, max(self._join.most, 1))

    def _grow(self) -> None:
        """As many slots as are wanted: more are asked for, or the idle ones given back, the pending first."""
        if not self._preload:
            return
        missing = self._target - len(self._all)
        index = 0
        while missing > 0:
            if index not in self._all:
                self._ask_for(index)
                missing -= 1
            index += 1
        spare = sorted((one for one in self._all.values() if not self._hosted(one)), key=lambda one: one.index)
        spare.sort(key=lambda one: one.state != "pending")
        for one in spare[: max(0, -missing)]:
            self._let_go(one)
            if one.state == "up":
                self._wires.say(w.SlotDown(one.index))
                self._comings.went(one.node, "given back")

    def _let_go(self, one: One) -> None:
        one.over = True
        cluster.end(one.handle)
        self._all.pop(one.index, None)

    def _one(self, index: int) -> One:
        self._all[index] = One(index, cluster.actor(self._join, index), time.monotonic())
        return self._all[index]

    def _ask_for(self, index: int) -> None:
        one = self._one(index)

        def there(value: Any, error: BaseException | None) -> None:
            if one.over:
                return
            if error is not None:
                self._failed(one, error)
                return
            self._is_there(one, *value)
            if one.state == "booting":
                self._greet(one)

        self._wires.when(one.handle.who.remote(), there)

    def _is_there(self, one: One, node_id: str, gpus: tuple[str, ...], problem: str) -> None:
        if node_id not in self._labels:
            self._labels = {node.id: node.label for node in cluster.nodes()}
        one.node, one.gpus, one.state = self._labels.get(node_id, node_id[:8]), gpus, "booting"
        if problem:
            self._cannot(one, problem)

    def _greet(self, one: One) -> None:
        def heard(_: Any, error: BaseException | None) -> None:
            self._failed(one, error) if error is not None else self._boot(one)

        self._wires.when(one.handle.call.remote("hello", self._epoch), heard)

    def _boot(self, one: One) -> None:
        one.handle.call.remote("boot", self._preload)
        self._listen(one)

    def _cannot(self, one: One, problem: str, detail: str = "") -> None:
        """The node can't run trials: nothing more is asked of it unless nothing else is there."""
        self._bad[one.node] = problem
        self._let_go(one)
        self._wires.say(w.Said(f"{one.node}: no trial starts there: {problem}"))
        others = {label for label in self._labels.values() if label not in self._bad}
        if not any(other.state in ("up", "booting") for other in self._all.values()) and not others:
            said = "; ".join(f"{node}: {why}" for node, why in self._bad.items())
            self._wires.say(r.ImportFailed(said, detail))

    # listening

    def _listen(self, one: One) -> None:
        if one.over:
            return
        acks = {number: self._mirror.copies[number].ack for number in self._hosted(one)}
        ref = one.handle.call.remote("listen", self._epoch, acks, one.ready, LISTEN_S)
        self._wires.when(ref, lambda news, error: self._heard(one, news, error))

    def _heard(self, one: One, news: w.News | None, error: BaseException | None) -> None:
        if one.over:
            return
        if isinstance(error, rx.ActorUnavailableError) and self._is_patient(one):
            self._wires.after(AGAIN_S, lambda: self._listen(one))
            return
        if error is not None or news is None:
            self._failed(one, error or RuntimeError("another scheduler has taken it over"))
            return
        one.silent_since = None
        for told in news.told:
            self._told(one, told)
        for text in news.said:
            self._wires.say(w.Said(f"{one.node}: {text}"))
        for seen in news.seen:
            device = f"gpu@{one.node}:{seen.device}" if seen.device else f"cpu@{one.node}"
            self._wires.say(w.NodeSeen(device, *(getattr(seen, name) for name in seen.__struct_fields__[1:])))
        if news.broken is not None:
            self._cannot(one, news.broken.reason, news.broken.detail)
            return
        if news.ready is not None:
            self._up(one, news.ready)
        self._listen(one)

    def _up(self, one: One, ready: r.Ready) -> None:
        one.ready, one.state = True, "up"
        self._wires.say(w.SlotUp(one.index, one.node, one.gpus))
        self._comings.came(one.node)
        if not self._said_ready:
            self._said_ready = True
            self._wires.say(ready)

    def _told(self, one: One, told: w.Told) -> None:
        copy = self._mirror.copies.get(told.number)
        if copy is None or copy.slot != one.index or copy.over:
            return
        if told.refused:
            copy.over = True
            self._wires.say(w.NotRun(told.number, f"{one.node}: {told.refused}"))
            return
        self._mirror.take(told)
        if copy.pid != told.pid:
            copy.pid = told.pid
            self._wires.say(r.Forked(told.number, told.pid, told.start_ticks))
        if told.ended:
            copy.over = True
            self._wires.say(w.Gone(told.number, told.status, told.ago_s))
        if told.spool or told.ended:
            ring(self._bell)  # a verdict may be waited for

    def _is_patient(self, one: One) -> bool:
        now = time.monotonic()
        one.silent_since = one.silent_since or now
        return now - one.silent_since < UNAVAILABLE_S

    def _failed(self, one: One, error: BaseException) -> None:
        """The slot is gone, with all that it had; another one is asked for in its place."""
        if one.over:
            return
        if isinstance(error, rx.RuntimeEnvSetupError):
            self._wires.say(r.ImportFailed(*joining.no_environment(str(error))))
            return
        why = self._why(one, error)
        was_up = one.state == "up"
        self._let_go(one)
        for number in self._hosted(one):
            copy = self._mirror.drop(number)
            if copy is None or copy.over:
                continue
            begun = copy.pid != 0
            self._wires.say(w.Lost(number, why) if begun else w.NotRun(number, why))
        if was_up:
            self._wires.say(w.SlotDown(one.index))
            self._comings.went(one.node, why)
        elif not isinstance(error, rx.RayActorError):
            self._wires.say(w.Said(f"a slot could not be brought up: {why}"))
        self._wires.after(AGAIN_S, self._grow)

    def _why(self, one: One, error: BaseException) -> str:
        alive = {node.label for node in cluster.nodes()}
        if one.node and one.node not in alive:
            return f"node {one.node} was lost"
        short = " ".join(str(error).split())[:300]
        return f"its slot on {one.node or 'a node'} was lost: {short}"

    def _hosted(self, one: One) -> list[int]:
        return self._mirror.on(one.index)

    # telling

    def run(self, run: w.Run) -> None:
        one, number = self._all.get(run.slot), run.start.number
        if one is None or one.state != "up":
            self._wires.say(w.NotRun(number, "its slot is gone"))
            return
        donor = run.start.checkpoint_from
        copy = self._mirror.begin(number, run.slot)
        self._orders.tell(
            one, run, checkpoint=self._mirror.saved(number), donor=None if donor is None else self._mirror.at(donor),
            spool_base=copy.spool_base, log_base=copy.log_base,
        )  # fmt: skip

    def order(self, number: int, what: w.Kick | w.Wish | w.Drop) -> None:
        copy = self._mirror.copies.get(number)
        one = self._all.get(copy.slot) if copy is not None else None
        if isinstance(what, w.Drop):
            self._mirror.drop(number)
        if one is not None:
            self._orders.tell(one, what)

    # looking

    def _look_at_nodes(self) -> None:
        self._wires.after(NODES_EVERY_S, self._look_at_nodes)
        there = cluster.nodes()
        self._labels = {node.id: node.label for node in there}
        try:
            self._aim(cluster.room(there, self._join.asks.needs()))
        except SessionError:
            return  # nodes may come back
        self._grow()
        waiting = [one for one in self._all.values() if one.state == "pending"]
        late = [one for one in waiting if time.monotonic() - one.asked_at > WAITS_TOLD_S]
        if late and len(waiting) == len(self._all) and not self._waits_told:
            self._waits_told = True
            self._wires.say(w.Said(cluster.waits_for(self._join.asks.needs())))
