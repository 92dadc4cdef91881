"""The screen as a picture or as text, for `make screenshots` and tests. Pillow is imported when a picture is
made.

Draws the compositor's strips cell by cell, as a terminal would. Textual's own SVG depends on `textLength`,
which the common converters ignore: runs of spaces collapse and columns drift.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.color import Color
from rich.style import Style
from rich.terminal_theme import TerminalTheme

if TYPE_CHECKING:
    from PIL import Image
    from textual.app import App
    from textual.strip import Strip

RGB = tuple[int, int, int]

# What "default" and the sixteen colours look like in a picture: xterm's, on the ground of our dark theme.
_SIXTEEN = TerminalTheme(
    (18, 18, 18),
    (221, 221, 221),
    [(0, 0, 0), (205, 49, 49), (13, 188, 121), (229, 192, 16), (52, 120, 220), (188, 63, 188), (17, 168, 205),
     (200, 200, 200)],
    [(102, 102, 102), (241, 76, 76), (35, 209, 139), (245, 245, 67), (90, 150, 250), (214, 112, 214),
    (41, 184, 219), (255, 255, 255)],
)  # fmt: skip
_REGULAR, _BOLD = "DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf"  # found by name
# In DejaVu Sans Mono many are missing; drawn from a font that has them, if it is there.
_WIDE_FONTS = ("NotoSansCJK-Regular.ttc", "unifont.ttf", "DroidSansFallbackFull.ttf")
_DOT_BITS = (1, 2, 4, 64, 8, 16, 32, 128)  # of a braille cell, column by column
_BOX = {  # (left, right, up, down): 1 thin, 2 thick
    "─": (1, 1, 0, 0), "━": (2, 2, 0, 0), "│": (0, 0, 1, 1), "┃": (0, 0, 2, 2), "╭": (0, 1, 0, 1),
    "┌": (0, 1, 0, 1), "╮": (1, 0, 0, 1), "┐": (1, 0, 0, 1), "╰": (0, 1, 1, 0), "└": (0, 1, 1, 0),
    "╯": (1, 0, 1, 0), "┘": (1, 0, 1, 0), "├": (0, 1, 1, 1), "┤": (1, 0, 1, 1), "┬": (1, 1, 0, 1),
    "┴": (1, 1, 1, 0), "┼": (1, 1, 1, 1),
}  # fmt: skip
_BLOCKS = {  # (x0, y0, x1, y1) in eighths of the cell
    "█": (0, 0, 8, 8), "▀": (0, 0, 8, 4), "▄": (0, 4, 8, 8), "▌": (0, 0, 4, 8), "▐": (4, 0, 8, 8),
    "▏": (0, 0, 1, 8), "▎": (0, 0, 2, 8), "▍": (0, 0, 3, 8), "▋": (0, 0, 5, 8), "▊": (0, 0, 6, 8),
    "▉": (0, 0, 7, 8), "▕": (7, 0, 8, 8), "▔": (0, 0, 8, 1), "▁": (0, 7, 8, 8), "▂": (0, 6, 8, 8),
    "▃": (0, 5, 8, 8), "▅": (0, 3, 8, 8), "▆": (0, 2, 8, 8), "▇": (0, 1, 8, 8),
}  # fmt: skip


def strips(app: App[Any]) -> list[Strip]:
    """The screen as the compositor would write it now."""
    return app.screen._compositor.render_strips()  # the only private name used; a test watches it


def text(app: App[Any]) -> str:
    """The screen's characters, lines without their trailing spaces."""
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips(app)) + "\n"


def cells(app: App[Any]) -> Iterator[tuple[int, int, str, Style]]:
    """(column, row, character with its combining marks, style) of every cell that is not blank padding."""
    for y, strip in enumerate(strips(app)):
        x = 0
        for segment in strip:
            style = segment.style or Style.null()
            pending = ""
            for char in segment.text:
                if cell_len(char) or not pending:
                    if pending:
                        yield x, y, pending, style
                        x += cell_len(pending)
                    pending = char
                else:
                    pending += char
            if pending:
                yield x, y, pending, style
                x += cell_len(pending)


