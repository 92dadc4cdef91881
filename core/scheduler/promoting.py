"""Which held trials go on. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from hptui.core.devices.inventory import Place
from hptui.core.scheduler import actions as a
from hptui.core.scheduler import events as e
from hptui.core.scheduler.gpus import place_for, room_for_another
from hptui.core.scheduler.oom import wants_no_neighbours
from hptui.core.scheduler.placing import Chosen
from hptui.core.scheduler.state import SchedulerState
from hptui.core.search.pruners.wording import percent
from hptui.core.study.trial import AT_RUNG, Ended, Paused, State, Trial, Waiting


def free_places(state: SchedulerState) -> list[Place]:
    """Slots that a trial could take now, in order. On GPUs: one for the next in line, if there is room for it."""
    if state.gpus:
        head = next(iter(state.in_line), None)
        found = place_for(state, head) if head else None
        if isinstance(found, Chosen):
            return [Place(found.device_id, found.slot)]
        return list(state.places[:1]) if head is None and room_for_another(state) else []
    taken = state.roll.taken
    head = next(iter(state.in_line), None)
    room = state.slots - len(taken)
    if room <= 0 or any(wants_no_neighbours(live) for live in state.stirring.values() if live.place is not None):
        return []
    if taken and head is not None and wants_no_neighbours(head):
        return []  # what runs may end; nobody else starts before it
    free = (p for p in state.places if p not in taken and state.blocked.get(p, (0.0, ""))[0] <= state.now)
    return list(islice(free, room))


def promote(state: SchedulerState) -> Iterator[a.Action]:
    """Before a slot goes to a new trial: should a held one go on? When only held ones are left, they end."""
    if not state.rules.promotes or state.held or state.disk_full:
        return
    held, at = state.at_their_rungs, state.now
    if not held or (state.stopping and not state.stopping.final):
        return
    closing = state.only_held_left
    asked = state.pruner_asked == ("closing" if closing else "open")
    if not state.stopping and not asked:
        if room_for_a_promotion(state):
            yield a.AskPruner((e.PrunerAsked(at, closing),), held, closing)
    elif closing or state.stopping:
        for number in sorted(held):
            reason = never_promoted(state.live[number].trial)
            reason += f", until its session ended: {state.stopping.reason}" if state.stopping else ""
            yield a.Record((e.EndAsked(at, number, Ended(State.PRUNED, at, reason)),))


def never_promoted(trial: Trial) -> str:
    """Why a held trial ends: where it was held, and where it ranked when it came, by its loss or its prediction."""
    stand = trial.attrs.get(AT_RUNG, {})
    ranked = f": rank {stand['rank']} of {stand['cohort']} when it came" if "rank" in stand else ""
    if "chance" in stand:
        ranked += f", then predicted {stand['value']:.4g}, with a chance of {percent(stand['chance'])} of beating "
        ranked += f"the best of that time, {stand['threshold']:.4g}"
    return f"held at step {trial.step} and never promoted{ranked}"


def room_for_a_promotion(state: SchedulerState) -> bool:
    """A slot is free that nobody has who is to go on already."""
    going_on = 0
    for live in state.stirring.values():
        phase = live.trial.phase
        if isinstance(phase, Paused) and live.place is None:
            going_on += phase.resume_wanted or bool(live.promoted)
        elif isinstance(phase, Waiting):
            going_on += live.trial.started_at is not None  # it was put away, and waits for its slot
    return len(free_places(state)) > going_on
