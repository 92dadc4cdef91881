"""Filtering and sorting very many trials at once, with numpy: what `filter` and `arrangement` give one by one, sooner.

A column is made when it is first asked for; a text is looked at once, however many trials have it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import repeat
from operator import attrgetter, contains, methodcaller
from typing import TYPE_CHECKING, Any

from hptui.core.store.rows import TrialRow
from hptui.tui.filter import FIELDS, STATE_WORDS, Filter, Term, field, further, number_of, satisfies, texts_of
from hptui.tui.snapshot import Facts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bools = NDArray[np.bool_]

MANY = 2000
"""Trials from which on this is the sooner way."""
_PLAIN: dict[str, Callable[[TrialRow], Any]] = {
    "id": attrgetter("number"),
    "value": attrgetter("value"),
    "loss": attrgetter("value"),
    "best": attrgetter("best"),
    "step": attrgetter("step"),
    "gpu": attrgetter("device"),
    "why": lambda row: row.reason or row.proposal,
    "cause": attrgetter("cause"),
    "origin": attrgetter("origin"),
}


class Column:
    """One field of all trials: numbers (NaN for nothing) if it has nothing else, else codes of distinct values."""

    def __init__(self, values: list[Any]) -> None:
        import numpy as np

        self.numbers: NDArray[np.float64] | None = None
        self.missing: Bools
        self._values = values
        kinds = set(map(type, values))
        if kinds <= {int, float, type(None)}:
            self.numbers = np.array(values, np.float64)  # None becomes NaN
            self.missing = np.zeros(len(values), np.bool_)
            if type(None) in kinds:
                self.missing = np.array([value is None for value in values], np.bool_)

    @cached_property
    def coded(self) -> tuple[NDArray[np.int64], list[Any]]:
        """The number of each trial's value among the distinct ones, and these."""
        import numpy as np

        values = self._values
        texts = set(map(type, values)) <= {str, type(None)}
        if not texts:
            values = [_key(value) for value in values]
        place = {value: at for at, value in enumerate(dict.fromkeys(values))}
        codes = np.fromiter(map(place.__getitem__, values), np.int64, len(values))
        if texts:
            return codes, list(place)
        first = dict(zip(reversed(codes.tolist()), reversed(self._values), strict=True))
        return codes, [first[code] for code in range(len(place))]

    def where(self, holds: Callable[[Any], bool]) -> Bools:
        """(n,) where a distinct value holds."""
        import numpy as np

        codes, distinct = self.coded
        return np.array([holds(value) for value in distinct], np.bool_)[codes]


def _key(value: Any) -> Any:
    """Stands for a value in a dict; tells 1, 1.0 and True apart."""
    return type(value), value if isinstance(value, (str, int, float, type(None))) else repr(value)


