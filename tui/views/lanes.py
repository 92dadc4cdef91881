"""Who ran where and when, as one line for each GPU or slot; and where the GPU-hours went. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.cells import cell_len, set_cell_size

from hptui.core.review.accounting import Account
from hptui.core.review.lanes import Lane, Span, lanes
from hptui.tui.glyphs import current
from hptui.tui.snapshot import Snapshot
from hptui.tui.views.cells import Cell, Cells, cells, series
from hptui.tui.views.devices import device_name, order_of
from hptui.tui.views.numbers import clock, duration, percent, unknown

_LABEL = 7  # cells for the lane's name, where no name is longer
_SHARE = 5  # cells for the share of time in which it was used


@dataclass(frozen=True, slots=True)
class Timeline:
    """labels: a name for each lane: `g0`, `cpu1`; `g0/1` for the second trial of those that share a GPU."""

    lanes: tuple[Lane, ...]
    start: float
    end: float
    labels: tuple[str, ...] = ()

    @property
    def indent(self) -> int:
        """Cells before the bars."""
        return max([_LABEL, *(cell_len(label) + 1 for label in self.labels)]) + _SHARE

    @property
    def seconds(self) -> float:
        return max(self.end - self.start, 1e-9)


def timeline(snapshot: Snapshot, span_s: float | None = None) -> Timeline:
    """The lanes of a session up to now, or to its end.

    span_s: how far back; None for as far as the events at hand go, and for a session that is over all of it.
    """
    facts, now = snapshot.facts, snapshot.now
    end = facts.finished_at or now
    events = snapshot.events
    rows = list(snapshot.trials.rows())
    first = min((row.started_at for row in rows if row.started_at is not None), default=end)
    start = first if span_s is None else max(first, end - span_s)
    if span_s is None and snapshot.alive and events:
        start = max(first, events[0].at)
    known = lanes((row for row in rows if (row.ended_at or end) >= start), events, end, facts.drained)
    found = tuple(sorted(known, key=lambda lane: (*order_of(snapshot, lane.device), lane.slot)))
    return Timeline(found, start, end, tuple(_label(snapshot, lane, found) for lane in found))


def _label(snapshot: Snapshot, lane: Lane, beside: Sequence[Lane]) -> str:
    name = device_name(snapshot, lane.device)
    if name == "cpu":
        return f"{name}{lane.slot}"
    return f"{name}/{lane.slot}" if sum(other.device == lane.device for other in beside) > 1 else name


def lane_line(shown: Timeline, at: int, width: int) -> Cells:
    """`g0/1  97% ███987████░░░███` : each trial in its colour with its number, idle time as gaps.

    The share is of the time in which trials might run there: not while it was drained.
    """
    lane, indent = shown.lanes[at], shown.indent
    used = _covered(((span.start, span.end) for span in lane.spans), shown)
    both = _covered(sorted([*((span.start, span.end) for span in lane.spans), *lane.drained]), shown)
    might = shown.seconds - (both - used)
    share = percent(used / might if might > 1e-9 else None)
    label = set_cell_size(shown.labels[at], indent - _SHARE)
    return (Cell(label), Cell(f"{share:>4} ", "muted"), *_bar(lane, shown, max(width - indent, 1)))


def axis_line(shown: Timeline, width: int) -> Cells:
    """When the lines begin and end, under them."""
    room = max(width - shown.indent, 1)
    left, right = clock(shown.start), clock(shown.end)
    middle = duration(shown.seconds)
    gap = room - len(left) - len(right)
    if gap < len(middle) + 2:
        return cells((" " * shown.indent + left, "muted"))
    return cells((f"{' ' * shown.indent}{left}{middle:^{gap}}{right}", "muted"))


def _bar(lane: Lane, shown: Timeline, room: int) -> list[Cell]:
    """One cell stands for an equal stretch of time, and shows who had most of it."""
    each = shown.seconds / room
    owners: list[Span | None] = [None] * room
    most = [0.0] * room
    for span in lane.spans:
        first = max(int((span.start - shown.start) / each), 0)
        last = min(int((span.end - shown.start) / each), room - 1)
        for at in range(first, last + 1):
            begin = shown.start + at * each
            had = min(span.end, begin + each) - max(span.start, begin)
            if had > most[at]:
                owners[at], most[at] = span, had
    line: list[Cell] = []
    at = 0
    while at < room:
        end = at
        while end < room and owners[end] is owners[at]:
            end += 1
        owner = owners[at]
        line += _gap(lane, shown, at, end, each) if owner is None else [_piece(owner, end - at)]
        at = end
    return line


def _gap(lane: Lane, shown: Timeline, at: int, end: int, each: float) -> list[Cell]:
    """Where nobody ran: idle, or drained."""
    line: list[Cell] = []
    for drained, group in groupby(range(at, end), lambda cell: _drained(lane, shown.start + (cell + 0.5) * each)):
        width = len(list(group))
        text = f"{'drained' if width > len('drained') + 1 else '':{current().rule}^{width}}"
        line.append(Cell(text, "muted") if drained else Cell(current().bar_rest * width, "waiting"))
    return line


def _drained(lane: Lane, moment: float) -> bool:
    return any(start <= moment < end for start, end in lane.drained)


def _piece(span: Span, width: int) -> Cell:
    glyphs = current()
    number = f"{span.trial}{glyphs.state(span.state)}"
    fill = glyphs.bar if span.state != "FAIL" else glyphs.fail
    if width < len(number) + 2:
        return Cell(fill * width, series(span.trial))
    left = (width - len(number)) // 2
    return Cell(f"{fill * left}{number}{fill * (width - left - len(number))}", series(span.trial))


def _covered(stretches: Iterable[tuple[float, float]], shown: Timeline) -> float:
    """Seconds of what is shown that lie in any of them. stretches: by start."""
    covered, at = 0.0, shown.start
    for start, end in stretches:
        covered += max(0.0, min(end, shown.end) - max(start, at))
        at = max(at, min(end, shown.end))
    return covered


def account_line(spent: Account, *, live: bool) -> str:
    """`GPU time: 3h12m useful, 48m05s on pruned trials (saved about 2h06m), 1m02s lost ...`; "" for none."""
    if spent.spent_s <= 0:
        return ""
    parts = [f"{duration(spent.useful_s)} useful"]
    if spent.pruned_s:
        saved = "" if spent.saved_s is None else f" (saved about {duration(spent.saved_s)})"
        parts.append(f"{duration(spent.pruned_s)} on pruned trials{saved}")
    if spent.failed_s:
        parts.append(f"{duration(spent.failed_s)} lost to failures")
    if spent.running_s:
        parts.append(f"{duration(spent.running_s)} on trials that have not ended")
    share = unknown() if spent.idle_share is None else f"{100 * spent.idle_share:.1f}%"
    if spent.boot_s:
        parts.append(f"{duration(spent.boot_s)} starting up")
    parts.append(f"{duration(spent.idle_s - spent.boot_s)} idle while work waited ({share})")
    left = f"; about {duration(spent.left_s)} left" if live and spent.left_s is not None else ""
    return f"{spent.unit} time: {', '.join(parts)}{left}"


__all__ = ["Timeline", "account_line", "axis_line", "lane_line", "timeline"]
