"""What a chart's line is made of. No numpy: the widget knows it before its first curve."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Piece:
    """Text in one style on one ground; names as `Brush` reads them."""

    text: str
    style: str
    ground: str = ""
