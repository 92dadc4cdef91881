import math
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptui.tui.charts.axes import Axis, limits, number, steady, ticks
from hptui.tui.charts.figure import Curve, draw
from hptui.tui.charts.reach import reach
from hptui.tui.glyphs import current

values = st.floats(-1e12, 1e12, allow_nan=False)
positive = st.floats(1e-12, 1e12, allow_nan=False)
MAX = sys.float_info.max


@pytest.mark.parametrize(
    ("axis", "at_most", "expected"),
    [
        (Axis(0, 500), 6, [0, 100, 200, 300, 400, 500]),
        (Axis(0, 1), 3, [0, 0.5, 1]),
        (Axis(-1, 1), 5, [-1, -0.5, 0, 0.5, 1]),
        (Axis(0.1, 2.5), 5, [0.5, 1, 1.5, 2, 2.5]),
        (Axis(0.05, 2, log=True), 8, [0.05, 0.1, 0.2, 0.5, 1, 2]),
        (Axis(0.05, 2, log=True), 4, [0.1, 0.3, 1]),
        (Axis(1e-6, 1, log=True), 4, [1e-6, 1e-4, 1e-2, 1]),
        (Axis(2.1, 4.9, log=True), 5, [2.5, 3, 3.5, 4, 4.5]),
    ],
)
def test_ticks_are_round(axis, at_most, expected):
    assert ticks(axis, at_most) == pytest.approx(expected)


@given(values, values, st.integers(1, 12))
def test_linear_ticks_lie_inside_and_are_not_too_many(a, b, at_most):
    axis = limits(min(a, b), max(a, b), log=False)

    found = ticks(axis, at_most)

    span = axis.high - axis.low
    assert len(found) <= at_most
    assert found == sorted(found)
    assert all(axis.low - span * 1e-6 <= t <= axis.high + span * 1e-6 for t in found)


@given(positive, positive, st.integers(1, 12))
def test_log_ticks_lie_inside_and_are_not_too_many(a, b, at_most):
    axis = limits(min(a, b), max(a, b), log=True)

    found = ticks(axis, at_most)

    assert len(found) <= at_most
    assert all(axis.low * 0.999 <= t <= axis.high * 1.001 for t in found)


@given(values, values)
def test_limits_hold_the_data(a, b):
    axis = limits(min(a, b), max(a, b), log=False)

    assert axis.low <= min(a, b)
    assert axis.high >= max(a, b)
    assert axis.low < axis.high


@given(positive, positive)
def test_log_limits_hold_the_data_and_are_positive(a, b):
    axis = limits(min(a, b), max(a, b), log=True)

    assert 0 < axis.low <= min(a, b)
    assert max(a, b) <= axis.high


@pytest.mark.parametrize("value", [0.0, 5.0, -3.0, 1e300, 1e-300])
def test_one_value_has_limits_around_it(value):
    axis = limits(value, value, log=False)

    assert axis.low < value < axis.high or axis.low <= value < axis.high
    assert math.isfinite(axis.share(value))


def test_limits_stay_while_the_data_fill_half_of_them():
    first = steady(0.1, 2.3, True, None)

    shrunk, grown = steady(0.1, 1.9, True, first), steady(0.1, 60.0, True, first)

    assert (shrunk is first, grown.high) == (True, 100)


def test_limits_follow_when_the_data_fill_less_than_half():
    first = steady(0.0, 1000.0, False, None)

    assert steady(0.0, 1.0, False, first).high <= 2


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (0.5, "0.5"), (0.18291, "0.183"), (100, "100"), (1234, "1234"), (99999, "99999"), (1e5, "1e5"),
        (3.2e6, "3.2e6"), (1e-5, "1e-5"), (0.001, "0.001"), (-2.5, "-2.5"), (math.nan, "–"), (None, "–"),
        (math.inf, "inf"),
    ],
)  # fmt: skip
def test_numbers_are_short_and_unknown_is_a_dash(value, text):
    assert number(value) == text


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("ys", [(MAX, MAX), (-MAX, -MAX), (-MAX, MAX), (0.1, MAX), (-MAX, 0.1, MAX)], ids=str)
def test_a_penalty_of_the_largest_float_there_is_has_a_chart(ys):
    seen = reach([(np.arange(len(ys)), np.array(ys))], None, False)
    axis = limits(seen.low, seen.high, False)

    assert axis.low < axis.high and math.isfinite(axis.high - axis.low)
    assert ticks(axis, 5) == sorted(ticks(axis, 5))
    assert len(draw([Curve(np.arange(len(ys)), np.array(ys), "x")], Axis(0, 2), axis, 40, 10, current())) == 10
