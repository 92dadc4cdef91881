"""For terminals that show nothing but ASCII: the last thing that happens to a line before it is written.

Borders and scroll bars are Textual's own, and words between our marks have dashes: one place turns all of them.
Letters of other scripts are left as they are.
"""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_SAME = {
    "-": "─━╌╍┄┅┈┉–—╴╶▔", "|": "│┃┆┇┊┋▏▎▍▌▐▕╎╏", "+": "╭╮╯╰┌┐└┘├┤┬┴┼┏┓┗┛", "#": "█▇▆▅▉▊▋■▀▓", "_": "▄▃▂▁",
    ":": "▒", ".": "░·", "o": "●◌○•◦°", "*": "★☆◆", "v": "✓√▼▾↓", "x": "✗×✕", "=": "‖≡", ">": "▸►→≥›▶", "<": "←≤‹◀",
    "^": "▲▴↑", "~": "…≈±", "!": "≠", '"': "“”", "'": "’", "?": "�",
}  # fmt: skip
TABLE = str.maketrans({char: plain for plain, chars in _SAME.items() for char in chars})


class AsciiOnly(LineFilter):
    """Every mark as the ASCII character that is nearest to it, of the same width."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            segment if segment.text.isascii() else Segment(segment.text.translate(TABLE), segment.style)
            for segment in segments
        ]
