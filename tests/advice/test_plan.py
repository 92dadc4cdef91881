"""The strategy follows from the space, the budget and the goal."""

from __future__ import annotations

import pytest

from hptui.core.advice.plan import Goal, Means, Phase, plan
from hptui.core.space.space import Space

LR = {"type": "float", "low": 1e-5, "high": 0.1, "log": True}
SMALL = Space.parse({"a": [1, 2, 3], "b": [1, 2]})
MANY = Space.parse({f"p{k}": {"type": "float", "low": 0.0, "high": 1.0} for k in range(25)})
FIVE = Space.parse({"lr": LR, **{name: {"type": "float", "low": 0.0, "high": 1.0} for name in "abcd"}})


@pytest.mark.parametrize(
    ("space", "means", "goal", "chosen"),
    [
        (SMALL, Means(n_trials=10), "exploit", ("grid", "none")),
        (SMALL, Means(n_trials=4), "exploit", ("quasi_random", "none")),
        (FIVE, Means(n_trials=10), "exploit", ("quasi_random", "none")),
        (FIVE, Means(n_trials=100, max_steps=30), "exploit", ("auto", "auto")),
        (FIVE, Means(n_trials=25, max_steps=6), "exploit", ("auto", "median")),
        (FIVE, Means(n_trials=300, max_steps=81), "exploit", ("auto", "hyperband")),
        (FIVE, Means(n_trials=40, slots=32), "exploit", ("quasi_random", "none")),
        (FIVE, Means(n_trials=40, slots=4), "exploit", ("auto", "none")),
        (MANY, Means(n_trials=100), "explore", ("random", "none")),
        (FIVE, Means(n_trials=100), "explore", ("quasi_random", "none")),
        (FIVE, Means(n_trials=100, max_steps=30), "explore", ("quasi_random", "median")),
        (FIVE, Means(trial_s=3600, budget_s=10 * 3600, slots=2), "exploit", ("auto", "none")),
    ],
)
def test_the_strategy_fits_the_means(space: Space, means: Means, goal: Goal, chosen: tuple[str, str]) -> None:
    made = plan(space, means, goal)

    assert (made.sampler, made.pruner) == chosen


def test_phases_spend_all_trials_and_tell_their_hours() -> None:
    made = plan(FIVE, Means(trial_s=1800, n_trials=100, slots=2, max_steps=30))

    assert made.phases == (
        Phase("wide", "the whole space, one seed each", 51, 51 / 4, "auto", "auto"),
        Phase("refined", made.phases[1].what, 34, 34 / 4, "auto", "auto"),
        Phase("replicated", made.phases[2].what, 15, 15 / 4, "none", "none"),
    )


@pytest.mark.parametrize(
    ("means", "space", "against"),
    [
        (Means(trial_s=100, budget_s=1800), FIVE, ["with less than an hour"]),
        (Means(trial_s=100, budget_s=7200), FIVE, []),
        (Means(examples=300), FIVE, ["300 examples to train on"]),
        (Means(examples=3000), FIVE, []),
        (Means(trial_s=3600, budget_s=4 * 3600), FIVE, ["the budget holds 4 full trials"]),
        (Means(n_trials=5), FIVE, []),
        (Means(), Space.parse({"a": [1]}), ["there is nothing to search"]),
    ],
)
def test_when_not_to_search_at_all_is_said(means: Means, space: Space, against: list[str]) -> None:
    said = plan(space, means).against

    assert [text.partition(":")[0] for text in said] == [
        next(text.partition(":")[0] for text in said if text.startswith(start)) for start in against
    ]


def test_fine_tuning_begins_with_the_learning_rate() -> None:
    assert any("search lr alone first" in text for text in plan(FIVE, Means(fine_tuning=True)).cautions)
    assert not any("alone first" in text for text in plan(FIVE, Means()).cautions)


@pytest.mark.parametrize(
    ("means", "said"),
    [
        (Means(examples=5000), ["5,000 examples: a model of about 50,000 weights is a size to begin with, and one that "
                                "was trained before likely does better"]),
        (Means(examples=100_000), ["100,000 examples: a model of about 1,000,000 weights is a size to begin with"]),
        (Means(examples=5000, fine_tuning=True), []),
        (Means(), []),
    ],
)  # fmt: skip
def test_the_number_of_examples_says_how_large_a_model_may_be(means: Means, said: list[str]) -> None:
    assert [text for text in plan(FIVE, means).cautions if "weights" in text] == said


def test_no_limit_gives_no_phases() -> None:
    assert plan(FIVE, Means()).phases == ()
