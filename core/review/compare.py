"""Two to four sessions beside each other: how their bests came along, their spaces, their best parameters. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hptui.core.review.columns import Columns, Floats, columns
from hptui.core.review.history import By, History, history
from hptui.core.space.parameter import mark
from hptui.core.store.reader import Reader
from hptui.core.store.rows import TrialRow
from hptui.core.study.goals import goals_of

POINTS = 120
"""Places at which a band is worked out."""


@dataclass(frozen=True, eq=False)
class Contender:
    """One session. best: its best trial. space: name -> definition."""

    name: str
    metric: str
    direction: str
    sampler: str
    pruner: str
    created_at: float | None
    space: Mapping[str, Any]
    columns: Columns
    best: TrialRow | None
    objectives: int = 1

    def history(self, by: By) -> History:
        return history(self.columns, by, self.created_at)

    @property
    def device_s(self) -> float:
        found = self.history(By.DEVICE).x
        return float(found[-1]) if len(found) else 0.0


def contender(reader: Reader) -> Contender:
    """A session as its database has it. Raises SessionError when it can't be read."""
    with reader.snapshot():
        facts, space = reader.facts(), reader.parameters()
        rows = sorted(reader.trials(), key=lambda row: row.number)
        best = next(iter(reader.best(1)), None)
    direction = str(facts.get("direction") or "minimize")
    definitions = {
        name: one if isinstance(one, Mapping) else {"type": "categorical", "choices": one}
        for name, one in space.items()
    }
    return Contender(
        reader.folder.name, str(facts.get("metric") or "value"), direction, _name(facts.get("sampler")),
        _name(facts.get("pruner")), facts.get("created_at"), definitions,
        columns(rows, definitions, -1.0 if direction == "maximize" else 1.0), best, len(goals_of(facts)),
    )  # fmt: skip


def _name(chosen: Any) -> str:
    return str(chosen.get("name", "")) if isinstance(chosen, Mapping) else str(chosen or "")


def mismatch(contenders: Sequence[Contender]) -> str:
    """Why the values do not compare, or not all of them; "" when they do."""
    kinds = dict.fromkeys((one.metric, one.direction) for one in contenders)
    if len(kinds) > 1:
        told = dict.fromkeys(f"{one.name} {one.direction}s {one.metric}" for one in contenders)
        return f"not the same question: {'; '.join(told)}"
    several = [f"{one.name} has {one.objectives}" for one in contenders if one.objectives > 1]
    return f"only {contenders[0].metric} is compared, and of objectives {', '.join(several)}" if several else ""


# --- bands --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Luck:
    """x: (p,) how many trials have ended. low, high: (p,) where the best loss so far lies in nine of ten orders."""

    x: Floats
    low: Floats
    high: Floats


def luck(contender: Contender, low: float = 0.05, high: float = 0.95) -> Luck:
    """How much the order of the session's own trials matters: the band of its best so far if they had come in any
    other order. What a search learns on the way is the distance by which its line leaves that band.

    Exact: the best of k drawn of m trials is among the j lowest with probability 1 - C(m-j, k) / C(m, k). Trials
    without an answer count as tried. NaN while the quantile is such a trial.
    """
    ended = contender.columns.loss[np.isfinite(contender.columns.ended_at)]
    able = contender.columns.able[np.isfinite(contender.columns.ended_at)]
    loss = np.sort(np.where(able, ended, np.inf))
    m = len(loss)
    if not m:
        return Luck(np.empty(0), np.empty(0), np.empty(0))
    logs = np.r_[0.0, np.cumsum(np.log(np.arange(1, m + 1)))]  # log k!
    ks = np.unique(np.linspace(1, m, min(m, POINTS)).round().astype(np.int64))
    ends = np.array([[_quantile(loss, logs, int(k), q) for q in (low, high)] for k in ks])
    return Luck(ks.astype(np.float64), np.where(np.isfinite(ends[:, 0]), ends[:, 0], np.nan),
                np.where(np.isfinite(ends[:, 1]), ends[:, 1], np.nan))  # fmt: skip


def _quantile(loss: Floats, logs: Floats, k: int, q: float) -> float:
    """The q-quantile of the lowest of k values drawn without putting back."""
    m = len(loss)
    j = np.arange(1, m + 1)
    left = m - j
    # C(m-j, k) / C(m, k), 0 where fewer than k are left
    with np.errstate(invalid="ignore"):
        log_ratio = logs[left] - logs[np.maximum(left - k, 0)] - (logs[m] - logs[m - k])
    reached = np.where(left >= k, 1 - np.exp(log_ratio), 1.0)
    return float(loss[int(np.argmax(reached >= q - 1e-12))])


# --- what differs -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """One parameter over all sessions. cells: None where a session has none. differs: not all cells are alike."""

    name: str
    cells: tuple[Any, ...]
    differs: bool = field(default=False)


def spaces(contenders: Sequence[Contender]) -> list[Row]:
    """Parameter by parameter, what may vary in which session."""
    names = dict.fromkeys(name for one in contenders for name in one.space)
    return [_row(name, [one.space.get(name) for one in contenders]) for name in names]


def bests(contenders: Sequence[Contender]) -> list[Row]:
    """Parameter by parameter, what the best trials had; parameters that only a trial has come last."""
    params = [one.best.params if one.best is not None else {} for one in contenders]
    defined = [name for one in contenders for name in one.space]
    names = dict.fromkeys([*defined, *(name for one in params for name in one)])
    return [_row(name, [one.get(name) for one in params]) for name in names if any(name in one for one in params)]


def _row(name: str, cells: Sequence[Any]) -> Row:
    return Row(name, tuple(cells), len({mark(cell) if cell is not None else None for cell in cells}) > 1)
