"""A sample of the curves of ended trials, for the shade behind those that are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hptui.core.store.rows import TrialRow
from hptui.tui.snapshot import CROWD, Curve, Snapshot

if TYPE_CHECKING:
    from hptui.core.store.reader import Reader

GROWTH = 1.2  # a shade that moved with every trial would repaint the whole chart each time


class Crowd:
    """Read anew when a fifth more trials have ended. A curve that was read stays: an ended trial reports no more."""

    def __init__(self) -> None:
        self._ended: set[int] = set()
        self._read_at = 0  # how many had ended then
        self._curves: dict[int, Curve] = {}

    def look(
        self, reader: Reader, snapshot: Snapshot, new: Sequence[TrialRow], metric: str
    ) -> tuple[Curve, ...] | None:
        """The sample, evenly over all that ended; None when it is the one known."""
        self._ended.update(row.number for row in new if row.ended_at is not None and row.step is not None)
        count = len(self._ended)
        if count < 3 or count < self._read_at * GROWTH:
            return None
        self._read_at = count
        numbers = sorted(self._ended)
        chosen = numbers if count <= CROWD else [numbers[at * count // CROWD] for at in range(CROWD)]
        self._curves = {
            number: self._curves.get(number) or snapshot.curves.get((number, metric)) or _read(reader, number, metric)
            for number in chosen
        }
        return tuple(self._curves.values())


def _read(reader: Reader, number: int, metric: str) -> Curve:
    return Curve.of(reader.curve(number, metric))
