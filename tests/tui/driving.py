"""Driving a screen by keys and reading what it says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any
from unittest.mock import patch

from hptui.core.study.session import SessionFolder
from hptui.tui import picture
from hptui.tui.app import HptuiApp

DEADLINE_S = 20.0


class Screen:
    """What a user sees and presses."""

    def __init__(self, app: HptuiApp, pilot: Any) -> None:
        self.app, self.pilot = app, pilot

    @property
    def text(self) -> str:
        return picture.text(self.app)

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    def line_with(self, part: str) -> str:
        return next((line for line in self.lines if part in line), "")

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        names = {" ": "space", "<": "less_than_sign", ":": "colon", ".": "full_stop", "=": "equals_sign"}
        await self.pilot.press(*(names.get(char, char) for char in text))

    async def until(self, said: str | Callable[[], bool], *, gone: bool = False) -> None:
        """Wait for a text on the screen (or for it to be gone), or for anything else to be so."""
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end:
            await self.pilot.pause(0.02)
            true = (said in self.text) is not gone if isinstance(said, str) else said()
            if true:
                return
        raise AssertionError(f"{'still' if gone else 'never'} seen: {said}\n{self.text}")

    async def paints(self, seconds: float) -> list[object]:
        """What is written to the terminal in that time."""
        painted: list[object] = []
        original = type(self.app)._display

        def counted(app: HptuiApp, where: Any, what: Any) -> None:
            painted.append(what)
            original(app, where, what)

        with patch.object(type(self.app), "_display", counted):
            await self.pilot.pause(seconds)
        return [one for one in painted if one is not None]


def drive(
    folder: SessionFolder | None, journey: Callable[[Screen], Awaitable[None]], *, size: tuple[int, int] = (80, 24),
    read_only: bool = False,
) -> None:  # fmt: skip
    """Open the screen, take the journey, and close it."""

    async def run() -> None:
        app = HptuiApp(folder, read_only)
        async with app.run_test(size=size) as pilot:
            await journey(Screen(app, pilot))

    asyncio.run(run())
