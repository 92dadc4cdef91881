"""What `hptui watch` says of a session in six lines. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from hptui.core.store.rows import EventRow, TrialRow
from hptui.core.study.durations import format_duration
from hptui.tui.glyphs import current, fit, harmless
from hptui.tui.views.ahead import by_best
from hptui.tui.views.numbers import clock

LINES = 6
_BARS = {"ascii": "_.-=*#", "block": "▄█", "braille": "▁▂▃▄▅▆▇█"}
_STATES = ("RUNNING", "PAUSED", "WAITING", "COMPLETE", "PRUNED", "FAIL")
_WORDS = {"FAIL": "failed"}


@dataclass(frozen=True)
class Watched:
    """A session at a moment. trials: by number. best: None before one, or with several objectives."""

    name: str
    state: str
    at: float
    since: float | None
    n_trials: int | None
    max_steps: int | None
    metric: str
    sign: float  # loss = sign * value
    trials: Mapping[int, TrialRow]
    best: TrialRow | None
    front: tuple[int, ...]  # with several objectives: the trials that no other beats in all
    event: EventRow | None

    @property
    def counts(self) -> Counter[str]:
        return Counter(row.state for row in self.trials.values())


def watch_lines(now: Watched, width: int) -> list[str]:
    """Six lines of at most `width` cells: the session, the best, its course, who runs, who ended, what was decided."""
    lines = [_head(now), _best(now), _course(now, width), _running(now), _ended(now), _event(now)]
    return [fit(line, width).rstrip() for line in lines]


def as_json(now: Watched) -> dict[str, Any]:
    """One line of `hptui watch --json`."""
    best = None if now.best is None else {"number": now.best.number, "value": now.best.value, "params": now.best.params}
    running = [
        {"number": row.number, "step": row.step, "value": row.value}
        for row in now.trials.values() if row.state == "RUNNING"
    ]  # fmt: skip
    return {"at": now.at, "name": now.name, "state": now.state, "counts": dict(now.counts), "n_trials": now.n_trials,
            "best": best, "front": list(now.front), "running": running}  # fmt: skip


def _head(now: Watched) -> str:
    counts = now.counts
    said = ", ".join(f"{counts[state]} {_WORDS.get(state, state.lower())}" for state in _STATES if counts[state])
    total = "" if now.n_trials is None else f" of {now.n_trials}"
    took = "" if now.since is None else f"   {format_duration(max(0.0, now.at - now.since))}"
    return f"{harmless(now.name)}   {now.state}   {said or 'no trial yet'}{total}{took}"


def _best(now: Watched) -> str:
    if now.front:
        return f"front trials {', '.join(map(str, now.front))}"
    if now.best is None:
        return _leading(now)
    params = "  ".join(f"{name} {_shown(value)}" for name, value in now.best.params.items())
    return f"best {_shown(now.best.value)}  {now.metric}  trial {now.best.number}   {params}"


def _leading(now: Watched) -> str:
    """Before a trial is complete: the best that any has reported."""
    found = by_best(now.trials.values(), now.sign)
    if not found:
        return f"best {current().unknown}"
    none = "no complete one kept its constraints" if now.counts["COMPLETE"] else "none is complete"
    return f"best {current().unknown}  {none}; reported {_shown(found[0].best)} by trial {found[0].number}"


def _course(now: Watched, width: int) -> str:
    """The best so far over the trials that ended, complete or pruned: high bars are bad."""
    ended = [row for row in now.trials.values() if row.state in ("COMPLETE", "PRUNED")]
    losses = [now.sign * row.value for row in sorted(ended, key=lambda row: row.ended_at or 0.0)
              if row.value is not None and math.isfinite(row.value) and not row.broken]  # fmt: skip
    if len(losses) < 2:
        return f"course {current().unknown}"
    best = list(accumulate(losses, min))[-(width - 40 if width > 60 else width // 2) :]
    low, high, bars = best[-1], best[0], _BARS[current().level]
    share = [(loss - low) / (high - low) if high > low else 0.0 for loss in best]
    drawn = "".join(bars[min(int(s * len(bars)), len(bars) - 1)] for s in share)
    return f"course {drawn} {_shown(now.sign * high)} to {_shown(now.sign * low)}"


def _running(now: Watched) -> str:
    rows = [row for row in now.trials.values() if row.state == "RUNNING"]
    whole = "" if now.max_steps is None else f"/{now.max_steps}"
    steps = ["" if row.step is None else f" at {row.step}{whole}" for row in rows]
    said = [f"{row.number}: {_shown(row.value)}{step}" for row, step in zip(rows, steps, strict=True)]
    return f"running {', '.join(said) or current().unknown}"


def _ended(now: Watched) -> str:
    ended = [row for row in now.trials.values() if row.ended_at is not None]
    last: Sequence[TrialRow] = sorted(ended, key=lambda row: row.ended_at or 0.0)[:-6:-1]
    said = [f"{current().state(row.state)}{row.number} {row.cause or _shown(row.value)}" for row in last]
    return f"ended {', '.join(said) or current().unknown}"


def _event(now: Watched) -> str:
    if now.event is None:
        return f"last {current().unknown}"
    who = "" if now.event.trial is None else f" trial {now.event.trial}"
    return f"last {clock(now.event.at)} {now.event.kind}{who}: {harmless(now.event.reason)}"


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return current().unknown if math.isnan(value) else f"{value:.4g}"
    return current().unknown if value is None else harmless(str(value))
