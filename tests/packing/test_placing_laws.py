"""Placement keeps its laws, whatever comes: nothing is oversubscribed, nobody starves, every answer has its reason."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hptui.core.devices.inventory import Place
from hptui.core.scheduler import actions as a
from hptui.core.scheduler import events as e
from hptui.core.scheduler.apply import apply
from hptui.core.scheduler.events.gpus import Look, Looked
from hptui.core.scheduler.gpus import Gpus, GpuState
from hptui.core.scheduler.placing import UNITS, Asks, Blocked, Chosen, Gpu, Need, Tenant, Wait, choose
from hptui.core.scheduler.plan import plan
from hptui.core.scheduler.state import Rules, SchedulerState, Server
from hptui.core.study.trial import Paused, Process, Running, Waiting, Why
from hptui.core.wire.spool import End

GIB = 1 << 30


def gpu(number: int, **more: Any) -> Gpu:
    return Gpu(f"GPU-{number}", f"GPU {number}", 80 * GIB, 0, **more)


tenants = st.builds(
    Tenant,
    number=st.integers(0, 99), units=st.integers(1, 4000), memory_bytes=st.none() | st.integers(1, 40 * GIB),
    used_bytes=st.integers(0, 40 * GIB), settled=st.booleans(), left_s=st.none() | st.floats(0, 1e5),
)  # fmt: skip
machines = st.lists(
    st.builds(
        gpu,
        number=st.integers(0, 7), tenants=st.lists(tenants, max_size=3).map(tuple), elsewhere=st.integers(0, UNITS),
        strangers=st.sampled_from(["", "used by 1 other process"]), closed=st.sampled_from(["", "is drained"]),
        limit=st.none() | st.just((1, "1 steps/s with 1, 0.5 with 2")), one_process=st.booleans(),
    ),
    min_size=1, max_size=4, unique_by=lambda one: one.id,
)  # fmt: skip
needs = st.builds(
    Need,
    gpus=st.integers(1, 3), units=st.none() | st.integers(1, UNITS), memory_bytes=st.none() | st.integers(1, 90 * GIB),
    beside_growing=st.integers(1, 3),
)  # fmt: skip


@given(need=needs, asks=st.builds(Asks, max_trials=st.integers(1, 4)), machine=machines)
def test_what_is_chosen_fits_and_what_waits_has_a_reason(need: Need, asks: Asks, machine: list[Gpu]) -> None:
    found = choose(need, asks, machine)

    if isinstance(found, Wait):
        assert found.reason.startswith("waiting: ") and found.key
        return
    chosen = [one for one in machine if one.id in found.device_id.split(",")]
    assert len(chosen) == need.gpus and found.reason.startswith("GPU ")
    for one in chosen:
        assert found.units <= one.free_units
        assert not (one.closed or one.strangers) and len(one.tenants) < asks.max_trials
        assert one.limit is None or len(one.tenants) < one.limit[0]
        assert not one.one_process or (found.units == UNITS and not (one.tenants or one.elsewhere))
        if need.memory_bytes is not None and not one.empty:
            assert one.free_bytes is not None and need.memory_bytes <= one.free_bytes


@pytest.mark.parametrize(
    ("there", "said"),
    [
        ({"tenants": (Tenant(7, UNITS, left_s=240.0),)},
         "waiting: GPU 0 is taken by trial 7; next in about 4 min"),
        ({"tenants": (Tenant(7, 8000, 60 * GIB, 60 * GIB, left_s=30.0),), "used_bytes": round(73.7 * GIB)},
         "waiting: needs 6.1 GiB, GPU 0 has 3.9 GiB free; next in about 30 s"),
        ({"elsewhere": UNITS}, "waiting: GPU 0 is leased by another session"),
        ({"tenants": (Tenant(7, 900, 6 * GIB),), "one_process": True}, "waiting: GPU 0 is taken by trial 7"),
        ({"strangers": "used by 1 other process (pid 12), 1.5 GiB"},
         "waiting: GPU 0 is used by 1 other process (pid 12), 1.5 GiB"),
        ({"closed": "is drained"}, "waiting: GPU 0 is drained"),
    ],
)  # fmt: skip
def test_a_wait_says_what_for_in_numbers(there: dict[str, Any], said: str) -> None:
    need = Need(memory_bytes=round(6.1 * GIB)) if "needs" in said else Need(units=UNITS)
    one = replace(gpu(0), **there)

    found = choose(need, Asks(), [one])

    assert isinstance(found, Wait) and found.reason == said


def test_the_emptiest_gpu_is_taken_first() -> None:
    one, two = gpu(0, tenants=(Tenant(1, 1000, GIB, GIB),)), gpu(1)

    found = choose(Need(memory_bytes=GIB, why="by the peaks of 3 trials"), Asks(), [one, two])

    assert isinstance(found, Chosen)
    assert (found.device_id, found.reason) == (
        "GPU-1", "GPU 1: needs 1 GiB (by the peaks of 3 trials), 77.6 GiB is free, nobody else of this session is there"
    )  # fmt: skip


def test_a_blocked_gpu_says_whether_it_frees_itself() -> None:
    assert Blocked(gpu(0, tenants=(Tenant(1, UNITS),)), "taken", "").usual
    assert not Blocked(gpu(0), "elsewhere", "").usual


@dataclass
class Played:
    """A session in which the world is a list of what trials do: peak memory and length in looks."""

    trials: list[tuple[int, int]]
    state: SchedulerState
    now: float = 0.0
    placed: list[int] = field(default_factory=list)
    begun: dict[int, float] = field(default_factory=dict)

    @classmethod
    def of(cls, trials: list[tuple[int, int]], gpus: int, asks: Asks) -> Played:
        states = tuple(GpuState(f"GPU-{i}", f"GPU {i}", 80 * GIB, 0) for i in range(gpus))
        places = tuple(Place(one.id, 0) for one in states)
        state = SchedulerState(
            Rules(n_trials=len(trials)), places, gpus * asks.max_trials, server=Server("ready"), gpus=Gpus(states, asks)
        )
        return cls(trials, state)

    def event(self, event: e.Event) -> None:
        self.state = apply(self.state, event)
        self.check()

    def turn(self) -> None:
        """Plan and do until nothing is left to do at this moment."""
        for _ in range(200):
            actions = plan(self.state)
            if not actions:
                return
            for action in actions:
                for intent in action.intents:
                    self.event(intent)
                match action:
                    case a.AskThinker(number=number):
                        x = (self.trials[number][0] / (80 * GIB),)
                        self.event(e.Proposed(self.now, number, {}, x, "random draw", "sampler", 0))
                    case a.Launch(number=number):
                        self.placed.append(number)
                        self.begun[number] = self.now
                        self.event(e.Started(self.now, number, Process(1000 + number, 1)))
                    case a.AskPark(number=number):
                        self.event(e.Parked(self.now, number))
        raise AssertionError("plan never comes to rest")

    def second(self, strangers: str = "") -> None:
        """Time goes by: who is done ends, the others have their memory, and everybody is looked at."""
        self.now += 1.0
        for number, live in list(self.state.live.items()):
            if isinstance(live.trial.phase, Running) and self.now - self.begun[number] >= self.trials[number][1]:
                self.event(e.Exited(self.now, number, End(self.now, "complete", 0.0)))
        self.turn()
        looks = []
        for one in self.state.gpus.all:
            mine = {
                live.trial.number: self.trials[live.trial.number][0]
                for live in self.state.live.values()
                if live.place is not None and one.id in live.place.devices
            }
            who = strangers if one.id == "GPU-0" else ""
            looks.append(Look(one.id, sum(mine.values()), 80 * GIB, 0, mine, 0, who))
        self.event(Looked(self.now, tuple(looks)))
        self.turn()

    def check(self) -> None:
        """What holds at every moment."""
        for one in self.state.gpus.all:
            here = [live for live in self.state.live.values() if live.place and one.id in live.place.devices]
            assert sum(live.claim.units for live in here if live.claim) <= UNITS
            assert all(live.claim is not None for live in here)
            assert len({live.trial.slot for live in here}) == len(here)
            assert len(here) <= self.state.gpus.asks.max_trials


asked = st.sampled_from([Asks(), Asks(max_trials=3), Asks(share=0.3), Asks(share=1.0), Asks(memory_bytes=20 * GIB),
                         Asks(gpus=2, share=1.0)])  # fmt: skip
some_trials = st.lists(st.tuples(st.integers(GIB // 4, 60 * GIB), st.integers(1, 12)), min_size=1, max_size=12)


@settings(max_examples=25)
@given(trials=some_trials, gpus=st.integers(2, 4), asks=asked)
def test_every_trial_gets_its_turn_in_order_and_no_gpu_is_oversubscribed(
    trials: list[tuple[int, int]], gpus: int, asks: Asks
) -> None:
    played = Played.of(trials, gpus, asks)
    played.turn()
    for _ in range(sum(length for _, length in trials) + 20 * len(trials)):
        played.second()

    assert played.placed == list(range(len(trials)))  # the longest waiting is never passed
    assert played.state.finished and not played.state.live


@settings(max_examples=25)
@given(trials=some_trials, gpus=st.integers(1, 2), stays=st.integers(1, 30))
def test_trials_yield_to_a_stranger_and_all_come_back(trials: list[tuple[int, int]], gpus: int, stays: int) -> None:
    played = Played.of(trials, gpus, Asks(yields=True))
    played.turn()
    played.second()
    for _ in range(stays):
        played.second(strangers="used by 1 other process")
        on_it = [live for live in played.state.live.values() if live.place and live.place.device_id == "GPU-0"]
        assert all(isinstance(live.trial.phase, Paused) and live.trial.phase.why is Why.YIELDED for live in on_it)
    for _ in range(sum(length for _, length in trials) + 25 * len(trials) + 25):
        played.second()

    assert played.state.finished and not played.state.live


def test_a_lost_gpu_takes_its_trials_with_it_and_they_are_tried_elsewhere() -> None:
    played = Played.of([(GIB, 30)] * 4, 2, Asks(share=1.0))
    played.turn()
    played.second()
    there = next(live.trial.number for live in played.state.live.values() if live.place == Place("GPU-0", 0))
    lost = Look("GPU-0", lost="it has fallen off the bus (a reset or a reboot brings it back)")
    played.event(Looked(played.now + 1, (lost, Look("GPU-1", GIB, 80 * GIB))))

    actions = plan(played.state)

    told = [intent for action in actions for intent in action.intents if isinstance(intent, e.EndAsked)]
    assert [(one.number, str(one.outcome.cause), one.outcome.may_retry) for one in told] == [(there, "lost", True)]
    assert told[0].outcome.reason == "GPU 0 was lost: it has fallen off the bus (a reset or a reboot brings it back)"
    played.turn()
    waiting = [live for live in played.state.live.values() if isinstance(live.trial.phase, Waiting)]
    assert all(live.place is None for live in waiting)
