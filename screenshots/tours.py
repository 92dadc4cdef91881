"""Which keys are pressed on the way to each picture."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hptui.core.store.reader import Reader
from hptui.tui import picture
from hptui.tui.screens.review_tabs import TABS

STILL_S = 15.0  # how long to wait at most until a screen says the same twice
_NAMES = {" ": "space", ":": "colon", "<": "less_than_sign", ".": "full_stop", "/": "slash"}


@dataclass
class Guide:
    """Presses keys, waits until the screen stands still, and keeps pictures."""

    app: Any
    pilot: Any
    keep: Callable[[str], None]

    async def press(self, *keys: str, rest_s: float = 0.4) -> None:
        await self.pilot.press(*keys)
        await self.still(rest_s)

    async def type(self, text: str) -> None:
        await self.pilot.press(*(_NAMES.get(char, char) for char in text))

    async def still(self, rest_s: float = 0.4) -> None:
        """Until it reads the same twice, and no answer is being worked out."""
        end, before = time.monotonic() + STILL_S, ""
        while time.monotonic() < end:
            await self.pilot.pause(rest_s)
            now = picture.text(self.app)
            if now == before and "reading" not in now and "working out" not in now:
                return
            before = now

    async def shot(self, title: str, *keys: str) -> None:
        await self.press(*keys)
        self.keep(title)


def best_of(guide: Guide) -> int:
    with Reader(guide.app.folder) as reader:
        return reader.best(1)[0].number


async def live(guide: Guide) -> None:
    """While trials run. The screen never stands still then: each picture is one moment."""
    await guide.pilot.pause(2.0)
    await guide.pilot.press("g", "j", "j")
    await guide.pilot.pause(1.0)
    guide.keep("live")
    await guide.pilot.press("b")
    await guide.pilot.pause(1.0)
    guide.keep("budget")
    await guide.pilot.press("escape", "E")
    await guide.pilot.pause(1.0)
    guide.keep("edit")
    await guide.pilot.press("escape", "colon")
    await guide.type("prune state:run val_acc")
    await guide.pilot.pause(0.6)
    guide.keep("command")
    await guide.pilot.press("escape")


async def past(guide: Guide) -> None:
    await guide.still(1.0)
    await guide.shot("review", "s")
    await guide.shot("curves", "2", "z")
    await guide.shot("log-axes", "L", "x")
    await guide.press("L", "x", "z")
    await guide.press("1", "slash")
    await guide.type("val_accuracy>.9 state:done lr<.01")
    await guide.press("enter")
    await guide.shot("filter")
    await guide.press("escape", "colon")
    await guide.type(f"goto {best_of(guide)}")
    await guide.press("enter")
    await guide.press("enter")
    await guide.shot("trial")
    await guide.shot("trial-log", "4", "z")
    await guide.press("z", "escape")
    await guide.shot("keys", "question_mark")
    await guide.press("escape")
    await guide.press("V")
    for place, tab in enumerate(TABS, 1):
        more = {"parallel": ("b",), "importance": ("j",)}.get(tab.name, ())
        if not tab.missing(guide.app.screen.snapshot):
            await guide.press(str(place % 10))
            await guide.shot(tab.name, *more)
            await guide.press(*(["escape"] if tab.name == "parallel" else []))
    await guide.press("1")
    await guide.press("left_curly_bracket")
    await guide.shot("past", "left_curly_bracket")


async def several(guide: Guide) -> None:
    """Two objectives."""
    await guide.still(1.0)
    await guide.shot("objectives", "s")
    await guide.press("V")
    await guide.shot("front", "0", "l", "l", "l", "l")


async def compared(guide: Guide) -> None:
    await guide.still(1.0)
    await guide.shot("compare")
    await guide.shot("compare-spaces", "2")
    await guide.shot("compare-best", "3")


async def sessions(guide: Guide) -> None:
    await guide.still(1.0)
    await guide.shot("sessions", "j")
    await guide.shot("new", "n")
