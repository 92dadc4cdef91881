"""Which trials the table shows, and in what order: a filter and a sort, kept up to date by changes. Pure."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hptui.core.store.rows import TrialRow
from hptui.tui.filter import STATE_WORDS, Filter
from hptui.tui.filter import field as field_of
from hptui.tui.snapshot import Facts, Trials

NO_FILTER = Filter()
_MANY = 500  # changes at once above which sorting anew is cheaper than moving one by one
_STATE_ORDER = {state: place for place, state in enumerate(["RUNNING", "PAUSED", "WAITING", *STATE_WORDS])}

Key = tuple[int, Any, int]  # what sort of thing, the thing, the trial's number


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Trials that match `filter`, by column `sort`; those with nothing in that column come last either way."""

    sort: str = "id"
    reverse: bool = True  # newest first
    filter: Filter = field(default_factory=Filter)
    facts: Facts = field(default_factory=Facts)
    trials: Trials = field(default_factory=Trials)
    present: Sequence[Key] = ()  # ascending
    missing: Sequence[int] = ()  # ascending numbers
    order: Sequence[int] = ()  # what the table shows, top to bottom

    @classmethod
    def of(
        cls, trials: Trials, facts: Facts, filter: Filter = NO_FILTER, sort: str = "id", reverse: bool = True
    ) -> Arrangement:
        present, missing = [], []
        for row in trials.rows():
            if filter.matches(row, facts):
                key = sort_key(sort, row, facts)
                if key is None:
                    missing.append(row.number)
                else:
                    present.append(key)
        present.sort()
        return cls(sort, reverse, filter, facts, trials, present, missing, _order(present, missing, reverse))

    def rearranged(
        self, filter: Filter | None = None, sort: str | None = None, reverse: bool | None = None
    ) -> Arrangement:
        return Arrangement.of(
            self.trials,
            self.facts,
            self.filter if filter is None else filter,
            self.sort if sort is None else sort,
            self.reverse if reverse is None else reverse,
        )

    def updated(self, trials: Trials, facts: Facts) -> Arrangement:
        """The same filter and sort over later trials. Its `order` is the same object when nothing moved."""
        if trials is self.trials and facts == self.facts:
            return self
        changed = trials.changed_since(self.trials)
        if facts != self.facts or len(changed) > _MANY:
            return replace(self, trials=trials, facts=facts).rearranged()
        present, missing, moved = self.present, self.missing, False
        for row in changed:
            old = self.trials.get(row.number)
            was, now = self._place(old), self._place(row)
            if was == now:
                continue
            if not moved:
                present, missing, moved = list(present), list(missing), True
            _take_out(present, missing, was)
            _put_in(present, missing, now)
        if not moved:
            return replace(self, trials=trials)
        return replace(
            self,
            trials=trials,
            present=present,
            missing=missing,
            order=_order(present, missing, self.reverse),
        )

    def _place(self, row: TrialRow | None) -> Key | int | None:
        """The trial's key, its number when it has nothing in the column, None when it is not shown."""
        if row is None or not self.filter.matches(row, self.facts):
            return None
        key = sort_key(self.sort, row, self.facts)
        return row.number if key is None else key


def sort_key(sort: str, row: TrialRow, facts: Facts) -> Key | None:
    """Numbers before words before anything else; None for a trial with nothing (or no number) there."""
    value: object = _STATE_ORDER.get(row.state, 9) if sort == "state" else field_of(sort, row, facts)
    if value is None or value == "" or value != value:
        return None
    if isinstance(value, (bool, int, float)):
        return 0, value, row.number
    return 1, str(value).casefold(), row.number


def _order(present: Sequence[Key], missing: Sequence[int], reverse: bool) -> list[int]:
    numbers = [key[2] for key in present]
    if reverse:
        numbers.reverse()
    return [*numbers, *missing]


def _take_out(present: Sequence[Key], missing: Sequence[int], place: Key | int | None) -> None:
    pile: Any = missing if isinstance(place, int) else present
    if place is not None:
        del pile[bisect_left(pile, place)]


def _put_in(present: Sequence[Key], missing: Sequence[int], place: Key | int | None) -> None:
    pile: Any = missing if isinstance(place, int) else present
    if place is not None:
        insort(pile, place)
