"""Never give up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hptui.core.search.protocol import Curve


@dataclass(frozen=True)
class Never:
    """Let every trial run to its end."""

    sign: float = 1.0

    def milestones(self) -> None:
        return None

    def judge(self, curve: Curve, others: Sequence[Curve]) -> None:
        return None
