import math
import subprocess
import sys

import numpy as np
import pytest
from panes_alone import alone
from rich.color import Color

from hptui.tui import glyphs
from hptui.tui.charts.band import Band, percentile_band
from hptui.tui.panes.plot import LinePlot, Series

STEPS = np.arange(1.0, 101.0)


def falling(key, length=100, floor=0.1):
    return Series(key, STEPS[:length], floor + 2 * np.exp(-STEPS[:length] / (20 + key)), label=f"{key:04d}")


def drawn(app):
    """The dots, without axes."""
    return [text[8:] for text in app.lines()[:-2]]


def test_a_curve_falls_from_left_to_right():
    plot = LinePlot()

    async def steps(app, pilot):
        plot.show([Series(1, [0, 50, 100], [2, 1, 0])], x_max=100)
        await pilot.pause()
        assert app.lines() == [
            "     2 ┤⠑⠢⣀",
            "       │   ⠉⠢⢄",
            "     1 ┤      ⠉⠒⢄⡀",
            "       │         ⠈⠑⠤⣀",
            "     0 ┤             ⠑⠢⢄",
            "       └────────────────",
            "        0            100",
        ]

    alone(plot, steps, size=(24, 7))


def test_an_empty_chart_says_so_and_needs_no_numpy():
    plot = LinePlot(empty="no reports yet")

    async def steps(app, pilot):
        plot.show([])
        await pilot.pause()
        assert app.lines()[0] == "  no reports yet"

    alone(plot, steps)


def test_importing_the_pane_imports_no_numpy():
    code = "import sys; import hptui.tui.panes.plot; print('numpy' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "False\n"


@pytest.mark.parametrize(
    "series",
    [
        [Series(1, [], [])],
        [Series(1, [1.0], [math.nan])],
        [Series(1, [1.0, 2.0], [math.inf, -math.inf])],
        [Series(1, [math.nan], [1.0])],
    ],
)
def test_series_with_nothing_finite_are_an_empty_chart(series):
    plot = LinePlot(empty="no reports yet")

    async def steps(app, pilot):
        plot.show(series)
        await pilot.pause()
        assert app.lines()[0] == "  no reports yet"

    alone(plot, steps)


@pytest.mark.parametrize("value", [0.0, 0.5, -1e300, 1e300, 5e-324])
def test_a_single_point_is_seen(value):
    plot = LinePlot()

    async def steps(app, pilot):
        plot.show([Series(1, [5], [value])], x_max=10)
        await pilot.pause()
        assert len([c for c in "".join(drawn(app)) if c not in " ┊"]) == 1

    alone(plot, steps)


def test_a_gap_of_nan_is_left_open():
    plot = LinePlot()
    y = np.ones(100)
    y[30:70] = np.nan

    async def steps(app, pilot):
        plot.show([Series(1, STEPS, y)], x_max=100)
        await pilot.pause()
        row = next(text for text in drawn(app) if text.strip())
        assert "⠤" in row or "⠒" in row or "⣀" in row or "⠉" in row
        assert row[12:20].strip() == ""

    alone(plot, steps)


def test_values_that_have_no_logarithm_are_counted_in_the_title():
    plot = LinePlot(ylog=True)

    async def steps(app, pilot):
        plot.show([Series(1, [1, 2, 3, 4], [1.0, 0.0, -1.0, 0.5])], title="loss")
        await pilot.pause()
        assert (plot.hidden, str(plot.border_title)) == (2, "loss ─ 2 ≤ 0 hidden")
        await pilot.press("L")
        assert (plot.hidden, str(plot.border_title), plot.ylog) == (0, "loss", False)

    alone(plot, steps)


def test_a_log_chart_of_nothing_positive_offers_the_linear_axis():
    plot = LinePlot(ylog=True)

    async def steps(app, pilot):
        plot.show([Series(1, [1, 2], [-1.0, -2.0])])
        await pilot.pause()
        assert app.lines()[0].startswith("  every value is 0 or less: L")

    alone(plot, steps)


def test_a_diverged_curve_does_not_flatten_the_others():
    plot = LinePlot()
    wild = Series(9, STEPS, np.exp(STEPS / 3))

    async def steps(app, pilot):
        plot.show([falling(1), falling(2), falling(3), falling(4), wild], x_max=100, title="loss")
        await pilot.pause()
        assert plot.off_scale == 1
        assert sum(bool(text.strip()) for text in drawn(app)) > 6

    alone(plot, steps, size=(60, 16))


def test_the_same_series_again_paint_nothing():
    plot = LinePlot()
    series = [falling(k) for k in range(20)]

    async def steps(app, pilot):
        plot.show(series, x_max=100, focus=3)
        await pilot.pause()
        app.painted.clear()
        plot.show(series, x_max=100, focus=3)
        assert app.painted == []

    alone(plot, steps, size=(60, 16))


