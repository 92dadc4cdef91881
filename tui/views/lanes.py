"""Who ran where and when, as one line for each GPU or slot; and where the GPU-hours went. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from hptui.core.review.accounting import Account
from hptui.core.review.lanes import Lane, Span, lanes
from hptui.tui.glyphs import current
from hptui.tui.snapshot import Snapshot
from hptui.tui.views.cells import Cell, Cells, cells, series
from hptui.tui.views.devices import device_name
from hptui.tui.views.numbers import clock, duration, percent, unknown

LABEL = 7  # cells for the lane's name and the share of time in which it was used
_SHARE = 5


@dataclass(frozen=True, slots=True)
class Timeline:
    lanes: tuple[Lane, ...]
    start: float
    end: float

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
    return Timeline(lanes((row for row in rows if (row.ended_at or end) >= start), events, end), start, end)


def lane_line(snapshot: Snapshot, shown: Timeline, lane: Lane, width: int) -> Cells:
    """`g0.1  97% ███987████░░░███` : each trial in its colour with its number, idle time as gaps."""
    name = device_name(snapshot, lane.device)
    shared = sum(other.device == lane.device for other in shown.lanes) > 1
    label = f"{name}.{lane.slot}" if shared and name != "cpu" else f"{name}{lane.slot if name == 'cpu' else ''}"
    room = max(width - LABEL - _SHARE, 1)
    used = _covered(lane, shown.start, shown.end) / shown.seconds
    return (Cell(f"{label:<{LABEL}}"), Cell(f"{percent(used):>4} ", "muted"), *_bar(lane, shown, room))


def axis_line(shown: Timeline, width: int) -> Cells:
    """When the lines begin and end, under them."""
    room = max(width - LABEL - _SHARE, 1)
    left, right = clock(shown.start), clock(shown.end)
    middle = duration(shown.seconds)
    gap = room - len(left) - len(right)
    if gap < len(middle) + 2:
        return cells((" " * (LABEL + _SHARE) + left, "muted"))
    return cells((f"{' ' * (LABEL + _SHARE)}{left}{middle:^{gap}}{right}", "muted"))


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
        line.append(_piece(owners[at], end - at))
        at = end
    return line


def _piece(span: Span | None, width: int) -> Cell:
    glyphs = current()
    if span is None:
        return Cell(glyphs.bar_rest * width, "waiting")
    number = f"{span.trial}{glyphs.state(span.state)}"
    fill = glyphs.bar if span.state != "FAIL" else glyphs.fail
    if width < len(number) + 2:
        return Cell(fill * width, series(span.trial))
    left = (width - len(number)) // 2
    return Cell(f"{fill * left}{number}{fill * (width - left - len(number))}", series(span.trial))


def _covered(lane: Lane, start: float, end: float) -> float:
    covered, at = 0.0, start
    for span in lane.spans:
        covered += max(0.0, min(span.end, end) - max(span.start, at))
        at = max(at, min(span.end, end))
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
    parts.append(f"{duration(spent.idle_s)} idle while work waited ({share} without starting up)")
    left = f"; about {duration(spent.left_s)} left" if live and spent.left_s is not None else ""
    return f"{spent.unit} time: {', '.join(parts)}{left}"


__all__ = ["Timeline", "account_line", "axis_line", "lane_line", "timeline"]
