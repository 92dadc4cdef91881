"""Makes the pictures in this folder from the real app: `make screenshots`.

The demo study (seed 0) is really run, in a folder of its own; the screen is driven by keys while it runs and after.
What a picture shows is what a terminal of that size shows. A PNG of each goes into the repository; the SVG beside it is
left out of it for its size. `make.py live`, `past`, `beside` or `film` makes only those. Takes some five minutes.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
EXAMPLES = HERE.parent / "examples"
sys.path.append(str(HERE))
WIDE, NARROW = (160, 45), (80, 24)
PATIENCE_S = 1800.0
TRIALS = "60"
ENDLESS = "1000"  # until the pictures of a live session are taken, however fast the machine


def main(parts: list[str]) -> None:
    import film
    import tours

    parts = parts or ["live", "past", "beside", "film"]
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"HOME": home, "HPTUI_HOME": f"{home}/.local/state/hptui"}
        os.environ |= {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
        shutil.copytree(EXAMPLES, f"{home}/project")
        for name in ("two_objectives.py", "two_objectives.toml"):
            shutil.copy(HERE / name, f"{home}/project")
        os.chdir(f"{home}/project")
        hptui("run", "failing.toml", "--headless")
        hptui("run", "two_objectives.toml", "--headless")
        hptui("run", "digits.toml", "--detach", "-n", ENDLESS)
        try:
            wait(lambda: trials("digits") >= 25)
            if "film" in parts:
                film.make(folder_of("digits"), HERE / "tour.gif")
            if "live" in parts:
                shoot(tours.live, "digits")
            hptui("set", "digits", f"budget.n_trials={trials('digits') + 10}")
            wait(lambda: finished("digits"))
            if "past" in parts:
                shoot(tours.past, "digits", read_only=True)
                shoot(tours.several, "two_objectives", read_only=True)
            if "beside" in parts:
                more = ("--name", "digits-random", "--sampler", "random", "--headless", "-n", TRIALS)
                hptui("run", "digits.toml", *more)
                shoot(tours.compared, None, beside=("digits", "digits-random"))
                shoot(tours.sessions, None)
        finally:
            if not finished("digits"):
                hptui("stop", "digits", "--now")
            os.chdir(HERE)


def hptui(*words: str) -> str:
    done = subprocess.run([sys.executable, "-m", "hptui", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"hptui {' '.join(words)}: {done.stderr.strip() or done.stdout.strip()}", file=sys.stderr)
    return done.stdout


def wait(there: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not there():
        if time.monotonic() > end:
            raise TimeoutError("the demo did not come so far in half an hour")
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


def shoot(tour: Any, name: str | None, *, read_only: bool = False, beside: tuple[str, ...] = ()) -> None:
    """Take the tour at each size on a dark and on a light ground, and keep each picture that it asks for as
    TITLE[-light]-WIDTHxHEIGHT."""
    from tours import Guide

    from hptui.tui import picture, terminal

    terminal.prepare()
    from hptui.tui.app import HptuiApp

    async def run(size: tuple[int, int], ground: str) -> None:
        app = HptuiApp(None if name is None else folder_of(name), read_only, [folder_of(one) for one in beside])

        def keep(title: str) -> None:
            path = HERE / f"{title}{'-light' * (ground == 'light')}-{size[0]}x{size[1]}"
            picture.png(app, path.with_suffix(".png"))
            path.with_suffix(".svg").write_text(app.export_screenshot(), "utf-8")
            print(path.name, flush=True)

        async with app.run_test(size=size) as pilot:
            await tour(Guide(app, pilot, keep))

    for ground in ("dark", "light"):
        os.environ["HPTUI_THEME"] = ground
        for size in (WIDE, NARROW):
            asyncio.run(run(size, ground))


if __name__ == "__main__":
    main(sys.argv[1:])
