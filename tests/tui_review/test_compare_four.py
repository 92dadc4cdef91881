"""Four sessions beside each other: which line is whose, by more than colour, at any width."""

from __future__ import annotations

import pytest

from hptui.core.review.columns import columns
from hptui.core.review.compare import Contender
from hptui.core.review.history import By
from hptui.core.store.rows import TrialRow
from hptui.tui.charts.piece import Piece
from hptui.tui.glyphs import BRAILLE, fit_ends
from hptui.tui.views.compare import draw, grid, heading, space_lines, table

LR = {"type": "float", "low": 1e-5, "high": 0.1, "log": True}
NAMES = ("resnet-on-cifar-baseline", "resnet-on-cifar-baseline-2", "resnet-on-cifar-baseline-3", "x")


def contender(name: str, trials: int, level: float) -> Contender:
    rows = [
        TrialRow(n, "COMPLETE", {"lr": 0.01}, value=level + 1 / (1 + n), best=1.0, step=1, device="cpu",
                 created_at=float(n), started_at=float(n), ended_at=n + 1.0, busy_s=1.0)
        for n in range(trials)
    ]  # fmt: skip
    best = rows[-1] if rows else None
    return Contender(name, "loss", "minimize", "auto", "median", 0.0, {"lr": LR}, columns(rows, {"lr": LR}, 1.0), best)


COUNTS = (10, 20, 30, 5)
FOUR = [contender(name, trials, float(at)) for at, (name, trials) in enumerate(zip(NAMES, COUNTS, strict=True))]


def text(line: tuple[Piece, ...]) -> str:
    return "".join(piece.text for piece in line)


@pytest.mark.parametrize("width", [76, 80, 100, 158])
def test_names_that_begin_alike_are_told_apart_at_every_width(width: int) -> None:
    lines = [text(line) for line in table(FOUR, 0, width)]
    heads = [text(line) for line in space_lines(FOUR, width)]

    assert all(len(line) <= width for line in lines)
    assert len({line[7 : line.index("auto") - 46].strip() for line in lines[1:]}) == 4
    assert [line[2] for line in lines[1:]] == ["a", "b", "c", "d"]
    assert "-2  " in heads[0] and "-3  " in heads[0]


def test_every_line_has_its_letter_at_its_end() -> None:
    shown = [text(line) for line in draw(FOUR, 1, By.TRIALS, False, 100, 40, BRAILLE)]

    chart = "".join(shown[5:-3])
    assert all(chart.count(f" {letter}") == 1 for letter in "abcd")


@pytest.mark.parametrize("by", list(By))
def test_a_session_that_took_far_longer_leaves_the_others_their_room(by: By) -> None:
    pair = [contender("short", 10, 0.0), contender("long", 1000, 1.0)]

    assert heading(pair, by, log=False).endswith(" · log") and not heading(FOUR, by, log=False).endswith(" · log")
    shown = [text(line) for line in draw(pair, 0, by, False, 80, 24, BRAILLE)]
    ends = [line.index(" a") for line in shown[3:-3] if line.rstrip().endswith(" a")]
    assert ends and ends[0] > 30


def test_sessions_without_a_complete_trial_have_lines_of_their_own() -> None:
    nothing = [contender("one", 0, 0.0), contender("two", 0, 0.0)]

    assert text(draw(nothing, 0, By.DEVICE, False, 80, 24, BRAILLE)[-1]).strip() == "no complete trial"
    assert [text(line) for line in grid(nothing, [], 40, str)] != []


def test_a_name_is_cut_in_the_middle() -> None:
    assert (fit_ends("digits-baseline-12", 11), fit_ends("digits", 8)) == ("digit…ne-12", "digits  ")
    assert fit_ends("日本語日本語日本語", 7) == "日…語  "
