"""What a terminal can show: glyph levels, text made harmless, text fitted to cells."""

from __future__ import annotations

import contextlib
import os
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

from rich.cells import cell_len

Level = Literal["braille", "block", "ascii"]
Align = Literal["left", "right"]
_EXPONENTIAL = re.compile(r"-?\d\.(\d+)e-?\d+")


@dataclass(frozen=True)
class Glyphs:
    """The marks of one level. Each is one cell wide, and no emoji: those are two cells in some terminals."""

    level: Level
    running: str = "▸"
    paused: str = "‖"
    pruned: str = "╌"
    complete: str = "✓"
    fail: str = "✗"
    waiting: str = "·"
    best: str = "★"
    unknown: str = "–"
    cut: str = "…"
    up: str = "▲"
    down: str = "▼"
    bar: str = "█"
    bar_rest: str = "░"
    rule: str = "─"
    upright: str = "│"
    tick: str = "┤"
    corner: str = "└"
    milestone: str = "┊"

    def state(self, name: str) -> str:
        """The glyph of a trial state by its name (`RUNNING`, `COMPLETE`, …); `·` for a name not known."""
        return {
            "RUNNING": self.running, "PAUSED": self.paused, "PRUNED": self.pruned, "COMPLETE": self.complete,
            "FAIL": self.fail, "WAITING": self.waiting,
        }.get(name.upper(), self.waiting)  # fmt: skip


BRAILLE = Glyphs("braille")
# Half blocks are in every Linux console font; check marks, stars and dashed lines are not.
BLOCK = Glyphs("block", running="►", paused="‖", pruned="-", complete="√", fail="x", best="*", cut="~", milestone="│")
ASCII = Glyphs(
    "ascii", running=">", paused="=", pruned="-", complete="v", fail="x", waiting=".", best="*", unknown="-",
    cut="~", up="^", down="v", bar="#", bar_rest=".", rule="-", upright="|", tick="+", corner="+",
    milestone=":",
)  # fmt: skip
_LEVELS = {"braille": BRAILLE, "block": BLOCK, "ascii": ASCII}


def glyphs_for(environ: Mapping[str, str]) -> Glyphs:
    """HPTUI_GLYPHS if it names a level; else what TERM and the locale suggest."""
    wanted = environ.get("HPTUI_GLYPHS", "")
    if wanted in get_args(Level):
        return _LEVELS[wanted]
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    charset = locale.partition(".")[2].upper()
    # An unset or plain "C" locale says nothing about the terminal: containers and clusters have it
    # everywhere.
    if charset and not charset.startswith("UTF"):
        return ASCII
    return BLOCK if environ.get("TERM", "") in ("linux", "cons25", "vt220") else BRAILLE


@lru_cache(maxsize=1)
def current() -> Glyphs:
    """The level of this process, decided once. `--glyphs` sets HPTUI_GLYPHS before the first call."""
    return glyphs_for(os.environ)


# CSI, then strings (OSC, DCS, SOS, PM, APC) up to their end, then two-character sequences.
_ESCAPE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
)
_MARKS_KEPT = 2  # marks stacked on one character; more would climb into the lines above


@lru_cache(maxsize=8192)
def short_path(path: Path) -> str:
    """`~/.local/state/hptui`, as people write it; harmless."""
    with contextlib.suppress(ValueError, RuntimeError):
        return harmless(str(Path("~") / path.relative_to(Path.home())))
    return harmless(str(path))


def harmless(text: str) -> str:
    """One line of text that moves no cursor, changes no colour and keeps its cell width.

    Escape sequences and invisible format characters (direction overrides, joiners, variation selectors, which
    terminals measure differently) are taken out, tabs and newlines become spaces, other control characters
    `�`.
    """
    if text.isascii() and text.isprintable():
        return text
    out: list[str] = []
    marks = 0
    for char in _ESCAPE.sub("", text):
        kind = unicodedata.category(char)
        if kind in ("Mn", "Me"):
            marks += 1
            if marks > _MARKS_KEPT or not out or 0xFE00 <= ord(char) <= 0xFE0F or cell_len(char):
                continue
            out.append(char)
            continue
        marks = 0
        if char in "\t\n\r\v\f\x85" or kind in ("Zl", "Zp"):
            out.append(" ")
        elif kind == "Cf":
            continue
        elif kind in ("Cc", "Cs", "Cn"):
            out.append("�")
        else:
            out.append(char)
    return "".join(out)


def as_title(text: str) -> str:
    """For the title of a border, which Textual reads as markup: harmless, every bracket in it itself."""
    return harmless(text).replace("[", r"\[")


@lru_cache(maxsize=16384)
def fit(text: str, width: int, align: Align = "left", cut: str = "…") -> str:
    """`text`, harmless, in exactly `width` cells: padded, or cut with an ellipsis. A number keeps its exponent."""
    if width <= 0:
        return ""
    text = harmless(text)
    used = cell_len(text)
    if used > width:
        text = _fewer_digits(text, width) or clip(text, width - 1).rstrip(" ") + cut
        used = cell_len(text)
    pad = " " * (width - used)
    return pad + text if align == "right" else text + pad


def _fewer_digits(text: str, width: int) -> str:
    """`4.7e-11` in six cells is 5e-11: without its exponent it would be another number. "" where that is no help."""
    if (number := _EXPONENTIAL.fullmatch(text)) is None:
        return ""
    digits = max(0, len(number[1]) - (len(text) - width))
    mantissa, exponent = f"{float(text):.{digits}e}".split("e")
    shorter = f"{mantissa}e{int(exponent)}"
    return shorter if len(shorter) <= width else ""


def fit_ends(text: str, width: int) -> str:
    """`fit`, but cut in the middle: names that begin alike are told apart by their ends."""
    text = harmless(text)
    used = cell_len(text)
    if used <= width or width < 4:
        return fit(text, width, cut=current().cut)
    tail = (width - 1) // 2
    return fit(clip(text, width - 1 - tail).rstrip() + current().cut + clip(text, tail, used - tail).lstrip(), width)


def short(text: str, most: int) -> str:
    """Harmless, in at most `most` cells; a longer one is cut in its middle."""
    return fit_ends(text, min(cell_len(harmless(text)), most))


@lru_cache(maxsize=256)
def wrapped(text: str, width: int) -> tuple[str, ...]:
    """Text in lines of at most `width` cells, broken between words; its own line breaks stay."""
    lines: list[str] = []
    for line in map(harmless, text.split("\n")):
        lines.append("")
        for word in re.findall(r"\S+\s*|\s+", line):
            if lines[-1] and cell_len(lines[-1] + word.rstrip()) > width:
                lines.append("")
            lines[-1] += word
    return tuple(line.rstrip() for line in lines)


def clip(text: str, width: int, skip: int = 0) -> str:
    """At most `width` cells of harmless `text` after `skip` cells; half a wide character becomes a space."""
    if text.isascii():
        return text[skip : skip + max(0, width)]
    out: list[str] = []
    x = 0
    for char in text:
        n = cell_len(char)
        if x >= skip and x + n <= skip + width:
            if n or x > skip:
                out.append(char)
        elif n == 2 and (x == skip - 1 or x == skip + width - 1) and width > 0:
            out.append(" ")
        x += n
        if x >= skip + width and n:
            # combining marks of the last character may still follow
            width = x - skip if x == skip + width else -1
            if width < 0:
                break
    return "".join(out)
