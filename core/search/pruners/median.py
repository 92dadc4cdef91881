"""Stop a trial whose best so far is worse than the median of what finished trials had at the same step."""

from __future__ import annotations

from dataclasses import dataclass, field

from hptui.core.search.pruners.percentile import Percentile


@dataclass(frozen=True)
class Median(Percentile):
    """Keep the better half. Decides as Optuna's MedianPruner does."""

    percentile: float = field(default=50.0, init=False)

    def named(self, mark: str, count: int) -> str:
        return f"the median {mark} of {count} trials"
