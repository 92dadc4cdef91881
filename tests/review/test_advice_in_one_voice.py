"""What a study is told of a parameter and what its trials show of it do not contradict each other."""

from __future__ import annotations

from hptui.core.advice.finding import Edit, Finding
from hptui.core.review.diagnosis import in_one_voice


def told(rule: str, name: str, *edits: tuple[str, object]) -> Finding:
    return Finding(rule, "warning", f"space.{name}", "", "", "", tuple(Edit(("space", name, k), v) for k, v in edits))


WIDE = told("narrow-learning-rate", "lr", ("low", 1e-6), ("high", 1.0))
LOG = told("linear-where-log-belongs", "decay", ("log", True))


def test_an_end_that_the_study_is_told_to_move_further_is_not_moved_back() -> None:
    near, low = told("best-at-edge", "lr", ("high", 1e-4)), told("best-at-edge", "lr", ("low", 1e-5))
    beyond, other = told("best-at-edge", "lr", ("high", 10.0)), told("best-at-edge", "width", ("high", 64))

    found = in_one_voice([WIDE], [near, beyond, low, other])

    assert [one.edits for one in found] == [near.edits, low.edits, WIDE.edits, beyond.edits, other.edits]
    assert found[0].do == "; better, take the wider range that is proposed below"


def test_a_parameter_on_the_wrong_scale_is_not_said_to_be_needless() -> None:
    needless, kept = told("best-at-edge", "decay"), told("best-at-edge", "dropout")

    assert in_one_voice([LOG], [needless, kept]) == [LOG, kept]
