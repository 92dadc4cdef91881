"""Opening a session: everything a scheduler needs, put together, and the loop run on it."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Callable
from dataclasses import replace

from hptui.core.devices import freezer
from hptui.core.scheduler import events as e
from hptui.core.scheduler.advising import Adviser
from hptui.core.scheduler.ahead import STOPPING, study_of
from hptui.core.scheduler.book import Book
from hptui.core.scheduler.device_rows import left_behind
from hptui.core.scheduler.fork_server import folders
from hptui.core.scheduler.gear import Gear, lesson, locate, observation
from hptui.core.scheduler.gpu_recover import PARTS
from hptui.core.scheduler.ground import Finds, this_machine
from hptui.core.scheduler.judging import book_of, listens, pruner_of, rungs_of, stop_of
from hptui.core.scheduler.loop import run
from hptui.core.scheduler.parent import round_note
from hptui.core.scheduler.past import pasts_of, told
from hptui.core.scheduler.project import row_of
from hptui.core.scheduler.queued import Queued
from hptui.core.scheduler.recover import CAN_FREEZE, Recovered, recover
from hptui.core.scheduler.thinker import Thinker
from hptui.core.scheduler.world import World
from hptui.core.search.observe import PastTrials
from hptui.core.space.space import Space
from hptui.core.store.reader import Reader
from hptui.core.store.rows import TrialRow
from hptui.core.store.writer import Writer
from hptui.core.study.file import baseline
from hptui.core.study.session import SessionFolder
from hptui.core.study.study import CONSTRAINTS, Study
from hptui.core.study.trial import State, Waiting, Why


def open_session(
    folder: SessionFolder, announce: Callable[[], None], log: int | None = None, finds: Finds = this_machine,
    resume: bool = False,
) -> int:  # fmt: skip
    """Run the session until it is over; 0 when it ended well. Its lock is ours.

    announce: called once everything is read and the loop begins. log: descriptor for the thinker's own words.
    finds: where trials run. resume: though an earlier scheduler was told to stop.
    """
    store = Writer(folder)
    reader = Reader(folder)
    facts = reader.facts()
    study = study_of(folder, facts)
    script_folder, cwd = folders(facts, folder)
    session_id = str(facts.get("id") or folder.path.resolve())
    space = Space.parse(study.space).extend(reader.parameters())
    cursor = int(facts.get("command_cursor") or 0)
    if resume:
        facts.pop(STOPPING, None)
    ground = finds(folder, study, facts)
    places = ground.places
    pruner = pruner_of(study, space if study.space else None)
    rows = reader.trials()
    frozen_out = freezer.why_not(places.devices) if study.resources.freeze else "the study does not ask for it"
    facts[CAN_FREEZE] = not frozen_out
    recovered = recover(study, facts, rows, places, queue_of(study, space), pruner)
    ground.watch.start()
    judges = pruner.milestones() is not None
    for number, _ in recovered.running if judges else ():
        if (said := stop_of(reader, number)) is not None:
            live = replace(recovered.state.live[number], told_to_stop=said.at, stop_reason=said.reason)
            recovered.state = recovered.state.with_live(number, live)
    book = book_of(reader, study, rows, judges)
    gear = Gear(
        study=study,
        folder=folder,
        script_folder=script_folder,
        cwd=cwd,
        session_id=session_id,
        space=space,
        pruner=pruner,
        book=book,
        places=places,
        watch=ground.watch,
        thinker=thinker_of(study, space, rows, log, pasts_of(facts), book),
        store=store,
        adviser=Adviser(facts.get("advised") or (), sum(State(row.state).ended for row in rows)),
        cursor=cursor,
        answered=frozenset(reader.answered(cursor)),
        made_by=ground.children,
    )
    world = World(gear)
    ran_on = {device for row in rows for device in (row.device or "").split(",")}
    forgotten, left = left_behind(reader.devices(), {device.id for device in places.devices}, ran_on)
    reader.close()
    first = adopt(world, recovered, store.spool_offsets())
    with store.transaction():
        store.set_fact("finished", None)
        store.set_fact(STOPPING, facts.get(STOPPING))
        store.set_fact("scheduler_pid", os.getpid())
        for device in forgotten:
            store.remove_device(device)
        for known in left:
            store.save_device(known)
        parts = {device.id: device.part for device in places.devices if device.part}
        store.set_fact(PARTS, (facts.get(PARTS) or {}) | parts or None)
        store.set_fact("rungs", rungs_of(pruner))
        for live in recovered.state.of(Waiting):  # in a session that had ended they waited for nothing
            store.save_trial(row_of(live, study.sign))
        if space.dim:
            store.save_parameters(space.definitions())
    note = "the session goes on" if rows else "the session begins"
    opened = e.Opened(gear.clock.now(), os.getpid(), note)
    lent = [] if rows else [told(past, space) for past in facts.get("pasts") or []]
    notes = [e.Noted(gear.clock.now(), None, text, "warm-start") for text in lent]
    if not rows and (told_of := facts.get("round")):
        notes.insert(0, e.Noted(gear.clock.now(), None, round_note(told_of), "round"))
    if study.resources.freeze and frozen_out:
        notes.append(e.Noted(gear.clock.now(), None, f"paused trials keep their GPU memory: {frozen_out}"))
    notes += [e.Noted(gear.clock.now(), None, text, "devices") for text in places.notes]
    announce()
    try:
        state = run(recovered.state, world, store, [opened, *notes, *first])
        if state.finished:
            gear.children.give_back()
    finally:
        world.close()
        with contextlib.suppress(Exception):
            store.close()
    return 0 if state.finished else 1


def queue_of(study: Study, space: Space) -> list[Queued]:
    """What is tried before the sampler is asked: the baseline, then the other enqueued points."""
    queue = []
    base = baseline(study)
    if base is not None:
        queue.append(Queued(base, "baseline", "your own values, tried first", locate(space, base)))
    rest = study.enqueue[1:] if study.enqueue else []
    for params in rest:
        point = space.complete(params)[0] if space.dim else params
        queue.append(Queued(point, "enqueued", "enqueued in the study file", locate(space, point)))
    return queue


def thinker_of(
    study: Study, space: Space, rows: list[TrialRow], log: int | None, pasts: list[PastTrials], book: Book
) -> Thinker:
    """A thinker that knows every trial so far. log: descriptor for its own words. book: of all curves."""
    grows = study.objective.command is None and not study.space
    thinker = Thinker.start(
        space.definitions(), study.sampler, study.seed, grows=grows, goals=study.goals, pasts=pasts,
        pruner=study.pruner, max_steps=study.budget.max_steps, log=log,
    )  # fmt: skip
    for row in rows:
        loss = None if row.value is None or not math.isfinite(row.value) else study.sign * row.value
        x = (*row.x, *(None,) * (space.dim - len(row.x)))  # the space may have grown since
        cause = lesson(row.cause, row.may_retry)
        state = State.PRUNED if row.why == Why.RUNG else State(row.state)  # one held at its rung may never go on
        curve = book.curve(row.number) if listens(study) else None
        losses, limits = study.losses(row.value, row.attrs), row.attrs.get(CONSTRAINTS, {})
        thinker.observe(observation(row.number, x, state, cause, loss, row.step, losses, limits, curve))
    return thinker


def adopt(world: World, recovered: Recovered, offsets: dict[int, int]) -> list[e.Event]:
    """Take over the processes that are still there. One that was being started is looked for, else started again."""
    first: list[e.Event] = []
    world.gear.children.offsets = dict(offsets)
    for number, known in recovered.running:
        live, at = recovered.state.live[number], world.gear.clock.now()
        process = known or world.gear.children.find(number)
        if process is None:
            assert live.place is not None
            reason = "its scheduler ended before it started: starts again"
            first.append(e.NotStarted(at, number, live.place, reason, 0.0))
            continue
        if known is None:
            first.append(e.Started(at, number, process))
        frozen = live.trial.state is State.PAUSED
        first += world.take_over(number, process, offsets.get(number, 0), live, frozen=frozen)
    return first
