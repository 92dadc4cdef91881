"""The curves of the trials that matter now."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from math import floor, log10
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

from hptui.tui.panes.plot import LinePlot, Series
from hptui.tui.snapshot import Facts, Snapshot
from hptui.tui.views.ahead import by_best

if TYPE_CHECKING:
    from hptui.tui.charts.band import Band

MOST = 20  # more lines than this can't be told apart
TOP = 8
MOST_MARKS = 10  # a rule that judges at more steps judges everywhere: lines there would say nothing


class Choice(Enum):
    """Which curves are drawn beside the cursor's and the pinned ones."""

    BOTH = "running + best"
    RUNNING = "running"
    TOP = "best"
    PINNED = "pinned + marked"

    def next(self) -> Choice:
        every = list(Choice)
        return every[(every.index(self) + 1) % len(every)]


def chosen(
    snapshot: Snapshot, choice: Choice, pinned: frozenset[int], marked: frozenset[int], cursor: int | None
) -> tuple[int, ...]:
    """The trials to draw, the most important last, at most `MOST` of them."""
    order: list[int] = [] if cursor is None else [cursor]
    order += sorted(pinned)
    order += sorted(marked)
    best = list(snapshot.best[:TOP])
    active = [snapshot.trials[number] for number in snapshot.active]
    running = [row.number for row in active if row.state == "RUNNING"]
    held = [row.number for row in by_best(active, snapshot.facts.sign)]
    running = list(dict.fromkeys([*running, *held, *snapshot.active]))
    if choice is Choice.BOTH:
        order += best[:1] + running[: MOST // 2] + best[1:]
    elif choice is not Choice.PINNED:
        order += running if choice is Choice.RUNNING else list(snapshot.best[:MOST])
    first = [number for number in dict.fromkeys(order) if number in snapshot.trials][:MOST]
    return tuple(reversed(first))


class CurvesPane(LinePlot):
    """The main metric over the steps; the trial under the cursor is white and on top."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(empty="no reports yet: curves appear with the first trial.report(…)", **kwargs)
        self.border_title = "2 curves"
        self._shaded: tuple[object, float | None, Band | None] = ((), None, None)

    def take(self, snapshot: Snapshot, trials: tuple[int, ...], cursor: int | None, choice: Choice) -> None:
        metric = snapshot.facts.metric
        series = [
            Series(number, curve.steps, curve.values, label=str(number))
            for number in trials
            if (curve := snapshot.curves.get((number, metric))) is not None and len(curve)
        ]
        scale = " · log" if self.ylog else ""
        end = axis_end(snapshot.facts.max_steps, series)
        band = self._band_of(snapshot, end)
        title = f"2 curves ─ {metric}{scale} over {self.steps} ─ {choice.value} + cursor"
        if band is not None:
            shade = " ─ shade: 10 to 90 % of all"
            title += shade if cell_len(title + shade) <= self.outer_size.width - 2 else " ─ shade: 10-90 %"
        self.show(series, x_max=end, focus=cursor, title=title, marks=marks(snapshot.facts), band=band)

    def _band_of(self, snapshot: Snapshot, end: float | None) -> Band | None:
        """Where most ended trials run: counted anew only when the sample or the axis changes."""
        if not snapshot.crowd or not end:
            return None
        crowd, at, band = self._shaded
        if crowd is not snapshot.crowd or at != end:
            from hptui.tui.charts.band import percentile_band

            band = percentile_band([(one.steps, one.values) for one in snapshot.crowd if len(one)], end)
            self._shaded = (snapshot.crowd, end, band)
        return band


def marks(facts: Facts) -> tuple[int, ...]:
    """The steps at which a line says that trials are ranked there."""
    return facts.rungs if len(facts.rungs) <= MOST_MARKS else ()


def axis_end(max_steps: int | None, series: Sequence[Series]) -> float | None:
    """Where the step axis ends. It moves seldom: an axis that follows the last step changes every line of the chart."""
    last = max((float(one.x[-1]) for one in series if len(one.x)), default=0.0)
    if max_steps is not None and last <= max_steps:
        return float(max_steps)
    if last <= 0:
        return None
    unit = 10.0 ** floor(log10(last))
    return next(times * unit for times in (1, 2, 5, 10) if times * unit >= last)