def test_a_new_point_paints_the_lines_it_changes():
    plot = LinePlot()

    async def steps(app, pilot):
        plot.show([falling(1, 100), falling(2, 60, floor=0.2)], x_max=100)
        await pilot.pause()
        app.painted.clear()
        plot.show([falling(1, 100), falling(2, 64, floor=0.2)], x_max=100)
        assert 1 <= len(app.painted) <= 2
        assert -1 not in app.painted

    alone(plot, steps, size=(60, 16))


def test_the_curve_in_focus_is_white_and_on_top():
    plot = LinePlot()

    async def steps(app, pilot):
        plot.show([Series(1, [0, 10], [1, 1]), Series(2, [0, 10], [1, 1])], focus=1)
        await pilot.pause()
        styles = {s.style.color for y in range(5) for s in plot.render_line(y) if s.text.strip(" │┤0123456789.-")}
        assert styles == {Color.parse("#ffffff")}

    alone(plot, steps)


def test_the_band_is_a_background():
    plot = LinePlot()
    band = Band(np.array([0.0, 100.0]), np.array([0.5, 0.5]), np.array([1.5, 1.5]))

    async def steps(app, pilot):
        plot.show([falling(1)], x_max=100, band=band)
        await pilot.pause()
        grounds = {s.style.bgcolor for y in range(6) for s in plot.render_line(y)}
        assert grounds == {Color.parse("#121212"), Color.parse("#26303a")}

    alone(plot, steps)


def test_milestones_stand_behind_the_curves():
    plot = LinePlot()

    async def steps(app, pilot):
        plot.show([falling(1)], x_max=100, marks=(27, 81, 4000, -3))
        await pilot.pause()
        assert {text.count("┊") for text in drawn(app)} <= {1, 2}

    alone(plot, steps, size=(60, 16))


@pytest.mark.parametrize(("width", "labelled"), [(80, False), (120, True)])
def test_a_wide_chart_labels_the_ends_of_curves(width, labelled):
    plot = LinePlot()

    async def steps(app, pilot):
        plot.show([falling(7, 60)], x_max=100)
        await pilot.pause()
        assert any("0007" in text for text in app.lines()) is labelled

    alone(plot, steps, size=(width, 16))


@pytest.mark.parametrize("level", ["braille", "block", "ascii"])
def test_each_level_of_glyphs_uses_only_its_own(level, monkeypatch):
    monkeypatch.setenv("HPTUI_GLYPHS", level)
    glyphs.current.cache_clear()
    plot = LinePlot()
    allowed = {"braille": range(0x2800, 0x2900), "block": map(ord, "▀▄█"), "ascii": map(ord, "'-.:|")}

    async def steps(app, pilot):
        plot.show([falling(k) for k in range(5)], x_max=100)
        await pilot.pause()
        assert {ord(c) for c in "".join(drawn(app))} <= {32, *allowed[level]}
        assert level != "ascii" or "".join(app.lines()).isascii()

    alone(plot, steps)


@pytest.mark.parametrize("size", [(1, 1), (9, 3), (16, 4), (17, 5), (40, 2), (200, 60)])
def test_every_size_has_lines_of_its_width(size):
    plot = LinePlot()

    async def steps(app, pilot):
        plot.show([falling(k) for k in range(5)], x_max=100)
        await pilot.pause()
        assert {plot.render_line(y).cell_length for y in range(size[1])} == {size[0]}

    alone(plot, steps, size=size)


def test_the_chart_is_drawn_anew_when_the_terminal_changes():
    plot = LinePlot()

    async def steps(app, pilot):
        plot.show([falling(1)], x_max=100)
        await pilot.resize_terminal(70, 14)
        await pilot.pause()
        assert app.lines()[-2] == "       └" + "─" * 62

    alone(plot, steps)


def test_a_hidden_chart_shows_the_latest_when_it_is_seen_again():
    plot = LinePlot()

    async def steps(app, pilot):
        plot.show([Series(1, [0, 10], [1, 1])], x_max=10)
        await pilot.pause()
        plot.display = False
        await pilot.pause()
        plot.show([Series(1, [0, 10], [500, 500])], x_max=10)
        plot.display = True
        await pilot.pause()
        assert any("500" in "".join(s.text for s in strip) for strip in app.screen._compositor.render_strips())

    alone(plot, steps)


def test_the_band_of_many_curves_holds_four_fifths_of_them():
    curves = [(STEPS, np.full(100, float(level))) for level in range(101)]

    band = percentile_band(curves, x_max=100, points=11)

    assert band is not None
    assert (band.low[5], band.high[5]) == (10, 90)
    assert math.isnan(band.low[0])


def test_fewer_than_three_curves_have_no_band():
    assert percentile_band([(STEPS, STEPS), ([], []), ([1.0], [math.nan])], x_max=100) is None


def test_curves_given_before_the_chart_is_on_a_screen_are_drawn():
    plot = LinePlot()
    plot.show([falling(1)], x_max=100, title="loss")

    async def steps(app, pilot):
        await pilot.pause()
        assert (any(text.strip() for text in drawn(app)), str(plot.border_title)) == (True, "loss")

    alone(plot, steps)
