"""Wishes that take more than the state to answer: slots, another pruner, notes, points to try."""

from __future__ import annotations

import contextlib
import traceback
from typing import Any

import msgspec

from hptui.core.devices import host
from hptui.core.devices.inventory import inventory
from hptui.core.errors import HptuiError
from hptui.core.scheduler import actions as a
from hptui.core.scheduler import events as e
from hptui.core.scheduler.gear import Gear, locate
from hptui.core.scheduler.judging import reprune
from hptui.core.scheduler.queued import heritage
from hptui.core.scheduler.remarking import remark
from hptui.core.scheduler.state import SchedulerState
from hptui.core.scheduler.steer import TRIPS, tripped
from hptui.core.store.reader import Reader
from hptui.core.store.rows import CommandRow
from hptui.core.study.gpus import MOST_SLOTS
from hptui.core.study.remarks import ATTR
from hptui.core.study.trial import CHECKPOINT_STEP, STARTS_FROM, State


def answer(gear: Gear, action: a.Answer, wish: CommandRow, state: SchedulerState) -> list[e.Event]:
    """Heeded and what follows, or Refused."""
    try:
        match action:
            case a.SetPlaces(slots=slots):
                return _set_places(gear, slots, wish)
            case a.SetPruner():
                return reprune(gear, wish)
            case a.Remark():
                with contextlib.closing(Reader(gear.folder)) as reader:
                    return remark(reader, gear.clock.now(), wish, state.live)
            case _:
                return _check_point(gear, wish)
    except TRIPS as error:
        traceback.print_exc()  # into the scheduler's log
        return [e.Refused(gear.clock.now(), wish, tripped(error))]


def _set_places(gear: Gear, slots: int | None, command: CommandRow) -> list[e.Event]:
    at = gear.clock.now()
    if slots is None:
        slots = gear.study.resources.slots or inventory(gear.study.resources).at_once
    if slots < 1:
        return [e.Refused(at, command, f"{slots} slots: at least one is needed; pause the session instead")]
    if slots > MOST_SLOTS:
        return [e.Refused(at, command, f"{slots} slots: {MOST_SLOTS} at most")]
    places, caution = gear.children.resized(slots), ""
    if places is None:
        resources = msgspec.structs.replace(gear.study.resources, slots=None)
        most = inventory(resources).at_once
        if gear.places.on_gpus and slots > most:
            return [e.Refused(at, command, f"{slots} at once: the GPUs here take {most}")]
        places = inventory(msgspec.structs.replace(resources, slots=slots))
        caution = "" if places.on_gpus else host.crowding(slots, host.cores())
    gear.places = places
    said = f"you asked: {slots} trial{'s' if slots != 1 else ''} at once"
    heeded = e.Heeded(at, command, f"{said}; {caution}" if caution else said)
    return [heeded, e.SlotsSet(at, slots, gear.places.slots)]


def _check_point(gear: Gear, command: CommandRow) -> list[e.Event]:
    """A retry, or a point of the user's, if it can be tried."""
    at = gear.clock.now()
    if command.kind == "retry":
        with contextlib.closing(Reader(gear.folder)) as reader:
            row = reader.trial(command.trial) if command.trial is not None else None
        if row is None:
            return [e.Refused(at, command, f"there is no trial {command.trial}")]
        if row.state == State.COMPLETE:
            return [e.Refused(at, command, f"trial {row.number} is complete: `enqueue` tries its point again")]
        why = f"trial {row.number} again: asked by you"
        point = e.Enqueued(at, row.params, row.x, "retry", why, row.number, heritage(row.number, row.attrs))
        return [e.Heeded(at, command, f"you asked: try trial {row.number} again"), point]
    params = dict(command.args.get("params", {}))
    problems: list[HptuiError] = []
    if gear.space.dim:
        params, problems = gear.space.complete(params)
    if problems:
        return [e.Refused(at, command, "; ".join(str(problem).splitlines()[0] for problem in problems))]
    of = command.args.get("of")
    why = "enqueued by you" if of is None else f"enqueued by you, made from trial {of}"
    asked = {"asked": command.id, "priority": command.args.get("priority", 0), "note": command.args.get("note", "")}
    asked["pinned"] = command.args.get("pin") is True
    attrs: dict[str, Any] = {ATTR: {key: value for key, value in asked.items() if value}}
    if (donor := command.args.get("start_from")) is not None:
        with contextlib.closing(Reader(gear.folder)) as reader:
            row = reader.trial(int(donor))
        if row is None or CHECKPOINT_STEP not in row.attrs:
            return [e.Refused(at, command, f"trial {donor} has saved no checkpoint to start from")]
        attrs[STARTS_FROM] = row.number
        why += f", from the checkpoint of trial {row.number}"
    point = e.Enqueued(at, params, locate(gear.space, params), "enqueued", why, attrs=attrs)
    return [e.Heeded(at, command, "you asked: try a point of yours"), point]
