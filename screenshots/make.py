"""Makes the pictures in this folder from the real app: `make screenshots`.

The demo study (seed 0) is really run, in a folder of its own; the screen is driven by keys while it runs and after.
What a picture shows is what a terminal of that size shows. Takes as long as the demo, about two minutes.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
EXAMPLES = HERE.parent / "examples"
WIDE, NARROW = (160, 45), (80, 24)
PATIENCE_S = 600.0

Journey = Callable[[Any, Any], Awaitable[None]]


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"HPTUI_HOME": home, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        hptui("run", str(EXAMPLES / "failing.toml"), "--headless")
        hptui("run", str(EXAMPLES / "digits.toml"), "--detach")
        try:
            wait(lambda: trials("digits") >= 35)
            shoot("live", "digits", live)
            wait(lambda: finished("digits"))
            shoot("review", "digits", review, read_only=True)
            shoot("trial", "digits", best_trial, read_only=True)
            shoot("keys", "digits", menu, read_only=True, sizes=(NARROW,))
            shoot("curves", "digits", zoomed, read_only=True, sizes=(WIDE,))
            views("digits")
            hptui("run", str(EXAMPLES / "digits.toml"), "--name", "digits-random", "--sampler", "random", "--headless")
            shoot("compare", None, beside, beside=("digits", "digits-random"))
            shoot("sessions", None, sessions)
        finally:
            hptui("stop", "digits", "--now")


def views(name: str) -> None:
    """Every tab at two sizes, and the wide one on a light ground too."""
    tabs: dict[str, tuple[str, ...]] = {
        "history": (), "parallel": ("b",), "importance": ("j",), "slices": (), "contour": (),
    }  # fmt: skip
    for title, keys in tabs.items():
        shoot(title, name, tab(title, keys), read_only=True)
        shoot(title, name, tab(title, keys), read_only=True, sizes=(WIDE,), ground="light")
    shoot("past", name, tab("history", ("left_curly_bracket", "", "left_curly_bracket")), read_only=True)


def hptui(*words: str) -> str:
    done = subprocess.run([sys.executable, "-m", "hptui", *words], capture_output=True, text=True, check=False)
    return done.stdout


def wait(there: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not there():
        if time.monotonic() > end:
            raise TimeoutError("the demo did not come so far in ten minutes")
        time.sleep(0.25)


def folder_of(name: str) -> Any:
    from hptui.core.study.session import SessionFolder, sessions_home

    return SessionFolder(sessions_home() / name)


def trials(name: str) -> int:
    """How many have ended."""
    from hptui.core.store.reader import Reader

    with Reader(folder_of(name)) as reader:
        counts = reader.counts()
    return sum(count for state, count in counts.items() if state in ("COMPLETE", "PRUNED", "FAIL"))


def finished(name: str) -> bool:
    from hptui.core.store.reader import Reader

    with Reader(folder_of(name)) as reader:
        return reader.finished() is not None


def shoot(
    title: str, name: str | None, journey: Journey, *, read_only: bool = False,
    sizes: tuple[tuple[int, int], ...] = (WIDE, NARROW), ground: str = "dark", beside: tuple[str, ...] = (),
) -> None:  # fmt: skip
    """Open the screen at each size, take the journey, and keep the picture as TITLE[-light]-WIDTHxHEIGHT.png."""
    from hptui.tui import picture, terminal

    terminal.prepare()
    from hptui.tui.app import HptuiApp

    async def run(size: tuple[int, int]) -> None:
        app = HptuiApp(None if name is None else folder_of(name), read_only, [folder_of(one) for one in beside])
        async with app.run_test(size=size) as pilot:
            await pilot.pause(1.5)
            await journey(app, pilot)
            path = HERE / f"{title}{'-light' * (ground == 'light')}-{size[0]}x{size[1]}.png"
            picture.png(app, path)
            print(path.name)

    os.environ["HPTUI_THEME"] = ground
    for size in sizes:
        asyncio.run(run(size))


async def live(app: Any, pilot: Any) -> None:
    """Running trials, with the cursor on one that has a curve."""
    await pilot.press("g", "j", "j")
    await pilot.pause(1.0)


async def review(app: Any, pilot: Any) -> None:
    await pilot.press("s")
    await pilot.pause(1.0)


async def best_trial(app: Any, pilot: Any) -> None:
    from hptui.core.store.reader import Reader

    with Reader(folder_of("digits")) as reader:
        number = reader.best(1)[0].number
    await pilot.press("colon")
    await pilot.press(*["space" if letter == " " else letter for letter in f"goto {number}"], "enter")
    await pilot.pause(0.5)
    await pilot.press("enter")
    await pilot.pause(1.5)


async def menu(app: Any, pilot: Any) -> None:
    await pilot.press("question_mark")
    await pilot.pause(0.5)


async def zoomed(app: Any, pilot: Any) -> None:
    await pilot.press("2", "z")
    await pilot.pause(1.0)


def tab(name: str, keys: tuple[str, ...]) -> Journey:
    """To a tab of the views, and these keys; "" waits."""
    from hptui.tui.screens.review_tabs import TABS

    async def journey(app: Any, pilot: Any) -> None:
        await pilot.press("V")
        await pilot.pause(1.0)
        await pilot.press(str([one.name for one in TABS].index(name) + 1))
        await pilot.pause(4.0 if name == "importance" else 1.5)
        for key in keys:
            await (pilot.press(key) if key else pilot.pause(1.0))
        await pilot.pause(1.0)

    return journey


async def beside(app: Any, pilot: Any) -> None:
    await pilot.pause(2.0)


async def sessions(app: Any, pilot: Any) -> None:
    await pilot.pause(0.5)


if __name__ == "__main__":
    main()
