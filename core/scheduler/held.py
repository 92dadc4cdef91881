"""Looks at what frozen trials keep of the machine's memory, a few at a time."""

from __future__ import annotations

from hptui.core.devices.held import held_bytes, members, room
from hptui.core.scheduler import events as e
from hptui.core.scheduler.gear import Gear

AT_ONCE = 8  # trials looked at in one look: each costs some milliseconds
SAME_SHARE = 0.1  # less of a change is none


class HeldMemory:
    """Each frozen trial is looked at once at first, then now and again: its share grows when others let go of pages."""

    def __init__(self) -> None:
        self._last: list[int] = []  # trials by when they were looked at, the longest ago first

    def look(self, gear: Gear) -> list[e.Event]:
        """What is to be known of memory now; nothing while no trial is frozen."""
        self._last = [number for number in self._last if number in gear.frozen]
        new = [number for number, seen in gear.frozen.items() if not seen]
        due = (new + [number for number in self._last if number not in new][:1])[:AT_ONCE]
        leaders = {number: pid for number in due if (pid := gear.children.leader(number)) is not None}
        memory = room() if gear.frozen else None
        if memory is None:
            return []
        at = gear.clock.now()
        events: list[e.Event] = []
        sessions = members(leaders.values()) if leaders else {}
        for number, pid in leaders.items():
            before, now = gear.frozen[number], held_bytes(sessions[pid])
            if now and abs(now - before) > SAME_SHARE * before:
                events.append(e.HoldsMemory(at, number, now))
            self._last = [other for other in self._last if other != number] + [number]
        return [*events, e.MemoryRead(at, memory)]
