"""The pictures of a search that the report and the Python API share, as SVG text. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hptui.core.review.columns import Columns, Dimension
from hptui.core.review.history import By, history, steps
from hptui.core.review.isolation import Isolated
from hptui.core.review.svg import Interval, Series, chart, intervals

BEST, OTHERS = "#2a7de1", "#8a8f98"


def draw_history(seen: Columns, metric: str) -> str:
    """Every ended trial, and the best so far; "" while none has a value."""
    course = history(seen, By.TRIALS)
    if not np.isfinite(course.loss).any():
        return ""
    x, y = steps(course.x, seen.sign * course.best)
    points = Series(course.x, seen.sign * course.loss, OTHERS, line=False)
    return chart([points, Series(x, y, BEST)], "trials ended", metric)


def draw_slice(seen: Columns, one: Dimension, metric: str) -> str:
    """The complete trials' values over one parameter; "" while there is none. Choices stand by their place."""
    points = Series(one.values[seen.complete], seen.sign * seen.loss[seen.complete], BEST, line=False)
    places = ", ".join(f"{at} {choice}" for at, choice in enumerate(one.choices))
    return chart([points], f"{one.name} ({places})" if places else one.name, metric, x_log=one.log)


def draw_isolated(values: Sequence[Isolated], name: str, metric: str) -> str:
    """What each value of a parameter can do with the others optimised away; "" while there is none."""
    lines = [Interval(one.label, one.expected, one.low, one.high, one.best) for one in values]
    tried = values[0].tried if values else 0
    heading = f"{name}: best of {tried} trials, 95 %; rings: the best seen"
    return intervals(lines, metric, heading, BEST)