class Bulk:
    """The trials of a session as columns that fill as they are asked for."""

    def __init__(self, rows: Sequence[TrialRow], facts: Facts) -> None:
        """rows: by ascending number."""
        self.rows, self.facts = rows, facts
        self._columns: dict[str, Column] = {}

    @cached_property
    def numbers(self) -> NDArray[np.int64]:
        import numpy as np

        return np.array([row.number for row in self.rows], np.int64)

    def column(self, name: str) -> Column:
        if name not in self._columns:
            self._columns[name] = Column(self._values(name))
        return self._columns[name]

    def _values(self, name: str) -> list[Any]:
        """As `filter.field` reads them, without asking it for each trial where that is not needed."""
        rows, lower = self.rows, name.lower()
        if name.startswith("p."):
            return self._parameter(name[2:])
        if name == self.facts.metric:
            return list(map(attrgetter("value"), rows))
        if further(name, self.facts) is not None:
            return [field(name, row, self.facts) for row in rows]
        if lower not in FIELDS:
            return self._parameter(name)
        if lower in _PLAIN and not (lower in ("loss", "value") and self._has_parameter(name)):
            return list(map(_PLAIN[lower], rows))
        if lower == "state":
            examples = {(row.state, row.why): row for row in rows}
            words = {pair: field(name, row, self.facts) for pair, row in examples.items()}
            return [words[row.state, row.why] for row in rows]
        return [field(name, row, self.facts) for row in rows]

    def _parameter(self, name: str) -> list[Any]:
        return list(map(methodcaller("get", name), map(attrgetter("params"), self.rows)))

    def _has_parameter(self, name: str) -> bool:
        return any(map(contains, map(attrgetter("params"), self.rows), repeat(name)))

    # --- filtering --------------------------------------------------------------------------------------------

    def matching(self, filter: Filter) -> Bools:
        """(n,) which trials match."""
        import numpy as np

        found = np.ones(len(self.rows), np.bool_)
        for term in filter.terms:
            holds = self._word(term) if not term.op else self._condition(term)
            found &= ~holds if term.negated else holds
        return found

    def _condition(self, term: Term) -> Bools:
        import numpy as np

        column = self.column(term.name)
        wanted = None if term.op == ":" else number_of(term.value)
        if column.numbers is None or wanted is None:
            return column.where(lambda value: satisfies(term, value, ()))
        compare = {
            "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal, "=": np.equal,
            "!=": np.not_equal,
        }[term.op]  # fmt: skip
        holds: Bools = np.where(column.missing, term.op == "!=", compare(column.numbers, wanted))
        return holds

    def _word(self, term: Term) -> Bools:
        """A word looked for everywhere that `filter.texts_of` names."""
        import numpy as np

        found = np.zeros(len(self.rows), np.bool_)
        if term.value.isascii() and term.value.isdigit():
            found |= np.array([term.value in str(row.number) for row in self.rows], np.bool_)
        for column in self._texts:
            found |= column.where(lambda text: text is not None and satisfies(term, None, (text,)))
        found[self._remarked] = [satisfies(term, None, texts_of(self.rows[at])) for at in self._remarked]
        return found

    @cached_property
    def _texts(self) -> list[Column]:
        rows = self.rows
        names: set[str] = set().union(*(row.params for row in rows))
        return [
            Column([STATE_WORDS.get(row.state) for row in rows]), Column([row.reason for row in rows]),
            Column([row.proposal for row in rows]), Column([row.cause for row in rows]),
            Column([row.device for row in rows]),
            *(self._parameter_texts(name) for name in names if self.column(f"p.{name}").numbers is None),
        ]  # fmt: skip

    def _parameter_texts(self, name: str) -> Column:
        values = [row.params.get(name) for row in self.rows]
        return Column([str(value) if isinstance(value, (str, bool)) else None for value in values])

    @cached_property
    def _remarked(self) -> list[int]:
        """Rows with tags and notes: few."""
        return [at for at, row in enumerate(self.rows) if row.attrs]

    # --- sorting ----------------------------------------------------------------------------------------------

    def order(self, shown: Bools, sort: str, reverse: bool) -> list[int] | None:
        """The numbers of the trials shown, by a column; None where it mixes numbers and words."""
        import numpy as np

        states = ("RUNNING", "PAUSED", "WAITING", "COMPLETE", "PRUNED", "FAIL")
        if sort == "state" and all(row.state in states for row in self.rows):
            place = {state: at for at, state in enumerate(states)}
            keys = np.array([place[row.state] for row in self.rows], np.float64)
        elif sort == "id":
            keys = self.numbers.astype(np.float64)
        else:
            found = self._keys(self.column(sort))
            if found is None:
                return None
            keys = found
        known = shown & ~np.isnan(keys)
        by = -keys[known] if reverse else keys[known]
        present = self.numbers[known][np.argsort(by, kind="stable")]  # rows ascend by number: so do ties, either way
        missing = self.numbers[shown & np.isnan(keys)]
        return [*present.tolist(), *missing.tolist()]

    def _keys(self, column: Column) -> NDArray[np.float64] | None:
        """(n,) what sorts a column: its numbers, or the places of its words; NaN for nothing."""
        import numpy as np

        if column.numbers is not None:
            return column.numbers
        codes, distinct = column.coded
        if not all(value is None or isinstance(value, str) for value in distinct):
            return None
        words = sorted({value.casefold() for value in distinct if value})
        place = {word: float(at) for at, word in enumerate(words)}
        return np.array([place[value.casefold()] if value else np.nan for value in distinct], np.float64)[codes]
