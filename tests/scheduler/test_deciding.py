"""`apply` and `plan`: pure, so the passing of time takes no time."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hptui.core.advice.stopping import reason_to_stop
from hptui.core.devices.inventory import Place
from hptui.core.scheduler import actions as a
from hptui.core.scheduler import events as e
from hptui.core.scheduler.apply import apply
from hptui.core.scheduler.away import JUDGED_STEP
from hptui.core.scheduler.book import Book
from hptui.core.scheduler.child import Child
from hptui.core.scheduler.gpus import ALONE, PEAK, SHARE, TORCH_PEAK
from hptui.core.scheduler.hands import Hands
from hptui.core.scheduler.loop import Batch, take
from hptui.core.scheduler.plan import free_places, plan, trial_seed
from hptui.core.scheduler.project import ASKED_OF, PAUSED_BEFORE, row_of
from hptui.core.scheduler.queued import HEIR, LOST, STOPPED
from hptui.core.scheduler.queued import again as tried_again
from hptui.core.scheduler.recover import live_of
from hptui.core.scheduler.roll import Roll
from hptui.core.scheduler.state import GPU_MEMORY, GRACE_S, Rules, SchedulerState, Server, Tally
from hptui.core.scheduler.steps import STEP_S
from hptui.core.search.protocol import Curve
from hptui.core.search.pruners.none import Never
from hptui.core.store.rows import CommandRow
from hptui.core.study.remarks import ATTR
from hptui.core.study.session import SessionFolder
from hptui.core.study.study import CONSTRAINTS, OBJECTIVES, TEST, StopWhen
from hptui.core.study.trial import (
    AT_RUNG,
    CHECKPOINT_STEP,
    OURS,
    STARTS_FROM,
    Cause,
    Ended,
    Paused,
    Process,
    Running,
    State,
    Waiting,
    Why,
    key_of,
)
from hptui.core.wire.control import Ask, Control
from hptui.core.wire.request import HOST_PEAK
from hptui.core.wire.spool import End

TWO = (Place("cpu", 0), Place("cpu", 1))


def ready(places: tuple[Place, ...] = TWO, **rules: Any) -> SchedulerState:
    return SchedulerState(Rules(**rules), places, len(places), server=Server("ready"), now=100.0)


def after(state: SchedulerState, *events: e.Event) -> SchedulerState:
    for event in events:
        state = apply(state, event)
    return state


def proposed(number: int, at: float = 100.0) -> e.Event:
    return e.Proposed(at, number, {"x": 0.5}, (0.5,), "random draw", "sampler", 1)


def running(state: SchedulerState, *numbers: int, at: float = 100.0) -> SchedulerState:
    for number in numbers:
        place = free_places(state)[0]
        state = after(
            state, proposed(number, at), e.Placed(at, number, place, ""), e.Launched(at, number),
            e.Started(at, number, Process(1000 + number, 1)),
        )  # fmt: skip
    return state


def decide(state: SchedulerState) -> tuple[SchedulerState, list[a.Action]]:
    """One turn of the loop without hands."""
    actions = plan(state)
    for action in actions:
        state = after(state, *action.intents)
    return state, actions


def test_a_freed_slot_goes_to_the_longest_waiting_trial():
    state = after(running(ready(), 6, 5), proposed(8), proposed(7))
    state = after(state, e.Exited(110.0, 6, End(110.0, "complete", 0.3)))

    state, _ = decide(state)
    state, actions = decide(state)

    assert [(x.number, x.place) for x in actions if isinstance(x, a.Launch)] == [(7, Place("cpu", 0))]


def test_a_paused_trial_that_is_wanted_back_comes_before_a_new_one():
    state = after(running(ready(), 0), e.ParkAsked(101, 0, Why.USER), e.Frozen(102, 0, ""))
    state = after(running(state, 1, 2), e.ResumeWanted(103, 0), proposed(3))
    assert free_places(state) == []

    state = after(state, e.Exited(110.0, 1, End(110.0, "complete", 0.3)))
    state, _ = decide(state)
    state, actions = decide(state)

    assert [type(x).__name__ for x in actions if isinstance(x, a.Thaw | a.Launch)] == ["Thaw"]
    assert isinstance(state.live[0].trial.phase, Running) and isinstance(state.live[3].trial.phase, Waiting)


def test_a_trial_that_ignores_sigterm_is_killed_after_its_grace():
    state = after(running(ready(), 0), e.EndAsked(100, 0, Ended(State.PRUNED, 100, "pruned by you")))
    state, actions = decide(state)
    assert [x.kill for x in actions if isinstance(x, a.Signal)] == [False]

    state, actions = decide(after(state, e.Tick(100 + GRACE_S - 0.1)))
    assert not [x for x in actions if isinstance(x, a.Signal)]

    _, actions = decide(after(state, e.Tick(100 + GRACE_S)))
    assert [x.kill for x in actions if isinstance(x, a.Signal)] == [True]


def test_pauses_do_not_count_towards_a_trials_time_limit():
    state = after(running(ready(trial_time_s=60.0), 0), e.ParkAsked(130, 0, Why.USER), e.Frozen(140, 0, ""))
    state = after(state, e.Tick(9_000), e.ResumeWanted(9_000, 0))
    state, _ = decide(state)

    state, _ = decide(after(state, e.Tick(9_019)))
    assert state.live[0].ending is None
    state, _ = decide(after(state, e.Tick(9_021)))
    assert state.live[0].ending is not None and state.live[0].ending.outcome.cause is Cause.TIMEOUT


def test_a_trial_that_does_not_reach_report_is_frozen_anyway_and_the_ledger_says_so():
    state = after(running(ready(), 0), e.ParkAsked(100, 0, Why.USER), e.Tick(109.9))
    state, actions = decide(state)
    assert not [x for x in actions if isinstance(x, a.Freeze)]

    state, actions = decide(after(state, e.Tick(110.0)))
    (freeze,) = [x for x in actions if isinstance(x, a.Freeze)]
    assert freeze.intents[0].row().reason == "paused by you; frozen outside report(), which it did not reach in 10 s"  # type: ignore[union-attr]
    assert isinstance(state.live[0].trial.phase, Paused)


def test_a_lost_trial_is_queued_again_and_gives_up_after_three_times():
    state = running(ready(n_trials=1), 0)
    for again in range(1, 4):
        state = after(state, e.Exited(110.0, again - 1, None, None))
        state, _ = decide(state)
        state, _ = decide(state)
        assert state.live[again].trial.retry_of == again - 1
        state = after(
            state, e.Placed(111, again, TWO[0], ""), e.Launched(111, again), e.Started(111, again, Process(9, 1))
        )
    state = after(state, e.Exited(110.0, 3, None, None))
    state, _ = decide(state)

    assert (state.queue, state.live, state.tally.failed, state.counted) == ((), {}, 4, 1)


def test_the_last_loss_says_that_the_trial_is_not_tried_again():
    state = after(running(ready(), 0), e.AttrSet(100, 0, LOST, 3), e.Exited(110.0, 0, None, None))

    (settled,) = [x for action in plan(state) for x in action.intents if isinstance(x, e.Settled)]

    said = "its process ended while no scheduler watched; how is not known; lost 4 times in a row: not tried again"
    assert settled.outcome == Ended(State.FAIL, 110.0, said, Cause.LOST)


def test_a_trial_that_is_stopped_with_its_session_every_night_goes_on_every_morning():
    lost = tried_again(7, {"x": 0.5}, (0.5,), {CHECKPOINT_STEP: 40, ATTR: {"pinned": True, "note": "a"}}, "died")
    assert lost is not None and lost.attrs == {STARTS_FROM: 7, LOST: 1, ATTR: {"pinned": True}}
    for number in range(8, 18):  # killed each time before it saved again
        lost = tried_again(number, lost.params, lost.x, lost.attrs, STOPPED)
        assert lost is not None and lost.attrs == {STARTS_FROM: 7, LOST: 1, ATTR: {"pinned": True}}
    assert lost.why == "trial 17 was stopped with the session: again"


def test_the_retry_of_a_lost_heir_begins_as_the_heir_did():
    bred = {"of": 3, "instead_of": 5, "step": 8}

    lost = tried_again(9, {"x": 0.5}, (0.5,), {STARTS_FROM: 3, HEIR: bred}, "node gone")

    assert lost is not None and lost.attrs == {STARTS_FROM: 3, HEIR: bred, LOST: 1}


def test_a_trial_that_completed_while_it_was_told_to_end_is_complete():
    state = after(running(ready(), 0), e.EndAsked(100, 0, Ended(State.FAIL, 100, "too long", Cause.TIMEOUT)))
    state = after(state, e.Exited(101.0, 0, End(101.0, "complete", 0.25)))

    state, _ = decide(state)

    assert (state.tally.complete, state.tally.best) == (1, (0.25, 0))


def test_the_best_is_the_highest_when_the_study_maximizes():
    state = running(ready(sign=-1.0), 0, 1)
    state = after(state, e.Exited(1, 0, End(1, "complete", 0.9)), e.Exited(1, 1, End(1, "complete", 0.7)))

    state, actions = decide(state)

    bests = [x for action in actions for x in action.intents if isinstance(x, e.NewBest)]
    assert [(x.number, x.value, x.was) for x in bests] == [(0, 0.9, None)]


def test_a_wish_for_a_trial_that_is_just_starting_waits_for_it():
    state = after(ready(), proposed(0), e.Placed(100, 0, TWO[0], ""), e.Launched(100, 0))
    state = after(state, e.Wished(100, CommandRow("pause", 0, id=1)))
    state, actions = decide(state)
    assert len(state.wishes) == 1

    state, actions = decide(after(state, e.Started(101, 0, Process(7, 1))))
    assert [x.number for x in actions if isinstance(x, a.AskPark)] == [0] and state.wishes == ()


def test_nothing_starts_while_the_disk_is_full_and_running_trials_are_held():
    state = after(running(ready(), 0), proposed(1), e.DiskFilled(100, "full"))

    state, actions = decide(state)

    assert [type(x).__name__ for x in actions] == ["AskPark"]
    state = after(state, e.Parked(101, 0))
    state, _ = decide(state)
    assert state.live[0].trial.phase == Paused(Process(1000, 1), "cpu", 101, Why.DISK)

    state, actions = decide(after(state, e.DiskFreed(102, "")))
    assert {type(x).__name__ for x in actions} >= {"Thaw", "Launch"}


def test_a_trial_that_waits_in_report_from_its_last_pause_is_known_to_be_there(tmp_path: Path):
    with contextlib.closing(Control(tmp_path / "control")) as control:
        clock, child = SimpleNamespace(now=lambda: 7.0), Child(3, SessionFolder(tmp_path), control=control)
        gear: Any = SimpleNamespace(clock=clock, children=SimpleNamespace(all={3: child}))
        hands, state = Hands(gear, None), ready()  # type: ignore[arg-type]

        assert hands.perform(a.AskPark((), 3), state) == [] and control.asked == Ask.PARK
        control.set_parked(True)  # by the trial, which did not see that it might go on for an instant
        assert hands.perform(a.AskPark((), 3), state) == [e.Parked(7.0, 3)]


def test_a_pruner_that_fails_stops_the_session_with_the_reason_and_lets_the_trial_go_on():
    class Broken(Never):
        def judge(self, curve: Curve, others: Sequence[Curve]) -> None:
            raise ZeroDivisionError("no trials")

    clock = SimpleNamespace(now=lambda: 7.0)
    gear: Any = SimpleNamespace(clock=clock, pruner=Broken(), book=Book(), children=SimpleNamespace(all={}))
    hands, judge = Hands(gear, None), a.Judge((), 0, 1, 4)  # type: ignore[arg-type]
    state, go = running(ready(), 0), e.Judged(7.0, 0, 1, 4, "go")

    said = e.StopAsked(7.0, "the pruner failed: ZeroDivisionError: no trials", ok=False)
    assert hands.perform(judge, state) == [said, go]
    assert hands.perform(judge, after(state, e.StopAsked(6.0, "stopped by you", now=True))) == [go]


def test_what_a_trial_has_yet_to_do_for_its_user_is_known_to_the_next_scheduler():
    state = after(
        running(ready((*TWO, Place("cpu", 2))), 0, 1, 2), proposed(3),
        e.ParkAsked(101.0, 0, Why.USER), e.ParkAsked(101.0, 1, Why.UNDO, 106.0),
        e.Unwanted(101.0, 2, "you asked"), e.ParkAsked(101.0, 2, Why.USER),
        e.EndAsked(101.0, 3, Ended(State.PRUNED, 101.0, "pruned by you before it started")),
    )  # fmt: skip

    later = {n: live_of(row_of(live, 1.0), Process(1000 + n, 1)) for n, live in state.live.items()}

    assert [later[n].parking for n in (0, 1, 2)] == [state.live[n].parking for n in (0, 1, 2)]
    assert [(later[n].unwanted, later[n].trial.attrs) for n in (0, 2)] == [("", {}), ("you asked", {})]
    assert later[3].ending is not None and later[3].ending.outcome.reason == "pruned by you before it started"


def test_a_trial_whose_process_is_gone_while_it_is_pruned_is_pruned_and_not_tried_again():
    """As after a reboot: how its process ended is not known."""
    state = after(running(ready(), 0, 1), e.ParkAsked(101.0, 0, Why.UNDO, 106.0), e.Frozen(102.0, 0, ""))
    state = after(state, e.ParkAsked(102.0, 1, Why.UNDO, 107.0), e.Exited(103.0, 0, None), e.Exited(103.0, 1, None))

    intents = [intent for action in plan(state) for intent in action.intents]
    settled = {one.number: one.outcome for one in intents if isinstance(one, e.Settled)}

    assert settled == dict.fromkeys((0, 1), Ended(State.PRUNED, 103.0, "pruned by you"))
    assert not any(isinstance(intent, e.Enqueued) for intent in intents)


def test_in_a_session_that_has_ended_nobody_waits_until_it_goes_on():
    state, batch = after(ready(), proposed(0), proposed(1), e.Placed(101.0, 1, TWO[0], "")), Batch()
    state = after(state, e.Started(101.0, 1, Process(9, 1)), e.ParkAsked(102.0, 1, Why.USER), e.Frozen(103.0, 1, ""))
    state = after(state, e.PutAway(104.0, 1, ""), e.Requeued(105.0, 1, "wanted back"))

    take(state, e.Finished(106.0, "stopped by you", True, False), batch)

    assert {number: row.reason for number, row in batch.trials.items()} == {
        0: "not started: the session ended before its turn came",
        1: "did not go on: the session ended before its turn came",
    }
    assert live_of(batch.trials[0], None).trial.phase == Waiting(100.0, "waits for a slot")


def test_a_session_that_goes_on_takes_pauses_back_that_are_under_way():
    state = running(ready(), 0)
    state, _ = decide(after(state, e.Wished(101.0, CommandRow("pause", id=1))))
    state, _ = decide(state)
    assert state.live[0].parking is not None

    both = after(state, e.Parked(102.0, 0), e.Wished(102.0, CommandRow("resume", id=2)))
    state, actions = decide(both)

    assert [type(action) for action in actions] == [a.Record, a.Thaw]  # nothing freezes what goes on
    assert state.live[0].parking is None and not state.held


def test_every_attribute_of_hptuis_own_is_closed_to_objectives():
    kept = (ATTR, AT_RUNG, CHECKPOINT_STEP, STARTS_FROM, OBJECTIVES, TEST, CONSTRAINTS, GPU_MEMORY, SHARE, PEAK)
    more = (TORCH_PEAK, HOST_PEAK, ALONE, STEP_S, JUDGED_STEP, HEIR, LOST, PAUSED_BEFORE, ASKED_OF)

    assert {*kept, *more} == OURS
    assert (key_of(AT_RUNG), key_of("epoch")) == ("user_rung", "epoch")


def test_seeds_of_trials_differ_and_fit_31_bits():
    seeds = {trial_seed(seed, number) for seed in range(5) for number in range(200)}
    assert len(seeds) == 1000 and all(0 <= seed < 2**31 for seed in seeds)


MOVES = ["propose", "start", "park", "exit", "lose", "resume", "prune", "undo", "slots", "tick", "refuse"]
moves = st.lists(
    st.tuples(
        st.sampled_from(MOVES),
        st.integers(0, 5),
    ),
    max_size=60,
)


@given(moves=moves, slots=st.integers(1, 3))
def test_whatever_happens_no_slot_is_given_twice_and_no_trial_is_forgotten(moves: list[tuple[str, int]], slots: int):
    state = ready(tuple(Place("cpu", k) for k in range(slots)), n_trials=40)
    at, wish, ended = 100.0, 0, 0
    for what, which in moves:
        at += 1.0
        numbers = sorted(state.live)
        number = numbers[which % len(numbers)] if numbers else -1
        match what:
            case "propose" if state.asking is not None:
                state = after(state, proposed(state.asking, at))
            case "start":
                state = after(state, e.Started(at, number, Process(1000 + number, 1)))
            case "refuse" if number in state.live and not isinstance(state.live[number].trial.phase, Running | Paused):
                if place := state.live[number].place:
                    state = after(state, e.NotStarted(at, number, place, "taken"))
            case "park":
                state = after(state, e.Parked(at, number))
            case "exit" if number in state.live and isinstance(state.live[number].trial.phase, Running | Paused):
                state = after(state, e.Exited(at, number, End(at, "complete", 0.5)))
            case "lose" if number in state.live and isinstance(state.live[number].trial.phase, Running | Paused):
                state = after(state, e.Exited(at, number, None))
            case "resume" | "prune" | "undo" as kind:
                wish += 1
                state = after(state, e.Wished(at, CommandRow(kind, number if number >= 0 else None, id=wish)))
            case "slots":
                places = tuple(Place("cpu", k) for k in range(1 + which % 3))
                state = after(state, e.SlotsSet(at, len(places), places))
            case _:
                state = after(state, e.Tick(at))
        before = state.roll.taken
        state, actions = decide(state)
        started = [x for x in actions if isinstance(x, a.Launch | a.Thaw)]
        taken = [live.place for live in state.live.values() if live.place]
        assert len(set(taken)) == len(taken), "a slot was given twice"
        anew = Roll(dict(state.live))
        assert (state.roll.stirring, state.roll.taken) == (anew.stirring, anew.taken), "kept beside, and not the same"
        new = set(state.roll.taken) - set(before)
        assert not new or len(state.roll.taken) <= state.slots, "more trials than slots were started"
        ended += sum(isinstance(x, a.Settle) for x in actions)
        assert len(started) == len({x.number for x in started})
    assert len(state.live) + state.tally.complete + state.tally.pruned + state.tally.failed == state.next_number
    assert ended == state.tally.complete + state.tally.pruned + state.tally.failed


def test_planning_twice_without_news_asks_for_nothing_twice():
    state = after(ready(n_trials=5), proposed(0))
    state, first = decide(state)

    _, second = decide(state)

    assert [type(x).__name__ for x in first] == ["Launch", "AskThinker"] and second == []


def test_rules_can_change_under_a_running_session():
    state = ready(n_trials=0)
    assert any(isinstance(x, e.Finished) for action in plan(state) for x in action.intents)
    state = after(replace(state), e.BudgetSet(100, "n_trials", 3, 0))
    assert any(isinstance(action, a.AskThinker) for action in plan(state))


def test_a_trial_that_was_told_to_end_ends_so_under_the_next_scheduler():
    state = after(running(ready(), 0), e.EndAsked(105, 0, Ended(State.PRUNED, 105, "pruned by you")))
    row = row_of(state.live[0], 1.0)

    live = live_of(row, Process(1000, 1))

    assert live.ending is not None and live.ending.told is None
    outcome = replace(live.ending.outcome, at=105)
    assert outcome == Ended(State.PRUNED, 105, "pruned by you")
    killed = after(replace(ready(), live={0: live}, next_number=1), e.Exited(110, 0, None, None))
    settled, _ = decide(killed)
    assert (settled.tally.pruned, settled.queue) == (1, ())


def test_a_trial_that_the_kernel_killed_for_memory_is_out_of_memory():
    state = after(running(ready(), 0), e.Exited(110, 0, None, status=9, oom_killed=True))

    (settle,) = [action for action in plan(state) if isinstance(action, a.Settle)]

    (settled,) = [event for event in settle.intents if isinstance(event, e.Settled)]
    assert settled.outcome == Ended(
        State.FAIL,
        110,
        "killed by the kernel: the machine ran out of memory; it had its device for itself: infeasible",
        Cause.OOM,
    )


def test_a_promoted_trial_that_was_put_away_gets_the_free_slot_though_others_are_still_held():
    state = running(ready(TWO[:1], promotes=True, judges=True), 0)
    for number in (0, 1):
        state = after(state, e.AttrSet(101, number, "checkpoint_step", 3), e.Reported(101, number, 3, 0.5, 0.5, 1))
        state = after(state, e.Judged(102, number, 1, 3, "hold", "rung 3"), e.Frozen(103, number, "held at its rung"))
        state = running(state, 1) if number == 0 else state
    state = after(state, e.Exited(104, 0, None), e.PutAway(104, 0, ""), e.Promoted(105, 0, "rung 3: rank 1 of 2"))

    state, _ = decide(state)
    state, actions = decide(state)

    assert [x.number for x in actions if isinstance(x, a.Launch)] == [0]
    assert state.live[0].trial.attrs["judged_step"] == 3 and state.live[1].waits_at_its_rung


def test_a_trial_is_told_to_stop_when_that_is_written_down_and_not_judged_again():
    state = after(running(ready(judges=True, n_trials=1), 0), e.Reported(101, 0, 4, 0.5, 0.5, 2))
    state, actions = decide(state)
    assert actions == [a.Judge((), 0, 2, 4)]

    state, actions = decide(after(state, e.Judged(101, 0, 2, 4, "stop", "worse than most")))

    assert actions == [a.TellToStop((e.StopTold(101, 0, 2),), 0, 2)]
    assert plan(state) == [] and state.live[0].stop_reason == "worse than most"


def test_who_is_held_at_a_rung_when_the_budget_is_spent_ends_with_that_reason():
    state = after(running(ready(judges=True, promotes=True, total_steps=10), 0), e.Reported(101, 0, 9, 0.5, 0.5, 1))
    held = e.Judged(101, 0, 1, 9, "hold", "rung 9: rank 1 of 1", {"rung": 9, "rank": 1, "cohort": 1})
    state = after(state, held, e.Frozen(101, 0, ""))

    state, _ = decide(state)
    state, _ = decide(state)

    said = "held at step 9 and never promoted: rank 1 of 1 when it came, until its session ended: the budget of"
    ending = state.live[0].ending
    assert ending is not None and ending.outcome.reason == f"{said} 10 steps is spent: 10 were made"


def test_a_session_that_is_stopped_at_once_ends_though_a_trial_was_put_away():
    state = after(running(ready(), 0), e.AttrSet(101, 0, CHECKPOINT_STEP, 3), e.ParkAsked(101, 0, Why.USER))
    state = after(state, e.Frozen(102, 0, ""), e.PutAway(103, 0, "put away"), e.StopAsked(104, "stopped by you", True))

    _, (finished,) = decide(state)

    said = "stopped by you; 1 put away: resume goes on with them from their checkpoints"
    assert finished.intents == (e.Finished(104, said, True, False),)


def test_a_session_whose_work_is_done_is_finished_and_not_stopped_by_a_wish_of_its_last_second():
    state, _ = decide(after(running(ready(n_trials=1), 0), e.Exited(110.0, 0, End(110.0, "complete", 0.3))))
    wish = CommandRow("stop", id=1)

    state, answers = decide(after(state, e.Wished(110.5, wish)))
    _, ends = decide(state)

    said = "the one trial is done: 1 complete, 0 pruned, 0 failed"
    assert [x.intents for x in answers] == [(e.Refused(110.5, wish, f"{said}: nothing to stop"),)]
    assert [x.intents for x in ends] == [(e.Finished(110.5, said, True, True),)]


def test_how_long_a_trial_ran_is_the_same_under_the_next_scheduler():
    state = after(running(ready(), 0), e.ParkAsked(130, 0, Why.USER), e.Frozen(140, 0, ""))
    state = after(state, e.Thawed(9_000, 0, TWO[0], "resumed by you"))

    row = row_of(state.live[0], 1.0)

    assert live_of(row, Process(1000, 1)).running_s(9_010) == state.live[0].running_s(9_010) == 50


def test_a_trial_whose_process_had_died_unnoticed_when_it_was_let_go_on_starts_again_from_its_checkpoint():
    state = after(running(ready(TWO[:1]), 0), e.AttrSet(101, 0, "checkpoint_step", 3), e.Reported(101, 0, 3, 0.5, 0.5))
    state = after(state, e.ParkAsked(102, 0, Why.USER), e.Frozen(103, 0, ""), e.Thawed(110, 0, TWO[0], ""))
    late = after(state, e.Exited(120, 0, None, 9, since=115.0))
    assert decide(late)[0].tally.failed == 1, "it had gone on for five seconds"

    state, _ = decide(after(state, e.Exited(110.2, 0, None, 9, since=109.9)))

    assert isinstance(state.live[0].trial.phase, Waiting) and state.tally.failed == 0
    _, actions = decide(state)
    assert [x.number for x in actions if isinstance(x, a.Launch)] == [0]


def test_a_trial_that_ended_unwatched_ended_when_it_says_unless_its_clock_is_another():
    def ended_at(said: float) -> float | None:
        ended = after(running(ready(), 0), e.Exited(500.0, 0, End(said, "complete", 0.3)))
        (settled,) = [x for action in plan(ended) for x in action.intents if isinstance(x, e.Settled)]
        return settled.outcome.at

    assert [ended_at(said) for said in (130.0, 50.0, 900.0)] == [130.0, 100.0, 500.0]


@given(
    losses=st.lists(st.sampled_from([1.0, 2.0, 3.0]), max_size=60),
    stop=st.builds(
        StopWhen, need=st.sampled_from(["any", "all"]), same_best_for=st.sampled_from([None, 1, 4]),
        gain_below=st.sampled_from([None, 0.01]), over=st.just(5), chance_below=st.sampled_from([None, 0.05]),
    ),
)  # fmt: skip
def test_the_stop_rules_say_of_the_latest_bests_what_they_say_of_all(losses: list[float], stop: StopWhen):
    tally, course = Tally(), []
    for number, loss in enumerate(losses):
        tally = tally.after(State.COMPLETE, loss, number, 1.0, stop)
        course.append(min(losses[: number + 1]))
        reason = reason_to_stop(stop, course)

        assert reason_to_stop(stop, tally.course) == reason
        if reason:
            return
