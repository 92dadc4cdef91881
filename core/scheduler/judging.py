"""The rule that judges trials: made from the study, changed while the session lives, and the curves it judges by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from hptui.core.devices.inventory import on_cpu
from hptui.core.scheduler import events as e
from hptui.core.scheduler.book import Book
from hptui.core.scheduler.gear import Gear, kind_of, lesson
from hptui.core.scheduler.one_thread import one_thread
from hptui.core.scheduler.state import Live
from hptui.core.scheduler.steps import STEP_S
from hptui.core.search import catalog
from hptui.core.search.protocol import Promoter, Pruner, Rungs
from hptui.core.search.pruners.thaw import Thaw
from hptui.core.space.reading import show
from hptui.core.space.space import Space
from hptui.core.store.reader import Reader
from hptui.core.store.rows import CommandRow, EventRow, TrialRow
from hptui.core.study.study import Chosen, Study
from hptui.core.study.trial import Paused, Running, State

KEEPS_A_GPU = "; stopped, not held: a frozen trial would keep its GPU"


def pruner_of(study: Study, space: Space | None = None) -> Pruner:
    """space: where it is known before the first trial; then a rule may learn which points are alike."""
    return catalog.make_pruner(study.pruner, study.direction, study.budget.max_steps, space, study.seed)


def rule_for(pruner: Pruner, live: Live) -> Pruner:
    """The rule for one trial. A frozen trial keeps its GPU, for its memory is there: one that could not be put away,
    having no checkpoint, is stopped instead of held."""
    phase = live.trial.phase
    keeps_a_gpu = isinstance(phase, Running | Paused) and not on_cpu(phase.device) and not live.trial.has_checkpoint
    return pruner.without_holding(KEEPS_A_GPU) if keeps_a_gpu and isinstance(pruner, Promoter) else pruner


def load_model(pruner: Pruner) -> None:
    """Import what the rule computes with, if that is more than it was made of."""
    if isinstance(pruner, Thaw):
        with one_thread():
            pruner.mind.think(())


def rungs_of(pruner: Pruner) -> list[int]:
    """The steps at which trials are ranked, for charts; none where trials are judged at any step."""
    milestones = pruner.milestones()
    return list(milestones.steps) if isinstance(milestones, Rungs) else []


def listens(study: Study) -> bool:
    """Whether the rule has a model of curves, from which the sampler learns too."""
    return catalog.entry_of("pruner", study.pruner.name).learns and study.budget.max_steps is not None


def ladder(study: Study) -> bool:
    """Whether its rungs depend on how far a trial can go."""
    return catalog.entry_of("pruner", study.pruner.name).max_steps != "ignored"


def book_of(reader: Reader, study: Study, rows: list[TrialRow], judges: bool) -> Book:
    book = Book()
    if not judges:
        return book
    curves = reader.curves([row.number for row in rows], study.metric)
    points = {(n, step): study.sign * y for n, curve in curves.items() for step, y in curve if y is not None}
    # the order in which they came is that of their verdicts; those that had none come last
    judged = [pair for pair in _verdicts(reader) if pair in points] if listens(study) else []
    for number, step in dict.fromkeys([*judged, *points]):
        book.write(number, [(step, points[number, step])])
    for row in rows:
        book.place(row.number, row.x)
        if STEP_S in row.attrs:
            book.time(row.number, float(row.attrs[STEP_S]))
        if State(row.state).ended:
            book.close(row.number, kind_of(State(row.state), lesson(row.cause, row.may_retry)))
    return book


def _verdicts(reader: Reader) -> Iterator[tuple[int, int]]:
    """(trial, step) of every verdict, oldest first."""
    for event in reader.events():
        if event.kind in ("judged", "promoted") and event.trial is not None and "step" in event.data:
            yield event.trial, int(event.data["step"])


def stop_of(reader: Reader, number: int) -> EventRow | None:
    """The verdict to stop that an earlier scheduler wrote down of a trial that has not ended since."""
    judged = [event for event in reader.events_of(number) if event.kind in ("judged", "promoted")]
    return judged[-1] if judged and judged[-1].data.get("verdict") == "stop" else None


def reprune(gear: Gear, wish: CommandRow) -> list[e.Event]:
    """Another pruner, or other options of this one, from the next report on. Rungs do not move: trials stand on them.

    A trial that runs is judged where it was told to wait when it started; a new one where the new rule says.
    """
    at, was = gear.clock.now(), gear.study.pruner
    wanted = _wanted(was, wish.args)
    if gear.study.also:
        n = len(gear.study.goals)
        return [e.Refused(at, wish, f"a pruner judges one objective, and this study has {n}")]
    if problems := catalog.check("pruner", wanted, gear.study.budget.max_steps):
        return [e.Refused(at, wish, "; ".join(f"{p.where}: {p.problem}" for p in problems))]
    study = msgspec.structs.replace(gear.study, pruner=wanted)
    pruner = pruner_of(study, None if gear.defines else gear.space)
    if pruner == gear.pruner:
        return [e.Refused(at, wish, f"the pruner is {said(was)} already")]
    for rule, name in ((gear.pruner, was.name), (pruner, wanted.name)):
        if isinstance(rule.milestones(), Rungs):
            return [e.Refused(at, wish, f"{name} ranks trials at rungs, and they can't move under trials that stand on"
                                        " them: begin a new session with the new rule")]  # fmt: skip
    if gear.milestones is None and pruner.milestones() is not None:
        with Reader(gear.folder) as reader:
            gear.book = book_of(reader, study, reader.trials(), True)
    gear.study, gear.pruner, gear.milestones = study, pruner, pruner.milestones()
    told = f"pruner {said(was)} → {said(wanted)}"
    set_ = e.PrunerSet(at, wanted.name, dict(wanted.options), told, gear.milestones is not None, ladder(study))
    return [e.Heeded(at, wish, f"you asked: {told}"), set_]


def _wanted(was: Chosen, args: dict[str, Any]) -> Chosen:
    name, options = str(args.get("name", was.name)), dict(args.get("options") or {})
    kept = dict(was.options) if name == was.name else {}
    return Chosen(name=name, options={k: v for k, v in {**kept, **options}.items() if v is not None})


def said(chosen: Chosen) -> str:
    """`median (n_startup_trials 10)`"""
    options = ", ".join(f"{key} {_shown(value)}" for key, value in chosen.options.items())
    return f"{chosen.name} ({options})" if options else chosen.name


def _shown(value: Any) -> str:
    """An option is a number, a word, or a table by step."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return f"{value:g}" if number else value if isinstance(value, str) else show(value)
