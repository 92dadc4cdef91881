"""`hptui.run`: a session started from a script or a notebook, with a progress line."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from hptui.core.api.objective import Found, Objective, find_objective
from hptui.core.api.session import Session
from hptui.core.errors import ObjectiveError, SessionError
from hptui.core.scheduler.begin import find_or_create
from hptui.core.scheduler.launch import ensure
from hptui.core.scheduler.target import Target, read_study
from hptui.core.space.parameter import Categorical, Float, Int
from hptui.core.store.reader import Reader
from hptui.core.store.rows import Finished, TrialRow
from hptui.core.study.durations import format_duration
from hptui.core.study.goals import goals_of
from hptui.core.study.session import SessionFolder
from hptui.core.study.study import Direction
from hptui.core.study.trial import State
from hptui.core.wire.lock import scheduler_of
from hptui.core.wire.request import TAG

Definition = Float | Int | Categorical | Mapping[str, Any] | Sequence[Any]
"""A parameter: `hptui.Float(low=1e-5, high=0.1, log=True)`, the table of a study file, or a list of choices."""

LOOK_S = 0.2
_ENDED = (State.COMPLETE, State.PRUNED, State.FAIL)


def run(
    objective: Objective,
    space: Mapping[str, Definition] | None = None,
    *,
    n_trials: int,
    name: str | None = None,
    direction: Direction | list[Direction] = "minimize",
    metric: str | list[str] = "value",
    sampler: str | Mapping[str, Any] = "auto",
    pruner: str | Mapping[str, Any] = "auto",
    max_steps: int | None = None,
    seed: int = 0,
    slots: int | None = None,
    devices: str | list[int | str] = "all",
    more: Mapping[str, Any] | None = None,
    new: bool = False,
    wait: bool = True,
    progress: bool | None = None,
) -> Session:
    """Tune a function, and return its session when that has ended; called again, it goes on to `n_trials` in all.

    objective: a function of a trial, or "train.py:objective". Trials are processes of their own that import it: one of
    a notebook is written to a file with all that it uses.
    space: parameter -> definition; None: the function states it by `trial.suggest_float` and the like.
    more: further keys of a study file, such as {"budget": {"trial_time": "10 min"}, "stop": {"target": 0.1}}.
    new: a session of its own even if this question has one. wait: False returns at once; the session goes on.
    progress: a line of progress; None: where it can be rewritten, a terminal or a notebook.

    Ctrl-C, or the notebook's interrupt, raises KeyboardInterrupt and leaves the session running.
    Raises StudyErrors for a wrong study, ObjectiveError when trials can't import the function, SessionError when the
    session ends by an error.
    """
    if TAG in os.environ:
        problem = 'a trial that imports this file calls it again: put the call under if __name__ == "__main__":'
        raise ObjectiveError("hptui.run", problem)
    found = find_objective(objective, sys._getframe(1))
    stated = {"direction": direction, "metric": metric, "sampler": sampler, "pruner": pruner, "seed": seed}
    text = _study(found, space, max_steps, devices, stated, more or {})
    target = Target(text, f"{found.name}.toml", Path.cwd())
    overrides: dict[str, Any] = plain({"n_trials": n_trials, "name": name, "slots": slots})
    study = read_study(target, overrides)
    told = _Line(_can_rewrite() if progress is None else progress)
    given = {key: value for key, value in overrides.items() if value is not None}
    folder = find_or_create(target, study, given, new=new, say=told.say)
    with Reader(folder) as reader:
        finished = reader.fact("finished") or {}
    try:
        ensure(folder, resume=finished.get("final") is False)
        if wait:
            _wait(folder, told)
    except KeyboardInterrupt:
        told.end()
        told.say(f"{folder.name} goes on: `hptui attach {folder.name}` shows it, `hptui stop {folder.name}` ends it")
        raise
    return Session.open(folder.path)


def _study(
    found: Found,
    space: Mapping[str, Definition] | None,
    max_steps: int | None,
    devices: str | list[int | str],
    stated: Mapping[str, Any],
    more: Mapping[str, Any],
) -> str:
    """The study file, TOML."""
    import tomlkit

    document: dict[str, Any] = {"name": found.name, **stated}
    document["objective"] = {"script": str(found.script), "function": found.function}
    if space is not None:
        document["space"] = space
    if max_steps is not None:
        document["budget"] = {"max_steps": max_steps}
    if devices != "all":
        document["resources"] = {"devices": devices}
    for key, value in more.items():
        both = isinstance(value, Mapping) and isinstance(document.get(key), dict)
        document[key] = {**document[key], **value} if both else value
    try:
        document = plain(document)
        if space is not None:
            document["space"] = _in_order(document["space"])
        return "# Written by hptui.run: copy it and go on from here.\n" + tomlkit.dumps(document)
    except (tomlkit.exceptions.TOMLKitError, TypeError, ValueError) as error:
        hint = "a study is numbers, texts, lists and tables"
        raise ObjectiveError("hptui.run", f"the study can't be written as TOML: {error}", hint) from None


def plain(value: Any) -> Any:
    """As TOML and JSON have it: numpy's numbers and arrays as numbers and lists. Raises TypeError for other objects."""
    return msgspec.to_builtins(value, enc_hook=_plain_one)


