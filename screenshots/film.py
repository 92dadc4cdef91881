"""A short film of the real app as an animated GIF: the session of the demo runs, and keys are pressed."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

SIZE = (110, 32)
FONT = 13
COLOURS = 48
# (keys, what the line below the picture says, seconds that it stands)
SCENES: tuple[tuple[tuple[str, ...], str, float], ...] = (
    ((), "hptui run examples/digits.toml", 1.6),
    ((), "trials run, curves grow, decisions say why", 1.0),
    ((), "trials run, curves grow, decisions say why", 1.0),
    ((), "trials run, curves grow, decisions say why", 1.0),
    (("g", "j"), "j   a line down: its curve is the white one", 1.2),
    (("space",), "space   pause the trial where it stands", 1.6),
    (("space",), "space   let it go on", 1.2),
    (("X",), "X   prune it: held at once, ended after five seconds", 1.4),
    (("u",), "u   take that back", 1.6),
    (("slash", *"state:done"), "/   a filter", 1.4),
    (("enter", "s"), "s   the best on top", 1.6),
    (("g", "enter"), "enter   a trial: parameters, curves, decisions, log", 2.2),
    (("escape", "escape"), "esc   back", 0.8),
    (("V",), "V   the session as a whole: history", 2.0),
    (("2",), "2   parallel coordinates", 2.0),
    (("3",), "3   which parameters matter", 2.2),
    (("4",), "4   slices, with the edges of the ranges", 2.0),
    (("left_curly_bracket",), "{   back in time: the session as it stood at the best before", 1.8),
    (("escape", "escape", "question_mark"), "?   every key", 1.8),
    (("escape",), "q   leave; the session goes on", 2.0),
)


def make(folder: Any, path: Path) -> None:
    """folder: a session that runs. Raises ImportError without Pillow."""
    from hptui.tui import terminal

    os.environ["HPTUI_THEME"] = "dark"
    terminal.prepare()
    frames = asyncio.run(_film(folder))
    first = frames[0][0].quantize(COLOURS)
    images = [image.quantize(palette=first, dither=0) for image, _ in frames]
    images[0].save(
        path, save_all=True, append_images=images[1:], duration=[int(1000 * held) for _, held in frames], loop=0,
        optimize=True, disposal=1,
    )  # fmt: skip
    print(path.name, f"{path.stat().st_size / 1e6:.1f} MB", flush=True)


async def _film(folder: Any) -> list[tuple[Any, float]]:
    from tours import _NAMES

    from hptui.tui import picture
    from hptui.tui.app import HptuiApp
    from hptui.tui.screens.confirm import ConfirmScreen

    frames = []
    app = HptuiApp(folder)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause(2.0)
        for keys, said, held in SCENES:
            await pilot.press(*(_NAMES.get(key, key) for key in keys))
            await pilot.pause(1.5 if keys else 0.8)
            frames.append((_titled(picture.drawn(app, FONT), said), held))
            if isinstance(app.screen, ConfirmScreen):  # it is asked first when the trial is among the best
                await pilot.press("p")
                await pilot.pause(1.5)
                frames.append((_titled(picture.drawn(app, FONT), "p   yes"), held))
        await pilot.press("q")
    return frames


def _titled(image: Any, said: str) -> Any:
    """The picture with a line below it: which key was pressed."""
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.truetype("DejaVuSansMono-Bold.ttf", FONT + 3)
    whole = Image.new("RGB", (image.width, image.height + 34), (30, 34, 42))
    whole.paste(image, (0, 0))
    ImageDraw.Draw(whole).text((14, image.height + 7), said, font=font, fill=(245, 196, 80))
    return whole