def png(app: App[Any], path: Path | str, size: int = 14) -> None:
    """Write the screen as a PNG; `size` is the font's size in pixels. Same screen, same bytes.

    Raises ImportError without Pillow and OSError without the DejaVu Sans Mono font.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    drawn(app, size).quantize(128).save(path, optimize=True)


def drawn(app: App[Any], size: int = 14) -> Image.Image:
    """The screen as an image of Pillow's, for `png` and for a film of several."""
    from PIL import Image, ImageDraw, ImageFont

    fonts = [ImageFont.truetype(_REGULAR, size), ImageFont.truetype(_BOLD, size)]
    wide = _first_font(lambda name: ImageFont.truetype(name, size))
    cw, ch = round(fonts[0].getlength("M" * 10) / 10), round(size * 1.3)
    ground = _rgb(app.screen.background_colors[1].rich_color, False)
    image = Image.new("RGB", (app.size.width * cw, app.size.height * ch), ground)
    pen = ImageDraw.Draw(image)
    for x, y, char, style in cells(app):
        ink, back = _colours(style, ground)
        box = (x * cw, y * ch, (x + max(1, cell_len(char))) * cw - 1, (y + 1) * ch - 1)
        if back != ground:
            pen.rectangle(box, fill=back)
        if char != " " and not _drawn(pen, char, box, ink):
            font = fonts[1] if style.bold else fonts[0]
            if wide is not None and cell_len(char) == 2:
                font = wide
            pen.text((box[0], box[1] + (ch - size) // 2 - 1), char, font=font, fill=ink)
        if style.underline:
            pen.line((box[0], box[3], box[2], box[3]), fill=ink)
    return image


def _first_font(load: Callable[[str], Any]) -> Any:
    for name in _WIDE_FONTS:
        try:
            return load(name)
        except OSError:
            continue
    return None


def _rgb(colour: Color | None, is_ink: bool) -> RGB:
    shade = (colour or Color.default()).get_truecolor(_SIXTEEN, is_ink)
    return (shade.red, shade.green, shade.blue)


def _colours(style: Style, ground: RGB) -> tuple[RGB, RGB]:
    ink = _rgb(style.color, True)
    back = ground if style.bgcolor is None else _rgb(style.bgcolor, False)
    if style.reverse:
        ink, back = back, ink
    if style.dim:
        ink = ((ink[0] + back[0]) // 2, (ink[1] + back[1]) // 2, (ink[2] + back[2]) // 2)
    return ink, back


def _drawn(pen: Any, char: str, box: tuple[int, int, int, int], ink: RGB) -> bool:
    """Draw what terminals draw themselves and fonts draw with gaps; False if it is a letter."""
    x0, y0, x1, y1 = box
    w, h = x1 - x0 + 1, y1 - y0 + 1
    code = ord(char[0])
    if 0x2800 <= code < 0x2900:
        for bit, mask in enumerate(_DOT_BITS):
            if (code - 0x2800) & mask:
                cx, cy = x0 + (bit // 4 + 0.5) * w / 2, y0 + (bit % 4 + 0.5) * h / 4
                pen.ellipse((cx - 1.4, cy - 1.4, cx + 1.4, cy + 1.4), fill=ink)
        return True
    if char in _BLOCKS:
        a, b, c, d = _BLOCKS[char]
        pen.rectangle((x0 + a * w // 8, y0 + b * h // 8, x0 + c * w // 8 - 1, y0 + d * h // 8 - 1), fill=ink)
        return True
    if char in _BOX:
        left, right, up, down = _BOX[char]
        mx, my = x0 + w // 2, y0 + h // 2
        for on, line in (
            (left, (x0, my, mx, my)),
            (right, (mx, my, x1, my)),
            (up, (mx, y0, mx, my)),
            (down, (mx, my, mx, y1)),
        ):
            if on:
                pen.line(line, fill=ink, width=on)
        return True
    return False
