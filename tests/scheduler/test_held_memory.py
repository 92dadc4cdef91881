"""Held trials and the machine's memory: who gives way, decided purely; and real sessions with little to keep."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hptui.core.devices.held import Room, held_bytes, members, room
from hptui.core.devices.inventory import Place
from hptui.core.errors import HptuiError
from hptui.core.scheduler import actions as a
from hptui.core.scheduler import events as e
from hptui.core.scheduler.apply import apply
from hptui.core.scheduler.holding import by_value, make_room, who_gives_way
from hptui.core.scheduler.plan import plan
from hptui.core.scheduler.state import Live, Rules, SchedulerState, Server
from hptui.core.study.held import read_held_memory
from hptui.core.study.trial import CHECKPOINT_STEP, Ended, Paused, Process, State, Trial, Why

Make = Callable[..., Any]
MIB = 1 << 20


def held(number: int, value: float, step: int = 3, why: Why = Why.RUNG, saved: bool = False, mib: int = 100) -> Live:
    attrs = {CHECKPOINT_STEP: step} if saved else {}
    phase = Paused(Process(1000 + number, 1), "cpu", 1.0, why)
    trial = Trial(
        number, {}, (0.5,), 1, "sampler", "", phase, 0.0, started_at=0.5, value=value, step=step, attrs=attrs, slot=0
    )
    return Live(trial, best=value, held_bytes=mib * MIB)


def state_of(*trials: Live, may: int | None = 250 * MIB, free: int = 8000 * MIB) -> SchedulerState:
    rules = Rules(n_trials=99, promotes=True, judges=True, held_memory_bytes=may)
    live = {one.trial.number: one for one in trials}
    return SchedulerState(
        rules, (Place("cpu", 0),), 1, now=10.0, live=live, next_number=99, server=Server("ready"),
        memory=Room(free, 16_000 * MIB),
    )  # fmt: skip


def gives_way(state: SchedulerState) -> list[int]:
    """Who is asked to, in order."""
    (action,) = [x for x in make_room(state) if isinstance(x, a.MakeRoom)]
    order = by_value([state.live[number] for number in action.candidates], state.rules.sign)
    events = who_gives_way(order, action.over_bytes, "", 10.0)
    return [event.number for event in events if isinstance(event, e.Unwanted)]


def test_while_there_is_room_nobody_gives_way():
    assert list(make_room(state_of(held(0, 0.5), held(1, 0.4)))) == []
    assert list(make_room(replace(state_of(*(held(n, 0.5) for n in range(9))), memory=None))) == []


def test_the_fewest_steps_and_then_the_worst_value_give_way_until_the_rest_fits():
    trials = [held(0, 0.9, step=9), held(1, 0.2), held(2, 0.7), held(3, float("nan")), held(4, 0.6)]
    assert gives_way(state_of(*trials)) == [3, 2, 4]


def test_half_of_what_is_free_but_for_them_is_theirs_when_the_study_does_not_say():
    trials = [held(n, n / 10, mib=1000) for n in range(4)]
    assert list(make_room(state_of(*trials, may=None, free=4000 * MIB))) == []
    assert gives_way(state_of(*trials, may=None, free=3000 * MIB)) == [3]


def test_when_memory_gets_tight_they_give_way_whatever_the_study_says():
    assert gives_way(state_of(held(0, 0.1), held(1, 0.2), may=10**15, free=700 * MIB)) == [1]


def test_what_the_user_paused_is_put_away_but_never_let_go_and_the_best_is_kept():
    without = [held(0, 0.9, why=Why.USER), held(1, 0.2), held(2, 0.3)]
    assert gives_way(state_of(*without, may=1)) == [2]
    saved = [held(0, 0.9, why=Why.USER, saved=True), held(1, 0.2, saved=True)]
    assert gives_way(state_of(*saved, may=1)) == [0, 1]


def test_one_that_is_wanted_is_no_candidate():
    wanted = replace(held(1, 0.9), promoted="rung 3: rank 1 of 9")
    state = state_of(held(0, 0.1), wanted, held(2, 0.2), may=150 * MIB)
    assert gives_way(state) == [2]


def test_one_with_a_checkpoint_is_put_away_and_one_without_is_pruned_with_the_reason():
    state = state_of(held(0, 0.9, saved=True), held(1, 0.8), held(2, 0.1), may=MIB)
    for number in (0, 1):
        state = apply(state, e.Unwanted(10.0, number, "3 held trials keep 300 MiB of memory and may keep 1 MiB"))
    state = replace(state, memory=None)

    intents = [event for action in plan(state) for event in action.intents]

    reason = (
        "3 held trials keep 300 MiB of memory and may keep 1 MiB: it was the least promising of those held, and has no "
        "checkpoint to go on from"
    )
    assert e.EndAsked(10.0, 1, Ended(State.PRUNED, 10.0, reason)) in intents
    assert e.PutAwayAsked(10.0, 0, "3 held trials keep 300 MiB of memory and may keep 1 MiB") in intents


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("8 GiB", {"held_memory_bytes": 8 << 30}),
        ("25 %", {"held_memory_share": 0.25}),
        ("12.5%", {"held_memory_share": 0.125}),
        ("0 %", "0 % is no share of the machine's memory"),
        ("much", '"much" is no size'),
    ],
)
def test_held_memory_is_a_size_or_a_share(written: str, read: Any):
    problems: list[HptuiError] = []
    out: dict[str, Any] = {"held_memory": written}

    read_held_memory(out, problems)

    assert out == read if isinstance(read, dict) else problems[0].problem == read


def test_what_a_process_and_its_children_hold_is_counted_once():
    code = "import os; x = bytearray(os.urandom(64 << 20)); os.fork(); print(flush=True); input()"
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    assert child.stdout is not None
    assert child.stdout.read(2) == b"\n\n"

    pids = members([child.pid])[child.pid]
    kept = held_bytes(pids)
    child.communicate(b"\n\n")

    assert len(pids) == 2 and 64 * MIB < kept < 110 * MIB
    assert held_bytes([child.pid]) == 0
    seen = room()
    assert seen is not None and 0 < seen.available_bytes <= seen.total_bytes


SCRIPT = """
    import hptui, os, time

    def objective(trial):
        keeps = bytearray(os.urandom(16 << 20))
        state = trial.checkpoint.load()
        first = 0 if state is None else state["step"] + 1
        for step in range(first, 10):
            trial.report(trial.params["x"] + 1.0 / (step + 1), step)
            if trial.should_prune():
                raise hptui.TrialPruned()
            SAVE
            time.sleep(0.08)
        return trial.params["x"] + 0.1
