"""Small line and point charts as SVG text. Colours follow the reader's light or dark background."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from hptui.core.review.columns import Floats

WIDTH, HEIGHT = 640, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 12, 12, 34


@dataclass(frozen=True, eq=False)
class Series:
    """x, y: (n,), what is not finite is left out. line: joined; else a point each."""

    x: Floats
    y: Floats
    colour: str
    line: bool = True


def chart(series: Sequence[Series], x_label: str, y_label: str, x_log: bool = False) -> str:
    """One picture, WIDTH x HEIGHT. A y axis without outliers: points far above the rest stand at its edge."""
    known = [(s, np.isfinite(s.x) & np.isfinite(s.y) & ((s.x > 0) | (not x_log))) for s in series]
    xs = np.concatenate([s.x[k] for s, k in known] or [np.empty(0)])
    ys = np.concatenate([s.y[k] for s, k in known] or [np.empty(0)])
    if not len(xs):
        return ""
    x_axis, y_axis = _Axis.around(xs, x_log), _Axis.around(_within(ys), False)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="12" fill="currentColor">'
    ]
    for value, text in y_axis.ticks():
        y = _down(y_axis.share(value))
        parts.append(f'<path d="M{_LEFT} {y:.1f}H{WIDTH - _RIGHT}" stroke="currentColor" stroke-opacity=".15"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{text}</text>')
    for value, text in x_axis.ticks():
        parts.append(
            f'<text x="{_across(x_axis.share(value)):.1f}" y="{HEIGHT - 18}" text-anchor="middle">{text}</text>'
        )
    parts.append(f'<text x="{WIDTH - _RIGHT}" y="{HEIGHT - 4}" text-anchor="end">{escape(x_label)}</text>')
    parts.append(f'<text x="{_LEFT}" y="{_TOP}" font-weight="bold">{escape(y_label)}</text>')
    parts += [_drawn(s, keep, x_axis, y_axis) for s, keep in known]
    return "".join([*parts, "</svg>"])


@dataclass(frozen=True)
class _Axis:
    low: float
    high: float
    log: bool

    @staticmethod
    def around(values: Floats, log: bool) -> _Axis:
        low, high = (float(np.clip(end, -1e307, 1e307)) for end in (values.min(), values.max()))  # a finite way apart
        if low == high:
            around = max(0.5, 1e-6 * abs(low))  # next to a large number 0.5 is nothing
            low, high = (low / 2, high * 2) if log else (low - around, high + around)
        room = 0.0 if log else 0.03 * (high - low)
        return _Axis(low - room, high + room, log)

    def share(self, value: float) -> float:
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    def ticks(self) -> list[tuple[float, str]]:
        """Four or five values, in round numbers."""
        if self.log:
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            every = max(1, (last - first) // 5 + 1)
            powers = [(10.0**k, f"{10.0**k:g}") for k in range(first, last + 1, every)]
            return powers or [(end, f"{end:.2g}") for end in (self.low, self.high)]  # all within one decade
        raw = (self.high - self.low) / 4
        power = 10.0 ** math.floor(math.log10(raw))
        step = next(f * power for f in (1, 2, 5, 10) if f * power >= raw)
        values = np.arange(math.ceil(self.low / step), math.floor(self.high / step) + 1) * step
        return [(float(v), f"{v:.6g}") for v in values]


def _within(ys: Floats) -> Floats:
    first, third = np.percentile(ys, (25, 75))
    return ys[(ys <= third + 3 * (third - first)) & (ys >= first - 3 * (third - first))] if third > first else ys


def _across(share: float) -> float:
    return _LEFT + share * (WIDTH - _LEFT - _RIGHT)


def _down(share: float) -> float:
    return HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM - 6)


def _drawn(series: Series, keep: np.ndarray[tuple[int], np.dtype[np.bool_]], x_axis: _Axis, y_axis: _Axis) -> str:
    places = [
        (_across(x_axis.share(float(x))), _down(y_axis.share(float(y))))
        for x, y in zip(series.x[keep], series.y[keep], strict=True)
    ]
    if series.line:
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        return f'<polyline points="{path}" fill="none" stroke="{series.colour}" stroke-width="1.6"/>'
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.2"/>' for x, y in places)
    return f'<g fill="{series.colour}" fill-opacity=".65">{dots}</g>'


@dataclass(frozen=True)
class Interval:
    """A line of `intervals`: a mark at `middle`, whiskers from low to high, a small ring at `seen`; NaN: not drawn."""

    label: str
    middle: float
    low: float
    high: float
    seen: float


def intervals(lines: Sequence[Interval], x_label: str, heading: str, colour: str) -> str:
    """Whiskers under each other on one axis; "" where none has a number."""
    known = np.array([v for one in lines for v in (one.middle, one.low, one.high, one.seen)])
    known = known[np.isfinite(known)]
    if not len(known):
        return ""
    axis, left, row = _Axis.around(known, False), 150, 24
    height = 46 + row * len(lines) + _BOTTOM

    def across(value: float) -> float:
        return left + axis.share(value) * (WIDTH - left - _RIGHT)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="12" fill="currentColor">',
        f'<text x="8" y="16" font-weight="bold">{escape(heading)}</text>',
    ]
    for value, text in axis.ticks():
        x = across(value)
        parts.append(f'<path d="M{x:.1f} 28V{height - _BOTTOM}" stroke="currentColor" stroke-opacity=".15"/>')
        parts.append(f'<text x="{x:.1f}" y="{height - 18}" text-anchor="middle">{text}</text>')
    parts.append(f'<text x="{WIDTH - _RIGHT}" y="{height - 3}" text-anchor="end">{escape(x_label)}</text>')
    for k, one in enumerate(lines):
        y = 42 + row * k
        parts.append(f'<text x="{left - 10}" y="{y + 4}" text-anchor="end">{escape(one.label)}</text>')
        if math.isfinite(one.low) and math.isfinite(one.high):
            ends = "".join(f"M{across(end):.1f} {y - 5}v10" for end in (one.low, one.high))
            path = f"M{across(one.low):.1f} {y}H{across(one.high):.1f}{ends}"
            parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>')
        if math.isfinite(one.middle):
            parts.append(f'<circle cx="{across(one.middle):.1f}" cy="{y}" r="4" fill="{colour}"/>')
        if math.isfinite(one.seen):
            x = across(one.seen)
            parts.append(f'<circle cx="{x:.1f}" cy="{y}" r="3" fill="none" stroke="currentColor" stroke-opacity=".6"/>')
    return "".join([*parts, "</svg>"])
