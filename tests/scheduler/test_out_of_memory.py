"""Out of memory: told apart, tried once alone, then infeasible. And devices on which trials die at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hptui.core.devices.inventory import Place
from hptui.core.scheduler import events as e
from hptui.core.scheduler.apply import apply
from hptui.core.scheduler.events.gpus import GpuClosed, GpuOpened, Look, Looked
from hptui.core.scheduler.gear import kind_of, lesson
from hptui.core.scheduler.gpus import Gpus, GpuState
from hptui.core.scheduler.oom import set_aside
from hptui.core.scheduler.plan import plan
from hptui.core.scheduler.quarantine import watch_memory
from hptui.core.scheduler.state import Rules, SchedulerState, Server
from hptui.core.search.protocol import Kind
from hptui.core.study.trial import Cause, Process, State
from hptui.core.wire.spool import End

Make = Callable[..., Any]
GPUS = ("GPU-a", "GPU-b")


def state_on_gpus() -> SchedulerState:
    gpus = Gpus(tuple(GpuState(id, f"GPU {i}", 80 << 30, 0) for i, id in enumerate(GPUS)))
    places = tuple(Place(id, 0) for id in GPUS)
    return SchedulerState(Rules(), places, 2, now=100.0, gpus=gpus, server=Server("ready"))


def after(state: SchedulerState, *events: e.Event) -> SchedulerState:
    for event in events:
        state = apply(state, event)
    return state


def started(state: SchedulerState, number: int, device: str, at: float = 100.0) -> SchedulerState:
    return after(
        state, e.Proposed(at, number, {"x": 0.5}, (0.5,), "", "sampler", 1), e.Placed(at, number, Place(device, 0), ""),
        e.Launched(at, number), e.Started(at, number, Process(1000 + number, 1)),
    )  # fmt: skip


def died(state: SchedulerState, number: int, at: float, cause: str = "crash") -> SchedulerState:
    state = after(state, e.Exited(at, number, End(at, "fail", None, "CUDA error: unspecified launch failure", cause)))
    for action in plan(state):
        state = after(state, *action.intents)
    return state


def test_a_gpu_on_which_three_trials_in_a_row_die_at_once_is_set_aside_until_it_is_brought_back():
    state = state_on_gpus()
    for number in range(3):
        assert not list(set_aside(state))
        state = died(started(state, number, "GPU-a", 100.0 + number), number, 101.0 + number)

    reason = "is set aside: 3 trials in a row died there at once; the last: CUDA error: unspecified launch failure"
    for action in set_aside(state):
        state = after(state, *action.intents)
    assert dict(state.gpus.closed) == {"GPU-a": reason} and not list(set_aside(state))
    state = after(state, GpuOpened(110.0, "GPU-a", ""))
    assert not state.gpus.closed and not list(set_aside(state)), "it begins anew"


@pytest.mark.parametrize("saves_it", ["a report", "time", "a trial that lived", "no other GPU"])
def test_a_gpu_is_not_set_aside_for_trials_that_lived_or_when_it_is_the_last(saves_it: str):
    state = state_on_gpus()
    if saves_it == "no other GPU":
        state = after(state, GpuClosed(100.0, "GPU-b", "is drained"))
    for number in range(3):
        state = started(state, number, "GPU-a")
        if saves_it == "a report":
            state = after(state, e.Reported(100.5, number, 0, 0.5, 0.5))
        if saves_it == "a trial that lived" and number == 1:
            state = after(state, e.Exited(101.0, number, End(101.0, "complete", 0.5)))
            for action in plan(state):
                state = after(state, *action.intents)
            continue
        state = died(state, number, 200.0 if saves_it == "time" else 101.0)

    assert not list(set_aside(state))


def test_running_out_of_memory_says_something_of_the_point_only_when_it_was_alone():
    assert kind_of(State.FAIL, lesson("oom", True)) == Kind.FAILED
    assert kind_of(State.FAIL, lesson("oom", False)) == Kind.INFEASIBLE
    assert kind_of(State.FAIL, lesson("crash", True)) == Kind.FAILED
    assert kind_of(State.FAIL, lesson("nan", False)) == Kind.INFEASIBLE
    assert lesson(None, True) is None and lesson("timeout", True) is Cause.TIMEOUT


def test_a_gpu_whose_memory_does_not_come_back_is_set_aside_until_it_does():
    state = died(started(state_on_gpus(), 7, "GPU-a"), 7, 120.0)

    def looked(used_bytes: int, at: float) -> SchedulerState:
        look = Look("GPU-a", used_bytes, 80 << 30)
        return after(state, Looked(at, (look, Look("GPU-b", 0, 80 << 30))))

    def closes(state: SchedulerState) -> list[Any]:
        return [event for action in watch_memory(state) for event in action.intents]

    assert closes(looked(6 << 30, 125.0)) == [] and closes(looked(100 << 20, 140.0)) == []
    state = looked(6 << 30, 131.0)
    (closed,) = closes(state)
    assert closed == GpuClosed(131.0, "GPU-a", "is set aside: trial 7 ended 11 s ago and 6 GiB did not come back")
    state = after(state, closed)
    assert closes(looked(6 << 30, 200.0)) == []
    assert closes(looked(0, 201.0)) == [GpuOpened(201.0, "GPU-a", "GPU 0: its memory came back")]
    assert closes(after(looked(0, 201.0), GpuClosed(202.0, "GPU-a", "is drained"))) == [], "the user's own wish stays"


SCRIPT = """
    import os, time

    def objective(trial):
        open(f"here-{trial.number}", "w").close()
        try:
            time.sleep(0.3)
            neighbours = [n for n in os.listdir(".") if n.startswith("here-")]
            if trial.params["x"] == WALL or (trial.params["x"] == SHARED and len(neighbours) > 1):
                raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB. GPU 0 has a capacity of 79 GiB")
            return trial.params["x"]
        finally:
            os.unlink(f"here-{trial.number}")
"""

STUDY = """
    [space]
    x = {type = "float", low = 0.0, high = 1.0}
    [budget]
    n_trials = 4
    [resources]
    slots = 2
    [[enqueue]]
    x = 0.5
    [[enqueue]]
    x = 0.25
"""


def test_a_trial_that_ran_out_of_memory_beside_others_is_tried_once_alone(session: Make) -> None:
    s = session(SCRIPT.replace("WALL", "0.25").replace("SHARED", "0.5"), STUDY)
    s.start()
    s.finish()

    rows = s.trials()
    assert [(rows[n].cause, rows[n].may_retry) for n in (0, 1)] == [("oom", True)] * 2
    assert rows[0].reason.startswith("out of the GPU's memory: RuntimeError: CUDA out of memory")
    assert rows[0].reason.endswith("tried again alone")
    again = {row.retry_of: row for row in rows.values() if row.retry_of is not None}
    assert again[0].state == "COMPLETE" and again[0].value == 0.5
    assert (again[1].state, again[1].cause, again[1].may_retry) == ("FAIL", "oom", False)
    assert again[1].reason.endswith("it had its device for itself: infeasible")
    spans = sorted((row.started_at, row.ended_at, row.retry_of is not None) for row in rows.values())
    for start, end, alone in spans:
        if alone:
            assert not [1 for other, its_end, _ in spans if other < end and its_end > start and other != start]
    starts = [event.reason for event in s.events("starting") if event.trial in {row.number for row in again.values()}]
    assert len(rows) == 6 and all("for itself, for it ran out of memory beside others" in reason for reason in starts)