"""

STUDY = """
    seed = 1
    [space]
    x = {type = "float", low = 0.0, high = 1.0}
    [pruner]
    name = "asha"
    [budget]
    n_trials = 14
    max_steps = 10
    [resources]
    slots = 2
    held_memory = "24 MiB"
"""


def test_a_session_with_little_memory_for_held_trials_puts_them_away_and_loses_none(session: Make) -> None:
    save = 'trial.checkpoint.save({"step": step})'
    s = session(SCRIPT.replace("SAVE", save), STUDY)
    s.start()
    fact = s.finish()

    rows = s.trials()
    assert fact["ok"] and len(rows) == 14 and {row.state for row in rows.values()} == {"COMPLETE", "PRUNED"}
    away = s.events("put-away")
    assert away and all("of memory and may keep 24 MiB: put away; goes on from" in event.reason for event in away)
    for number, row in rows.items():
        assert [step for step, _ in s.reader.curve(number, "value")] == list(range((row.step or 0) + 1))
    assert s.reader.facts().get("held_memory") is None
    s.until(lambda: not s.processes(), "processes were left behind")


def test_one_without_checkpoints_is_let_go_with_the_reason_and_the_best_is_not(session: Make) -> None:
    s = session(SCRIPT.replace("SAVE", ""), STUDY)
    s.start()
    fact = s.finish()

    rows = s.trials()
    let_go = {n for n, row in rows.items() if "has no checkpoint to go on from" in row.reason}
    assert fact["ok"] and let_go and {rows[number].state for number in let_go} == {"PRUNED"}
    assert min(rows, key=lambda number: rows[number].params["x"]) not in let_go
