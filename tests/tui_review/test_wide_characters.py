"""No line of a chart is wider than its pane: choices and names of two cells a character, as in Japanese; long ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.cells import cell_len

from hptui.core.review.pruning import Pruning, Saved
from hptui.core.store.rows import TrialRow
from hptui.core.study.session import SessionFolder
from hptui.tui.glyphs import current
from hptui.tui.material import Material, columns_of
from hptui.tui.snapshot import Facts, Parameter, Snapshot, Trials
from hptui.tui.views import contour, parallel, pruning, slices
from hptui.tui.views.axes import Axes, dimensions_of

CHOICES = ["選択肢一", "選択肢二", "三"]
WIDTH, HEIGHT = 70, 20


def test_lines_of_charts_with_wide_choices_are_as_wide_as_the_pane():
    space = tuple(Parameter(name, {"choices": CHOICES}) for name in ("学習率", "層の数"))
    facts = Facts(metric="loss", space=space)
    rows = [
        TrialRow(k, "COMPLETE", {"学習率": CHOICES[k % 3], "層の数": CHOICES[k // 3 % 3]}, value=0.1 * k)
        for k in range(18)
    ]
    snapshot = replace(Snapshot(), facts=facts, trials=Trials.of(rows))
    columns = columns_of(snapshot)
    material = Material(SessionFolder(Path("s")), snapshot, columns, np.ones(len(rows), np.bool_))
    one, other = columns.dimensions
    found = dimensions_of(columns, facts)
    drawn = {
        "contour": contour.draw(material, one, other, WIDTH, HEIGHT, current()),
        "slices": slices.draw(material, columns.dimensions, 0, False, WIDTH, HEIGHT, current()),
        "parallel": parallel.draw(material, found, Axes().over(tuple(found)), WIDTH, HEIGHT, current()),
    }

    for name, lines in drawn.items():
        widths = {cell_len("".join(piece.text for piece in line)) for line in lines[:-1] if line}  # not the legend
        assert lines and max(widths) <= WIDTH, (name, widths)
    axis = [cell_len("".join(piece.text for piece in line)) for line in drawn["contour"][1:-3]]
    assert len(set(axis)) == 1  # the axis stands straight


def test_the_metric_at_the_last_axis_is_named_in_full_and_the_name_before_it_gives_way():
    names = ["lr", "width", "depth", "activation", "dropout", "weight_decay", "warmup", "schedule", "momentum", "value"]
    columns = [round(at * 79 / 9) for at in range(10)]

    shown = "".join(piece.text for piece in parallel._labels(names, columns, 80))

    assert shown.endswith("schedule moment… value") and cell_len(shown) == 80


def test_what_pruning_saved_is_folded_and_not_cut():
    found = Pruning(140, Saved(1740, 3000, 99.0, 194.0), (), 186, 140, ())

    lines = ["".join(piece.text for piece in line) for line in pruning.head(found, 60)]

    assert max(map(len, lines)) <= 60 and not any("…" in line for line in lines)
    assert " ".join(" ".join(lines).split()).endswith("when it was cut")
