"""All trials of a snapshot: a mapping that is never changed, and whose next version costs what is new in it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import Any

from hptui.core.store.rows import TrialRow

_CHUNK = 128
Chunk = tuple[TrialRow | None, ...]


class Trials(Mapping[int, TrialRow]):
    """Trials by number, ascending. Immutable: `merged` copies the chunks that changed, not 10,000 rows."""

    __slots__ = ("_chunks", "_count", "last")

    def __init__(self, chunks: tuple[Chunk, ...] = (), count: int = 0, last: int = -1) -> None:
        self._chunks, self._count, self.last = chunks, count, last

    @classmethod
    def of(cls, rows: Iterable[TrialRow]) -> Trials:
        return cls().merged(rows)

    def merged(self, rows: Iterable[TrialRow]) -> Trials:
        """These trials with `rows` put in, new or instead of their earlier selves."""
        touched: dict[int, list[TrialRow | None]] = {}
        count, last = self._count, self.last
        for row in rows:
            where, within = divmod(row.number, _CHUNK)
            if where not in touched:
                old = self._chunks[where] if where < len(self._chunks) else ()
                touched[where] = [*old, *[None] * (_CHUNK - len(old))]
            count += touched[where][within] is None
            last = max(last, row.number)
            touched[where][within] = row
        if not touched:
            return self
        chunks = list(self._chunks)
        chunks += [()] * (max(touched) + 1 - len(chunks))
        for where, chunk in touched.items():
            chunks[where] = tuple(chunk)
        return Trials(tuple(chunks), count, last)

    def __getitem__(self, number: int) -> TrialRow:
        row: TrialRow | None = self.get(number)
        if row is None:
            raise KeyError(number)
        return row

    def get(self, number: int, default: Any = None) -> Any:  # typed loosely as Mapping.get is overloaded
        where, within = divmod(number, _CHUNK)
        if not 0 <= where < len(self._chunks) or within >= len(self._chunks[where]):
            return default
        row = self._chunks[where][within]
        return default if row is None else row

    def __iter__(self) -> Iterator[int]:
        return (row.number for chunk in self._chunks for row in chunk if row is not None)

    def rows(self) -> Iterator[TrialRow]:
        return (row for chunk in self._chunks for row in chunk if row is not None)

    def __len__(self) -> int:
        return self._count

    def changed_since(self, old: Trials) -> list[TrialRow]:
        """Rows that are not in `old` as they are here. Cheap: what is shared is skipped by the chunk."""
        changed: list[TrialRow] = []
        for where, chunk in enumerate(self._chunks):
            before = old._chunks[where] if where < len(old._chunks) else ()
            if chunk is not before:
                pairs = zip_longest(chunk, before)
                changed += [row for row, was in pairs if row is not was and row is not None]
        return changed

    def __repr__(self) -> str:
        return f"Trials({self._count})"