def _plain_one(value: Any) -> Any:
    if isinstance(value, range):
        return list(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if callable(each := getattr(value, "tolist", None)):
        return each()
    raise TypeError(f"{value!r:.60} is of type {type(value).__name__}")


def _in_order(space: Mapping[str, Any]) -> Any:
    """A line for each parameter; tables of their own would come after all lists of choices."""
    import tomlkit

    table = tomlkit.table()
    for name, each in space.items():
        if isinstance(each, Mapping):
            line = tomlkit.inline_table()
            line.update(each)
            table.add(name, line)
        else:
            table.add(name, each)
    return table


def _wait(folder: SessionFolder, told: _Line) -> None:
    """Until the session ends. A scheduler that was killed is replaced; its trials are still there."""
    began = time.monotonic()
    with Reader(folder) as reader:
        several = len(goals_of(reader.facts())) > 1
        while True:
            finished = reader.finished()
            counts, total = reader.counts(), reader.fact("n_trials")
            best = [] if several else reader.best(1)
            told.draw(_progress(folder.name, counts, total, best, time.monotonic() - began))
            alive = scheduler_of(folder.lock).alive
            if finished is not None and not alive:
                break
            if finished is None and not alive and reader.finished() is None:
                ensure(folder)
            time.sleep(LOOK_S)
        told.end()
        _check_ended(folder, finished, counts, reader)


def _check_ended(folder: SessionFolder, finished: Finished, counts: Mapping[str, int], reader: Reader) -> None:
    if finished.ok or counts.get(State.COMPLETE):
        return
    details = (event.data.get("detail") for event in reversed(reader.last_events(200)))
    detail = next((text for text in details if isinstance(text, str) and text), f"hptui show {folder.name}")
    raise SessionError(folder.name, finished.reason, detail)


def _progress(name: str, counts: Mapping[str, int], total: int | None, best: list[TrialRow], seconds: float) -> str:
    ended = sum(counts.get(state, 0) for state in _ENDED)
    running = counts.get(State.RUNNING, 0)
    lead = f" · best {best[0].value:.6g} (trial {best[0].number})" if best and best[0].value is not None else ""
    of = "" if total is None else f" of {total}"
    return f"{name} · {ended}{of} ended, {running} running{lead} · {format_duration(seconds)}"


def _can_rewrite() -> bool:
    return sys.stdout.isatty() or "ipykernel" in sys.modules


class _Line:
    """A line of progress that is written over."""

    def __init__(self, shown: bool) -> None:
        self._shown = shown
        self._last = ""

    def draw(self, line: str) -> None:
        if self._shown and line != self._last:
            width = shutil.get_terminal_size().columns - 1
            print("\r" + line[:width].ljust(min(len(self._last), width)), end="", flush=True)
            self._last = line

    def say(self, line: str) -> None:
        print(line, file=sys.stderr)

    def end(self) -> None:
        if self._last:
            print(flush=True)
            self._last = ""


__all__ = ["Definition", "plain", "run"]
