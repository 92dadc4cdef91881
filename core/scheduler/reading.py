"""What a trial's spool lines mean: rows for `metrics`, points for its curve, and events."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from hptui.core.scheduler import events as e
from hptui.core.store.rows import ReportRow
from hptui.core.wire import spool as s


@dataclass
class Reading:
    """One look at one trial's spool."""

    rows: list[ReportRow] = field(default_factory=list)
    points: list[tuple[int, float]] = field(default_factory=list)  # (step, value), the user's sign
    milestone: int = 0
    notes: list[s.Note] = field(default_factory=list)
    attrs: list[tuple[str, Any]] = field(default_factory=list)
    defined: list[s.Defined] = field(default_factory=list)
    begin: s.Begin | None = None
    parked: bool = False
    end: s.End | None = None


def digest(number: int, metric: str, lines: Sequence[s.AnyLine]) -> Reading:
    """All that `lines` say. A value that is not finite keeps its word: nothing reported is lost."""
    reading = Reading()
    for line in lines:
        match line:
            case s.Report():
                value = s.unpack_number(line.value)
                if value is not None:
                    reading.points.append((line.step, value))
                    reading.rows.append(ReportRow(number, metric, line.step, value))
                for name, other in line.others.items():
                    reading.rows.append(ReportRow(number, name, line.step, s.unpack_number(other)))
                reading.milestone = line.milestone or reading.milestone
            case s.Begin():
                reading.begin = line
            case s.Defined():
                reading.defined.append(line)
            case s.Attr():
                reading.attrs.append((line.key, line.value))
            case s.Checkpoint():
                reading.attrs.append(("checkpoint_step", line.step))
            case s.Note():
                reading.notes.append(line)
            case s.Parked():
                reading.parked = True
            case s.End():
                reading.end = line
    return reading


def better(best: float | None, values: Sequence[float], sign: float) -> float | None:
    """The best of all reported values so far, the user's sign; what is not finite is never best."""
    finite = [value for value in values if math.isfinite(value)]
    if best is not None:
        finite.append(best)
    return sign * min(sign * value for value in finite) if finite else None


def events_of(number: int, at: float, reading: Reading, best: float | None) -> Iterator[e.Event]:
    """The events of one look, but for parameters it defined (they need the space)."""
    if reading.points:
        step, value = reading.points[-1]
        yield e.Reported(at, number, step, value, best, reading.milestone)
    for key, value in reading.attrs:
        yield e.AttrSet(at, number, key, value)
    for note in reading.notes:
        yield e.Noted(at, number, note.text, note.kind)
    if reading.parked:
        yield e.Parked(at, number)
