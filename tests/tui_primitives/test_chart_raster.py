"""The fast rasteriser against drawing point by point, as its docstring says it should be."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptui.tui.charts.axes import Axis
from hptui.tui.charts.figure import Curve, draw
from hptui.tui.charts.raster import DOTS, Extents, extents, patterns
from hptui.tui.glyphs import BRAILLE

COLUMNS, ROWS = 13, 17
X, Y = Axis(0, 10), Axis(-1, 1)
coordinate = st.one_of(st.floats(-3, 13), st.just(math.nan), st.just(math.inf), st.integers(0, 10).map(float))
points = st.lists(st.tuples(st.one_of(coordinate), st.one_of(st.floats(-2, 2), st.just(math.nan))), max_size=30)


def by_hand(xs, ys, x_axis=X, y_axis=Y, columns=COLUMNS, rows=ROWS):
    """(first, last) row of each column, or None: point by point, dot by dot."""

    def place(value, axis, dots):
        if not math.isfinite(value) or (axis.log and value <= 0):
            return None
        low, high = axis.scaled(axis.low), axis.scaled(axis.high)
        return (axis.scaled(value) / 2 - low / 2) / (high / 2 - low / 2) * (dots - 1)

    filled: dict[int, list[int]] = {}
    before = None
    for x, y in zip(xs, ys, strict=True):
        px, py = place(x, x_axis, columns), place(y, y_axis, rows)
        if px is None or py is None:
            before = None
            continue
        c, r = math.floor(px + 0.5), math.floor((rows - 1) - py + 0.5)
        filled.setdefault(c, []).append(r)
        if before is not None and c == before[0]:
            filled[c] += range(min(r, before[1]), max(r, before[1]))
        elif before is not None:
            (c0, r0), wide = before, c - before[0]
            line = [r0 + (2 * (r - r0) * k + wide) // (2 * wide) for k in range(wide + 1)]
            for k, (a, b) in enumerate(itertools.pairwise(line)):
                middle = (a + b) // 2
                filled.setdefault(c0 + k, []).extend(
                    range(a, middle + 1) if b > a else range(min(middle + 1, a), a + 1)
                )
                filled.setdefault(c0 + k + 1, []).extend(
                    range(min(middle + 1, b), b + 1) if b > a else range(b, (middle if b < a else b) + 1)
                )
        before = (c, r)
    return [(min(filled[c]), max(filled[c])) if c in filled else None for c in range(columns)]


def as_pairs(drawn: Extents):
    return [(int(a), int(z)) if a <= z else None for a, z in zip(drawn.low, drawn.high, strict=True)]


@given(points)
def test_the_dots_are_those_of_drawing_point_by_point(pairs):
    pairs = sorted(pairs, key=lambda p: (math.isfinite(p[0]), p[0] if math.isfinite(p[0]) else 0))
    xs, ys = [p[0] for p in pairs], [p[1] for p in pairs]

    assert as_pairs(extents(xs, ys, X, Y, COLUMNS, ROWS)) == by_hand(xs, ys)


@given(st.lists(st.floats(-2, 2, width=32), min_size=1, max_size=60))
def test_the_dots_of_a_curve_over_steps_are_those_of_drawing_point_by_point(ys):
    xs = [10 * i / len(ys) for i in range(len(ys))]

    assert as_pairs(extents(xs, ys, X, Y, COLUMNS, ROWS)) == by_hand(xs, ys)


@given(st.lists(st.floats(1e-9, 1e9), min_size=1, max_size=30))
def test_a_log_axis_places_logarithms(ys):
    xs, axis = [10 * i / len(ys) for i in range(len(ys))], Axis(1e-3, 1e3, log=True)
    plain = Axis(-3, 3)

    assert as_pairs(extents(xs, ys, X, axis, COLUMNS, ROWS)) == as_pairs(
        extents(xs, np.log10(ys), X, plain, COLUMNS, ROWS)
    )


@given(points)
def test_an_order_of_points_that_is_not_that_of_x_changes_nothing(pairs):
    pairs = [p for p in pairs if math.isfinite(p[0]) and math.isfinite(p[1])]
    pairs = list({p[0]: p for p in pairs}.values())
    inorder = sorted(pairs)

    assert as_pairs(extents([p[0] for p in pairs], [p[1] for p in pairs], X, Y, COLUMNS, ROWS)) == as_pairs(
        extents([p[0] for p in inorder], [p[1] for p in inorder], X, Y, COLUMNS, ROWS)
    )


@given(points, st.sampled_from(sorted(DOTS)))
def test_every_dot_of_a_cell_is_a_dot_of_the_curve(pairs, level):
    dots = DOTS[level]
    width, height = 7, 5
    pairs = sorted((p for p in pairs if math.isfinite(p[0])), key=lambda p: p[0])
    curve = extents([p[0] for p in pairs], [p[1] for p in pairs], X, Y, width * dots.across, height * dots.down)

    top, cells = patterns(curve, dots, width, height)

    assert 0 <= top <= height and top + len(cells) <= height
    drawn = {
        (x * dots.across + across, (top + y) * dots.down + down)
        for y, row in enumerate(cells)
        for x, pattern in enumerate(row)
        for across in range(dots.across)
        for down in range(dots.down)
        if int(pattern) >> (across * dots.down + down) & 1
    }
    wanted = {
        (c, r)
        for c, pair in enumerate(as_pairs(curve))
        if pair is not None
        for r in range(max(0, pair[0]), min(height * dots.down - 1, pair[1]) + 1)
    }
    assert drawn == wanted


@pytest.mark.parametrize(
    ("xs", "ys"),
    [([], []), ([math.nan], [1.0]), ([1.0], [math.nan]), ([1.0, 2.0], [math.inf, -math.inf])],
)
def test_nothing_finite_draws_nothing(xs, ys):
    assert not extents(xs, ys, X, Y, COLUMNS, ROWS).drawn.any()


def test_values_beyond_all_limits_are_far_away_and_no_error():
    drawn = extents([0, 5, 10], [-1e308, 1e308, -1e308], X, Y, 12, 16)

    assert patterns(drawn, DOTS["braille"], 6, 4)[1].any()


def test_a_gap_interrupts_the_line():
    drawn = extents([0, 2, 5, 8, 10], [0, 0, math.nan, 0, 0], X, Y, 11, ROWS)

    assert drawn.drawn.tolist() == [True] * 3 + [False] * 5 + [True] * 3


def test_braille_patterns_are_those_of_unicode():
    chars = DOTS["braille"].chars

    assert [chr(chars[n]) for n in (0b0001, 0b1000, 0b1_0000, 0b1111_1111)] == ["⠁", "⡀", "⠈", "⣿"]


def test_a_label_finds_its_room_below_a_line_along_the_top() -> None:
    """With milestones, too: above the chart there is none."""
    y = np.ones(2)
    curves = [Curve(np.array([0.0, 0.5]), y, "a", "short"), Curve(np.array([0.5, 1.0]), y, "b", "long")]

    lines = draw(curves, Axis(0.0, 1.0), Axis(0.0, 1.0), 60, 12, BRAILLE, marks=(0.1,), labels=True)

    assert ["short" in "".join(piece.text for piece in line) for line in lines[:3]] == [False, True, False]
