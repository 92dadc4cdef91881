"""The trials that have not ended, by number, with what `plan` asks of them again and again kept beside them.

Of a thousand trials nearly all just run. What would go through all of them at every look goes through the few others.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from hptui.core.devices.inventory import Place

if TYPE_CHECKING:
    from hptui.core.scheduler.state import Live


class Roll(dict[int, "Live"]):
    """Never changed once made: `with_live` gives another one.

    stirring: the trials that do not just run, by ascending number; only of them may something have to be decided,
    budgets and limits of time apart. taken: slot -> the trial that takes it.
    """

    __slots__ = ("_placed", "stirring", "taken")

    def __init__(self, trials: Mapping[int, Live] = {}) -> None:
        super().__init__(trials)
        self.stirring = {number: trials[number] for number in sorted(trials) if not trials[number].just_runs}
        self._placed = {number: live.place for number, live in trials.items() if live.place is not None}
        self.taken = _turned(self._placed)

    def with_live(self, number: int, live: Live | None) -> Roll:
        """With this trial as it is now; None: it has ended."""
        after = Roll.__new__(Roll)
        dict.__init__(after, self)
        if live is None:
            after.pop(number, None)
        else:
            after[number] = live
        after.stirring = self.stirring
        if number in self.stirring or (live is not None and not live.just_runs):
            after.stirring = _stirring(self.stirring, number, live)
        after._placed, after.taken = self._placed, self.taken
        before, place = self._placed.get(number), None if live is None else live.place
        if place != before:
            after._move(number, before, place)
        return after

    @property
    def placed(self) -> int:
        """How many trials take a slot."""
        return len(self._placed)

    def _move(self, number: int, before: Place | None, place: Place | None) -> None:
        alone = len(self._placed) == len(self.taken)
        self._placed, self.taken = dict(self._placed), dict(self.taken)
        if before is not None:
            del self._placed[number]
            self.taken.pop(before, None)
        if place is not None:
            self._placed[number] = place
            self.taken[place] = number
        if not alone or len(self._placed) != len(self.taken):  # two of them have one place
            self.taken = _turned(self._placed)


def _turned(placed: Mapping[int, Place]) -> dict[Place, int]:
    return {place: number for number, place in placed.items()}


def _stirring(before: Mapping[int, Live], number: int, live: Live | None) -> dict[int, Live]:
    after = dict(before)
    if live is None or live.just_runs:
        after.pop(number, None)
        return after
    after[number] = live
    return after if number in before else dict(sorted(after.items()))
