"""Which trials the table shows, and in what order: a filter and a sort, kept up to date by changes. Pure."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, islice
from operator import eq, itemgetter
from typing import Any

from hptui.core.store.rows import TrialRow
from hptui.tui.bulk import MANY, Bulk
from hptui.tui.filter import Filter
from hptui.tui.filter import field as field_of
from hptui.tui.snapshot import Facts
from hptui.tui.trials import Trials

NO_FILTER = Filter()
_MANY = 500  # changes at once above which sorting anew is cheaper than moving one by one
_TOO_MANY = 20_000  # trials from which on even that takes longer than all of them with numpy
_STATES = ("RUNNING", "PAUSED", "WAITING", "COMPLETE", "PRUNED", "FAIL")

Key = tuple[int, Any, int]  # what sort of thing, the thing, the trial's number


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Trials that match `filter`, by column `sort`; those with nothing in that column come last either way.
    Equal ones are by number.

    `kept` stay though they match no more: a trial must not slip away from under the cursor by what happens to it.
    """

    sort: str = "id"
    reverse: bool = True  # newest first
    filter: Filter = field(default_factory=Filter)
    facts: Facts = field(default_factory=Facts)
    trials: Trials = field(default_factory=Trials)
    present: Sequence[Key] = ()  # ascending
    missing: Sequence[int] = ()  # ascending numbers
    order: Sequence[int] = ()  # what the table shows, top to bottom
    kept: frozenset[int] = frozenset()
    bulk: Bulk | None = None  # the columns of `trials` in a large session; `present` and `missing` are empty then

    @classmethod
    def of(
        cls, trials: Trials, facts: Facts, filter: Filter = NO_FILTER, sort: str = "id", reverse: bool = True
    ) -> Arrangement:
        if len(trials) >= MANY:
            bulk = Bulk(list(trials.rows()), facts)
            order = bulk.order(bulk.matching(filter), sort, reverse)
            if order is not None:
                return cls(sort, reverse, filter, facts, trials, order=order, bulk=bulk)
        return cls.one_by_one(trials, facts, filter, sort, reverse)

    @classmethod
    def one_by_one(cls, trials: Trials, facts: Facts, filter: Filter, sort: str, reverse: bool) -> Arrangement:
        """With the places that later changes are put into."""
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
        filter = self.filter if filter is None else filter
        sort = self.sort if sort is None else sort
        reverse = self.reverse if reverse is None else reverse
        if self.bulk is not None and self.bulk.facts == self.facts:  # its columns are made already
            order = self.bulk.order(self.bulk.matching(filter), sort, reverse)
            if order is not None:
                return Arrangement(sort, reverse, filter, self.facts, self.trials, order=order, bulk=self.bulk)
        return Arrangement.of(self.trials, self.facts, filter, sort, reverse)

    def keeping(self, numbers: Iterable[int]) -> Arrangement:
        """Hold on to these of the trials shown, and no more to those held before."""
        shown = {n for n in numbers if n in self.kept or self._place(self.trials.get(n)) is not None}
        if shown == self.kept:
            return self
        if self.bulk is not None and any(self._gone(number) for number in self.kept - shown):
            return self._placed().keeping(shown)
        after = replace(self, kept=frozenset(shown))
        if self.bulk is not None:
            return after
        present, missing = list(self.present), list(self.missing)
        for row in (self.trials.get(number) for number in self.kept - shown):
            if after._place(row) is None:
                _take_out(present, missing, self._place(row))
        if len(present) + len(missing) == len(self.order):
            return after
        order = _order(present, missing, self.reverse)
        return replace(after, present=present, missing=missing, order=order)

    def updated(self, trials: Trials, facts: Facts) -> Arrangement:
        """The same filter and sort over later trials. Its `order` is the same object when nothing moved."""
        if trials is self.trials and facts == self.facts:
            return self
        changed = trials.changed_since(self.trials)
        if self.bulk is not None:
            if len(changed) > _MANY or len(trials) >= _TOO_MANY or facts != self.facts:
                kept = [number for number in self.kept if number in trials]
                anew = replace(self, trials=trials, facts=facts, bulk=None).rearranged()
                return anew.with_kept(kept)
            return self._placed().updated(trials, facts)
        if facts != self.facts or len(changed) > _MANY:
            kept = [number for number in self.kept if number in trials]
            return replace(self, trials=trials, facts=facts).rearranged().with_kept(kept)
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

    def _gone(self, number: int) -> bool:
        """Whether a trial that is held on to would not be shown without that."""
        row = self.trials.get(number)
        return row is not None and not self.filter.matches(row, self.facts)

    def _placed(self) -> Arrangement:
        """The same, with the places that changes are put into."""
        made = Arrangement.one_by_one(self.trials, self.facts, self.filter, self.sort, self.reverse)
        return made.with_kept(self.kept)

    def with_kept(self, numbers: Iterable[int]) -> Arrangement:
        """With these trials put in, whether they match or not."""
        numbers = frozenset(numbers)
        if self.bulk is not None:
            if not any(self._gone(number) for number in numbers):
                return replace(self, kept=numbers)
            return self._placed().with_kept(numbers)
        after = replace(self, kept=frozenset(numbers))
        present, missing = list(self.present), list(self.missing)
        for row in (self.trials.get(number) for number in after.kept):
            if self._place(row) is None:
                _put_in(present, missing, after._place(row))
        order = _order(present, missing, self.reverse)
        return replace(after, present=present, missing=missing, order=order)

    def _place(self, row: TrialRow | None) -> Key | int | None:
        """The trial's key, its number when it has nothing in the column, None when it is not shown."""
        if row is None or not (row.number in self.kept or self.filter.matches(row, self.facts)):
            return None
        key = sort_key(self.sort, row, self.facts)
        return row.number if key is None else key


def sort_key(sort: str, row: TrialRow, facts: Facts) -> Key | None:
    """Numbers before words before anything else; None for a trial with nothing (or no number) there."""
    value = field_of(sort, row, facts)
    if sort == "state" and row.state in _STATES:
        value = _STATES.index(row.state)
    if value is None or value == "" or value != value:
        return None
    if isinstance(value, (bool, int, float)):
        return 0, value, row.number
    return 1, str(value).casefold(), row.number


def _order(present: Sequence[Key], missing: Sequence[int], reverse: bool) -> list[int]:
    """Equal ones by number either way: turning the order round does not shuffle them."""
    numbers = [key[2] for key in present]
    if not reverse:
        return [*numbers, *missing]
    values = [key[1] for key in present]
    if not any(map(eq, values, islice(values, 1, None))):  # mostly; then it is done ten times as fast
        return [*reversed(numbers), *missing]
    numbers = []
    for _, equal in groupby(reversed(present), key=itemgetter(0, 1)):
        numbers += [key[2] for key in equal][::-1]
    return [*numbers, *missing]


def _take_out(present: Sequence[Key], missing: Sequence[int], place: Key | int | None) -> None:
    pile: Any = missing if isinstance(place, int) else present
    if place is not None:
        del pile[bisect_left(pile, place)]


def _put_in(present: Sequence[Key], missing: Sequence[int], place: Key | int | None) -> None:
    pile: Any = missing if isinstance(place, int) else present
    if place is not None:
        insort(pile, place)
