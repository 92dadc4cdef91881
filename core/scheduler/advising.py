"""When a session is looked at for red flags, and what of it is news. Nothing is said twice."""

from __future__ import annotations

from collections.abc import Iterable

from hptui.core.scheduler import events as e
from hptui.core.scheduler.thinker_wire import Notice

FIRST_AT = 20  # ended trials; most rules need as many
GROWTH = 1.3  # then at 26, 34, 44, ... : early enough, and never a load


class Adviser:
    def __init__(self, known: Iterable[str], ended: int) -> None:
        """known: rules that earlier schedulers of this session have told of. ended: trials by now."""
        self._known = set(known)
        self._ended = ended
        self._next = max(FIRST_AT, ended + 1)

    def one_more(self) -> bool:
        """A trial has ended; whether it is time to look."""
        self._ended += 1
        if self._ended < self._next:
            return False
        self._next = int(self._ended * GROWTH) + 1
        return True

    def news(self, at: float, notices: Iterable[Notice]) -> list[e.Event]:
        """What has not been told before."""
        told: list[e.Event] = []
        for notice in notices:
            if notice.rule not in self._known:
                self._known.add(notice.rule)
                known = tuple(sorted(self._known))
                told.append(e.Advised(at, notice.rule, notice.about, notice.says, notice.do, known))
        return told
