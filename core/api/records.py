"""What a session's reader hands out: trials as small values, pictures that a notebook shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hptui.core.errors import SessionError
from hptui.core.store.rows import TrialRow

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """One trial as it was when asked. Values have the user's sign; times are seconds since the epoch."""

    number: int
    state: str  # WAITING, RUNNING, PAUSED, COMPLETE, PRUNED, FAIL
    params: Mapping[str, Any]
    value: float | None  # last reported or final; None before the first report; may be nan or infinite
    step: int | None  # last step reported
    origin: str  # baseline, enqueued, sampler, retry
    proposal: str  # why this point
    reason: str  # why it waits, is paused, was pruned or failed
    cause: str | None  # of a FAIL: oom, nan, crash, timeout, killed, lost, infeasible
    busy_s: float  # seconds of running, pauses not counted, up to its last pause or its end
    created_at: float
    started_at: float | None
    ended_at: float | None

    @staticmethod
    def of(row: TrialRow) -> TrialRecord:
        return TrialRecord(
            row.number, row.state, row.params, row.value, row.step, row.origin, row.proposal, row.reason, row.cause,
            row.busy_s, row.created_at, row.started_at, row.ended_at,
        )  # fmt: skip


class Picture(str):
    """A drawing as SVG text; a notebook shows it as a picture."""

    __slots__ = ()

    def _repr_svg_(self) -> str:
        return str(self)


def frame(trials: Sequence[TrialRecord], names: Sequence[str]) -> pandas.DataFrame:
    """One row per trial: the fields of `TrialRecord`, and `params_NAME` for each of `names`, missing where inactive.

    Raises SessionError when pandas is not installed.
    """
    try:
        import pandas
    except ImportError:
        hint = "pip install pandas, or use .trials, which needs nothing"
        raise SessionError("trials_frame", "pandas is not installed", hint) from None
    fields = [name for name in TrialRecord.__slots__ if name != "params"]
    columns: dict[str, list[Any]] = {name: [getattr(trial, name) for trial in trials] for name in fields}
    columns |= {f"params_{name}": [trial.params.get(name) for trial in trials] for name in names}
    return pandas.DataFrame(columns)
