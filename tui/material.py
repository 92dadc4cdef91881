"""What a tab of the review looks at: a snapshot, its trials as columns, and which of them the filter lets through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hptui.core.study.session import SessionFolder
from hptui.tui.snapshot import Facts, Snapshot

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hptui.core.review.columns import Columns

AT_ONCE = 3000
"""Trials whose columns are made while the user waits: some 5 ms. More are made in a thread."""


@dataclass(frozen=True, eq=False)
class Material:
    """shown: (n,) the trials that match `filter`. cursor: the trial chosen in the table."""

    folder: SessionFolder
    snapshot: Snapshot
    columns: Columns
    shown: NDArray[Any]
    filter: str = ""
    cursor: int | None = None

    @property
    def facts(self) -> Facts:
        return self.snapshot.facts


def columns_of(snapshot: Snapshot) -> Columns:
    """The snapshot's trials as columns. 100,000 trials take a third of a second."""
    from hptui.core.review.columns import columns

    space = {parameter.name: parameter.definition for parameter in snapshot.facts.space}
    return columns(snapshot.trials.rows(), space, snapshot.facts.sign)
