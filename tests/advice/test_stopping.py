"""Stop rules over the course of the best value."""

from __future__ import annotations

import math

import pytest

from hptui.core.advice.stopping import reason_to_stop, same_for
from hptui.core.study.study import StopWhen

IMPROVING = [1.0 / (k + 1) for k in range(60)]
STUCK = [1.0, 0.5, *[0.4] * 40]


@pytest.mark.parametrize(
    ("rules", "course", "reason"),
    [
        (StopWhen(), STUCK, None),
        (StopWhen(target=0.4), STUCK, "the target 0.4 is reached: 0.4"),
        (StopWhen(target=0.3), STUCK, None),
        (StopWhen(same_best_for=39), STUCK, "the best is the same for 39 trials"),
        (StopWhen(same_best_for=40), STUCK, None),
        (StopWhen(gain_below=0.01, over=20), STUCK, "the last 20 trials gained 0 each on average, less than 0.01"),
        (StopWhen(gain_below=1e-4, over=20), IMPROVING, None),
        (
            StopWhen(chance_below=0.02),
            STUCK,
            "a further trial improves with a chance of 1.6% (0 of the last 30 did), below 2.0%",
        ),
        (StopWhen(chance_below=0.02), IMPROVING, None),
        (StopWhen(same_best_for=1), [math.inf] * 50, None),
        (StopWhen(target=0.0, same_best_for=1, gain_below=1.0, chance_below=0.5), [], None),
    ],
)
def test_a_rule_ends_the_search_when_it_is_met(rules: StopWhen, course: list[float], reason: str | None) -> None:
    assert reason_to_stop(rules, course) == reason


def test_all_rules_can_be_asked_for_together() -> None:
    both = StopWhen(need="all", target=0.4, same_best_for=39)

    assert reason_to_stop(both, STUCK) == "the target 0.4 is reached: 0.4; the best is the same for 39 trials"
    assert reason_to_stop(both, STUCK[:20]) is None


def test_a_target_is_said_in_the_users_sign() -> None:
    assert reason_to_stop(StopWhen(target=0.97), [-0.5, -0.98], -1.0) == "the target 0.97 is reached: 0.98"


def test_how_long_the_best_is_the_same() -> None:
    assert [same_for(c) for c in ([], [1.0], [1.0, 1.0], [2.0, 1.0], [2.0, 1.0, 1.0])] == [0, 0, 1, 0, 1]
