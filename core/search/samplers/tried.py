"""Which points of a space are the same point to the user, and which were tried already."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import lru_cache
from typing import Any

import numpy as np

from hptui.core.search.protocol import Array, History
from hptui.core.space.parameter import mark
from hptui.core.space.space import Space

Same = Callable[[Array], Hashable]
"""Points with equal answers have the same parameters."""


def same_point(space: Space) -> Same:
    """The function that tells points of `space` apart by their values, as a trial would get them.

    Coordinates can't be compared: a whole cell of the cube is one choice, and a point that was written out
    as values and read back is off by the last bits. It remembers its answers: `values` is slow.
    """

    @lru_cache(maxsize=200_000)
    def of_bytes(x: bytes) -> Hashable:
        values = space.values(np.frombuffer(x))
        return tuple(sorted((name, _rounded(value)) for name, value in values.items()))

    return lambda x: of_bytes(np.ascontiguousarray(x, float).tobytes())


def tried(history: History, same: Same) -> set[Hashable]:
    """Every point that has a trial, whatever became of it: one that failed would fail again."""
    return {same(x) for x in history.x}


def _rounded(value: Any) -> Hashable:
    return f"{value:.10g}" if isinstance(value, float) else repr(mark(value))
