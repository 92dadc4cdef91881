"""Opening a session: everything a scheduler needs, put together, and the loop run on it."""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hptui.core.devices.inventory import inventory
from hptui.core.devices.readings import Readings
from hptui.core.scheduler import events as e
from hptui.core.scheduler.book import Book
from hptui.core.scheduler.children import sweep
from hptui.core.scheduler.loop import run
from hptui.core.scheduler.recover import Recovered, recover
from hptui.core.scheduler.state import Queued
from hptui.core.scheduler.thinker import Thinker
from hptui.core.scheduler.world import KINDS, World, locate
from hptui.core.search import catalog
from hptui.core.search.observe import Observation
from hptui.core.search.protocol import Kind
from hptui.core.space.space import Space
from hptui.core.store.reader import Reader
from hptui.core.store.rows import TrialRow
from hptui.core.store.writer import Writer
from hptui.core.study.file import baseline, load_study
from hptui.core.study.session import SessionFolder
from hptui.core.study.study import Study
from hptui.core.study.trial import Process, State
from hptui.core.wire.spool import Begin, read_from


def open_session(folder: SessionFolder, announce: Callable[[], None]) -> int:
    """Run the session until it is over; 0 when it ended well. Its lock is ours.

    announce: called once everything is read and the loop begins.
    """
    store = Writer(folder)
    reader = Reader(folder)
    facts = reader.facts()
    study = study_of(folder, facts)
    script_folder = facts.get("script_folder") or str(folder.path)
    cwd = facts.get("cwd") or script_folder
    session_id = str(facts.get("id") or folder.path.resolve())
    space = Space.parse(study.space).extend(reader.parameters())
    pruner = catalog.make_pruner(study.pruner, study.direction)
    places = inventory(study.resources.gpus, facts.get("slots") or study.resources.slots)
    rows = reader.trials()
    recovered = recover(study, facts, rows, places, queue_of(study, space), pruner.milestones() is not None)
    watch = Readings(places.devices)
    watch.start()
    world = World(
        study, folder, cwd, session_id, space, pruner, book_of(reader, study, rows, pruner.milestones() is not None),
        places, watch, thinker_of(study, space, rows), store, cursor=int(facts.get("command_cursor") or 0),
        defines=study.objective.command is None and not study.space, script_folder=script_folder,
    )  # fmt: skip
    reader.close()
    first = adopt(world, recovered, store, session_id)
    with store.transaction():
        store.set_fact("finished", None)
        store.set_fact("stopped", None)
        store.set_fact("scheduler_pid", os.getpid())
        if space.dim:
            store.save_parameters(space.definitions())
    note = "the session goes on" if rows else "the session begins"
    opened = e.Opened(world.clock.now(), os.getpid(), note)
    notes = [e.Noted(world.clock.now(), None, text, "devices") for text in places.notes]
    announce()
    try:
        state = run(recovered.state, world, store, [opened, *notes, *first])
    finally:
        world.close()
        with contextlib.suppress(Exception):
            store.close()
    return 0 if state.finished else 1


def study_of(folder: SessionFolder, facts: dict[str, Any]) -> Study:
    return load_study(
        folder.study.read_text(), where=str(facts.get("study_path") or folder.study),
        folder=Path(facts.get("script_folder") or folder.path), overrides=facts.get("overrides") or None,
        check_choice=catalog.check,
    )  # fmt: skip


def queue_of(study: Study, space: Space) -> list[Queued]:
    """What is tried before the sampler is asked: the baseline, then the other enqueued points."""
    queue = []
    base = baseline(study)
    if base is not None:
        queue.append(Queued(base, "baseline", "the baseline: your own values", locate(space, base)))
    rest = study.enqueue[1:] if study.enqueue else []
    for params in rest:
        point = space.complete(params)[0] if space.dim else params
        queue.append(Queued(point, "enqueued", "enqueued in the study file", locate(space, point)))
    return queue


def book_of(reader: Reader, study: Study, rows: list[TrialRow], judges: bool) -> Book:
    book = Book()
    if not judges:
        return book
    curves = reader.curves([row.number for row in rows], study.metric)
    for row in rows:
        points = curves.get(row.number, [])
        book.write(row.number, ((step, study.sign * value) for step, value in points if value is not None))
        if State(row.state).ended:
            book.close(row.number, KINDS[State(row.state)])
    return book


def thinker_of(study: Study, space: Space, rows: list[TrialRow]) -> Thinker:
    thinker = Thinker.start(space.definitions(), study.sampler, study.seed)
    for row in rows:
        state = State(row.state)
        kind = KINDS.get(state, Kind.PENDING)
        if row.cause in ("oom", "nan", "infeasible"):
            kind = Kind.INFEASIBLE
        known = row.value is not None and kind <= Kind.PRUNED and math.isfinite(row.value)
        y = study.sign * row.value if known and row.value is not None else None
        x = row.x if len(row.x) == space.dim else (*row.x, *(None,) * (space.dim - len(row.x)))
        thinker.observe(Observation(row.number, x, y, kind, -1 if row.step is None else row.step))
    return thinker


def adopt(world: World, recovered: Recovered, store: Writer, session_id: str) -> list[e.Event]:
    """Take over the processes that are still there. A trial that was being started is looked for, else started again."""
    first: list[e.Event] = []
    offsets = store.spool_offsets()
    if recovered.running:
        time.sleep(0.05)  # the old fork server, if any, sees that its scheduler is gone and ends
    for number, process in recovered.running:
        live = recovered.state.live[number]
        at = world.clock.now()
        if process is None:
            begin = next((x for x in read_from(world.folder.trial(number).spool, 0)[0] if isinstance(x, Begin)), None)
            if begin is None:
                sweep(f"{session_id}/{number}")
                place = live.place
                assert place is not None
                first.append(e.NotStarted(at, number, place, "its scheduler ended before it started: starts again", 0.0))
                continue
            process = Process(begin.pid, begin.start_ticks)
            first.append(e.Started(at, number, process, begin.cold))
        first += world.take_over(number, process, offsets.get(number, 0), live, frozen=live.trial.state is State.PAUSED)
    return first


__all__ = ["open_session", "study_of"]
