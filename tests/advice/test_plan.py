"""The strategy follows from the space, the budget and the goal."""

from __future__ import annotations

import pytest

from hptui.core.advice.plan import Goal, Means, Phase, plan
from hptui.core.space.space import Space

LR = {"type": "float", "low": 1e-5, "high": 0.1, "log": True}
SMALL = Space.parse({"a": [1, 2, 3], "b": [1, 2]})
FIVE = Space.parse({"lr": LR, **{name: {"type": "float", "low": 0.0, "high": 1.0} for name in "abcd"}})


@pytest.mark.parametrize(
    ("space", "means", "goal", "chosen"),
    [
        (SMALL, Means(n_trials=10), "exploit", ("grid", "none")),
        (SMALL, Means(n_trials=4), "exploit", ("quasi_random", "none")),
        (FIVE, Means(n_trials=10), "exploit", ("quasi_random", "none")),
        (FIVE, Means(n_trials=100, max_steps=30), "exploit", ("auto", "asha")),
        (FIVE, Means(n_trials=25, max_steps=30), "exploit", ("auto", "median")),
        (FIVE, Means(n_trials=100), "explore", ("quasi_random", "none")),
        (FIVE, Means(trial_s=3600, budget_s=10 * 3600, slots=2), "exploit", ("auto", "none")),
    ],
)
def test_the_strategy_fits_the_means(space: Space, means: Means, goal: Goal, chosen: tuple[str, str]) -> None:
    made = plan(space, means, goal)

    assert (made.sampler, made.pruner) == chosen


def test_phases_spend_all_trials_and_tell_their_hours() -> None:
    made = plan(FIVE, Means(trial_s=1800, n_trials=100, slots=2, max_steps=30))

    assert made.phases == (
        Phase("wide", "the whole space, one seed each", 51, 51 / 4, "auto", "asha"),
        Phase("refined", made.phases[1].what, 34, 34 / 4, "auto", "asha"),
        Phase("replicated", made.phases[2].what, 15, 15 / 4, "none", "none"),
    )


def test_an_hour_is_too_short_to_search() -> None:
    made = plan(FIVE, Means(trial_s=600, budget_s=1800))

    assert made.cautions[0].startswith("with less than an hour")


def test_no_limit_gives_no_phases() -> None:
    assert plan(FIVE, Means()).phases == ()
