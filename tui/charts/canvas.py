"""A rectangle of cells to draw on, and its lines as pieces of text. Later drawing lies over earlier."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hptui.tui.charts.piece import Piece
from hptui.tui.charts.raster import Dots, Extents, patterns

SHADES = 4
"""Grounds `shade-1` (few) to `shade-4` (many)."""
BLANK = 32


class Canvas:
    """codes: (h, w) code points. paint, ground: (h, w) indices of style names."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.codes = np.full((height, width), BLANK, np.uint32)
        self.paint = np.zeros((height, width), np.int16)
        self.ground = np.zeros((height, width), np.int16)
        self._styles, self._grounds = [""], [""]

    def style(self, name: str) -> int:
        if name not in self._styles:
            self._styles.append(name)
        return self._styles.index(name)

    def on(self, name: str) -> int:
        if name not in self._grounds:
            self._grounds.append(name)
        return self._grounds.index(name)

    def shade(self, where: NDArray[Any], name: str) -> None:
        """A ground where `where` (h, w) is true."""
        self.ground[where] = self.on(name)

    def density(self, counts: NDArray[Any]) -> None:
        """Grounds by how many there are, (h, w), on a logarithmic scale up to the most."""
        most = float(counts.max()) if counts.size else 0.0
        if most <= 0:
            return
        level = np.ceil(np.log1p(counts) / np.log1p(most) * SHADES - 1e-9)
        for shade in range(1, SHADES + 1):
            self.shade(level == shade, f"shade-{shade}")

    def put(self, y: NDArray[np.int64], x: NDArray[np.int64], char: str, style: str) -> None:
        """One character in many cells; those outside are left out."""
        inside = (y >= 0) & (y < self.height) & (x >= 0) & (x < self.width)
        self.codes[y[inside], x[inside]], self.paint[y[inside], x[inside]] = ord(char), self.style(style)

    def write(self, x: int, y: int, text: str, style: str) -> None:
        """One-cell characters from (x, y) on; what goes beyond the right end is cut."""
        if 0 <= y < self.height and x < self.width:
            text = text[max(0, -x) :][: self.width - max(0, x)]
            x = max(0, x)
            self.codes[y, x : x + len(text)] = [ord(char) for char in text]
            self.paint[y, x : x + len(text)] = self.style(style)

    def curve(self, drawn: Extents, dots: Dots, style: str) -> None:
        """A polyline. It replaces the dots below it: joined dots would take one line's colour."""
        top, cells = patterns(drawn, dots, self.width, self.height)
        on = cells > 0
        rows = slice(top, top + len(cells))
        self.codes[rows][on], self.paint[rows][on] = dots.chars[cells[on]], self.style(style)

    def lines(self, left: Sequence[Piece] = ()) -> list[tuple[Piece, ...]]:
        """left: a piece before each line."""
        lead: list[list[Piece]] = [[piece] for piece in left] or [[] for _ in range(self.height)]
        return [(*lead[y], *self._line(y)) for y in range(self.height)]

    def _line(self, y: int) -> list[Piece]:
        codes, ground = self.codes[y], self.ground[y]
        text = codes.astype("<u4").tobytes().decode("utf-32-le")
        look = self.paint[y].astype(np.int64) * len(self._grounds) + ground
        # An empty cell shows no text colour: it joins the piece before it, and that is fewer bytes.
        blank = codes == BLANK
        if blank.any():
            known = np.where(blank & (np.r_[-1, ground[:-1]] == ground), -1, np.arange(len(look)))
            look = look[np.maximum(np.maximum.accumulate(known), 0)]
        cuts = [0, *(np.flatnonzero(look[1:] != look[:-1]) + 1).tolist(), len(text)]
        pairs = [divmod(int(look[a]), len(self._grounds)) for a in cuts[:-1]]
        styled = [(self._styles[style], self._grounds[on]) for style, on in pairs]
        return [Piece(text[a:z], *style) for (a, z), style in zip(pairwise(cuts), styled, strict=True)]


def binned(y: NDArray[np.int64], x: NDArray[np.int64], height: int, width: int) -> NDArray[np.int64]:
    """(height, width) how many points lie in each cell; those outside are left out."""
    inside = (y >= 0) & (y < height) & (x >= 0) & (x < width)
    counted = np.bincount(y[inside] * width + x[inside], minlength=height * width)
    return counted.reshape(height, width).astype(np.int64)
