"""`hptui.Session`: a session, live or past, read from a script or a notebook."""

from __future__ import annotations

import operator
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hptui.core.api.records import Picture, TrialRecord, frame
from hptui.core.errors import SessionError
from hptui.core.review.columns import columns
from hptui.core.review.drawn import draw_history, draw_slice
from hptui.core.review.front import front
from hptui.core.review.held_out import HeldOut, held_out
from hptui.core.space.reading import nearest
from hptui.core.store.library import resolve, summary
from hptui.core.store.reader import Reader
from hptui.core.study.goals import goals_of
from hptui.core.study.session import SessionFolder, sessions_home

if TYPE_CHECKING:
    import pandas

Curve: TypeAlias = tuple[NDArray[np.int64], NDArray[np.float64]]
"""(k,) steps, ascending, and (k,) values, which may be nan or infinite."""


@dataclass(frozen=True)
class Session:
    """Every attribute is read anew when asked, so that of a live session it is what holds now. Nothing is changed.

    Raises SessionError: the folder went away, is damaged, or was written by a newer version.
    """

    _folder: SessionFolder

    @classmethod
    def open(cls, path_or_name: str | os.PathLike[str]) -> Session:
        """The session that a name, the beginning of one, or a folder means. Raises SessionError when there is none."""
        asked = path_or_name if isinstance(path_or_name, str) else os.path.abspath(os.path.expanduser(path_or_name))
        session = cls(resolve(asked, sessions_home()))
        with session._reader():  # a database that can't be read is said here
            return session

    def __repr__(self) -> str:
        return f"Session.open({str(self._folder.path)!r})"

    @property
    def name(self) -> str:
        return self._folder.name

    @property
    def path(self) -> str:
        return str(self._folder.path)

    @property
    def state(self) -> Literal["live", "finished", "stopped", "interrupted", "broken"]:
        """As `hptui ls` says it."""
        return summary(self._folder).state

    @property
    def best(self) -> TrialRecord | None:
        """The best complete trial that broke no constraint; None before the first.

        With several objectives no trial is the best one: None, see `front`.
        """
        with self._reader() as reader:
            found = [] if len(goals_of(reader.facts())) > 1 else reader.best(1)
        return TrialRecord.of(found[0]) if found else None

    @property
    def front(self) -> list[TrialRecord]:
        """Complete trials that no other beats in every objective, the best by the first one first."""
        with self._reader() as reader:
            return [TrialRecord.of(row) for row in front(reader.trials(), goals_of(reader.facts()))]

    @property
    def held_out(self) -> HeldOut | None:
        """How the best does on the held-out metric, and whether validation was overfitted; None without such values."""
        with self._reader() as reader:
            return held_out(reader.trials(), goals_of(reader.facts())[0].sign)

    @property
    def trials(self) -> list[TrialRecord]:
        """Every trial by number."""
        with self._reader() as reader:
            rows = reader.trials()
        return [TrialRecord.of(row) for row in sorted(rows, key=lambda row: row.number)]

    def trials_frame(self) -> pandas.DataFrame:
        """The trials as a pandas DataFrame: a row each, parameters as `params_NAME`.

        Raises SessionError when pandas is not installed.
        """
        return frame(self.trials, list(self.params))

    @property
    def params(self) -> dict[str, Any]:
        """Parameter -> its definition, as a study file has it, in the study's order."""
        with self._reader() as reader:
            return reader.parameters()

    @property
    def metrics(self) -> list[str]:
        """Every metric reported so far, by first appearance."""
        with self._reader() as reader:
            return reader.metric_names()

    def curve(self, trial: int, metric: str | None = None) -> Curve:
        """What a trial has reported of a metric; of the study's own one when none is named. Empty before a report.

        Raises SessionError when there is no such trial or metric.
        """
        trial = operator.index(trial)  # a number out of a frame is one of numpy's, which SQLite takes for bytes
        with self._reader() as reader:
            name = self._metric(reader, metric)
            if reader.trial(trial) is None:
                n = sum(reader.counts().values())
                hint = f"it has {n} trial{'s' * (n != 1)}: `.trials`"
                raise SessionError(self.name, f"there is no trial {trial}", hint)
            return _curve(reader.curve(trial, name))

    def curves(self, metric: str | None = None) -> dict[int, Curve]:
        """Trial -> its curve, all at one moment; trials that have reported nothing of it are left out."""
        with self._reader() as reader:
            name = self._metric(reader, metric)
            numbers = sorted(row.number for row in reader.trials())
            return {n: _curve(points) for n, points in reader.curves(numbers, name).items() if points}

    def plot(self, what: str) -> Picture:
        """A drawing as SVG text: "history" (every trial and the best so far), or "slice:NAME" (value over a parameter).

        Raises SessionError when it is neither, or there is nothing to draw yet.
        """
        with self._reader() as reader, reader.snapshot():
            facts, space = reader.facts(), reader.parameters()
            rows = sorted(reader.trials(), key=lambda row: row.number)
        goal = goals_of(facts)[0]
        seen = columns(rows, space, goal.sign)
        kind, _, name = what.partition(":")
        dimension = next((one for one in seen.dimensions if one.name == name), None) if kind == "slice" else None
        if what == "history":
            drawn = draw_history(seen, goal.metric)
        elif dimension is not None:
            drawn = draw_slice(seen, dimension, goal.metric)
        else:
            wanted = ["history", *(f"slice:{each}" for each in space)]
            hint = nearest(what, wanted) or "there is: " + ", ".join(wanted)
            raise SessionError(self.name, f"there is no plot {what!r}", hint)
        if not drawn:
            raise SessionError(self.name, "there is nothing to draw yet: no trial has a value", "ask again later")
        return Picture(drawn)

    def _reader(self) -> Reader:
        return Reader(self._folder)

    def _metric(self, reader: Reader, asked: str | None) -> str:
        known, own = reader.metric_names(), goals_of(reader.facts())[0].metric
        if asked is None or asked in known:
            return asked or own
        hint = nearest(asked, known) or (f"reported: {', '.join(known)}" if known else "nothing was reported yet")
        raise SessionError(self.name, f"there is no metric {asked!r}", hint)


def _curve(points: Sequence[tuple[int, float]]) -> Curve:
    steps, values = zip(*points, strict=True) if points else ((), ())
    return np.array(steps, np.int64), np.array(values, np.float64)


__all__ = ["Curve", "Picture", "Session", "TrialRecord"]
