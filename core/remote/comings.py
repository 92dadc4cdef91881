"""What the ledger hears of slots that come and go: a line for each node, once no slot of it is on its way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from hptui.core.remote import words as w

REST_S = 1.0


class Slot(Protocol):
    node: str
    state: str  # booting, up, ...


@dataclass
class Comings:
    """say, after: as of `Wires`. slots: all of the session, as they are now."""

    say: Callable[[w.Said], None]
    after: Callable[[float, Callable[[], None]], None]
    slots: Mapping[int, Slot]
    _came: Counter[str] = field(default_factory=Counter)
    _went: dict[str, Counter[str]] = field(default_factory=dict)  # node -> why -> how many
    _untold: set[str] = field(default_factory=set)

    def came(self, node: str) -> None:
        self._came[node] += 1
        self._later(node)

    def went(self, node: str, why: str) -> None:
        self._went.setdefault(node, Counter())[why] += 1
        self._later(node)

    def _later(self, node: str) -> None:
        if node not in self._untold:
            self._untold.add(node)
            self.after(REST_S, lambda: self._tell(node))

    def _tell(self, node: str) -> None:
        if any(one.state == "booting" and one.node == node for one in self.slots.values()):
            self.after(REST_S, lambda: self._tell(node))
            return
        self._untold.discard(node)
        up = sum(one.state == "up" for one in self.slots.values())
        for why, count in self._went.pop(node, Counter()).items():
            gone = f"{count} slot{'s' if count != 1 else ''} of {node} {'are' if count != 1 else 'is'} gone"
            self.say(w.Said(f"{gone}: {why}; {up} in all"))
        if count := self._came.pop(node, 0):
            there = f"{count} slot{'s are' if count != 1 else ' is'} there"
            self.say(w.Said(f"{node}: {there}, {up} in all"))
