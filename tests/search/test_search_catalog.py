from __future__ import annotations

from typing import Any

import pytest
from search_strategies import space

from hptui.core.errors import StudyError
from hptui.core.search.catalog import CATALOG, PRUNERS, SAMPLERS, CatalogKind, check, make_pruner, make_sampler
from hptui.core.search.protocol import Pruner, Sampler
from hptui.core.search.pruners.median import Median
from hptui.core.search.pruners.percentile import Percentile
from hptui.core.search.pruners.threshold import Threshold
from hptui.core.study.study import Chosen, Direction

ENTRIES = [(kind, name) for kind, entries in CATALOG.items() for name in entries]


def said(kind: CatalogKind, name: str, **options: Any) -> list[str]:
    return [str(problem) for problem in check(kind, Chosen(name=name, options=options))]


@pytest.mark.parametrize("name", SAMPLERS)
def test_every_sampler_is_made_with_its_defaults(name: str) -> None:
    assert isinstance(make_sampler(Chosen(name=name), space("conditions"), 0), Sampler)


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
@pytest.mark.parametrize("name", PRUNERS)
def test_every_pruner_is_made(name: str, direction: Direction) -> None:
    options = {"upper": 1.0} if name == "threshold" else {}

    assert isinstance(make_pruner(Chosen(name=name, options=options), direction, max_steps=30), Pruner)


@pytest.mark.parametrize(("kind", "name"), ENTRIES)
def test_every_entry_says_what_it_is_for_and_its_defaults_are_allowed(kind: CatalogKind, name: str) -> None:
    entry = CATALOG[kind][name]

    assert entry.line and entry.when
    assert [o for o in entry.options.values() if not o.meaning or not (o.default is None or o.admits(o.default))] == []


def test_optunas_defaults_are_ours() -> None:
    assert make_pruner(Chosen(name="median"), "minimize") == Median(5, 0, 1, 1, 1.0)
    assert make_pruner(Chosen(name="percentile"), "maximize") == Percentile(25.0, 5, 0, 1, 1, -1.0)


def test_the_users_bounds_become_losses() -> None:
    chosen = Chosen(name="threshold", options={"lower": 0.2, "upper": 0.9})

    assert make_pruner(chosen, "minimize") == Threshold(lower=0.2, upper=0.9, sign=1.0)
    assert make_pruner(chosen, "maximize") == Threshold(lower=-0.9, upper=-0.2, sign=-1.0)


def test_one_bound_turned_around_leaves_the_other_side_open() -> None:
    chosen = Chosen(name="threshold", options={"lower": 0.2})

    assert make_pruner(chosen, "maximize") == Threshold(upper=-0.2, sign=-1.0)


@pytest.mark.parametrize(
    ("kind", "name", "hint"),
    [
        ("sampler", "randm", 'did you mean "random"?'),
        ("sampler", "sobol", 'did you mean "quasi_random"?'),
        ("sampler", "xyz", "valid: " + ", ".join(SAMPLERS)),
        ("pruner", "medain", 'did you mean "median"?'),
        ("pruner", "nop", 'did you mean "none"?'),
    ],
)
def test_an_unknown_name_gets_the_nearest_valid_one(kind: CatalogKind, name: str, hint: str) -> None:
    [problem] = check(kind, Chosen(name=name))

    assert (problem.where, problem.problem, problem.hint) == (kind, f'there is no {kind} "{name}"', hint)


def test_an_unknown_option_gets_the_nearest_valid_one() -> None:
    assert said("sampler", "grid", point=3) == [
        'sampler.point: unknown option of sampler grid\n  hint: did you mean "points"?'
    ]
    assert said("sampler", "random", points=3) == [
        "sampler.points: unknown option of sampler random\n  hint: sampler random has no options"
    ]


@pytest.mark.parametrize("value", [0, 1001, 2.5, "5", True, float("nan"), 10**400, None, [5]])
def test_an_option_out_of_range_is_told_by_its_key_path(value: Any) -> None:
    [problem] = check("sampler", Chosen(name="grid", options={"points": value}))

    assert problem.where == "sampler.points"
    assert problem.problem.endswith("is not a whole number from 1 to 1000")
    assert problem.hint == "the default is 5"


def test_all_problems_are_told_at_once() -> None:
    problems = said("pruner", "percentile", percentile=101, interval_steps=0, n_startup_trials=-1, warmup=3)

    assert [p.split(":")[0] for p in problems] == [
        "pruner.percentile",
        "pruner.interval_steps",
        "pruner.n_startup_trials",
        "pruner.warmup",
    ]


def test_a_whole_number_may_be_written_with_a_point() -> None:
    assert make_pruner(Chosen(name="median", options={"n_warmup_steps": 3.0}), "minimize") == Median(n_warmup_steps=3)


def test_a_threshold_needs_a_bound_and_the_right_order() -> None:
    assert said("pruner", "threshold") == [
        "pruner: threshold needs lower, upper or by_step\n"
        "  hint: add upper = ... or lower = ..., or by_step = {5 = 0.15, 10 = 0.1}"
    ]
    assert said("pruner", "threshold", lower=2, upper=1) == [
        "pruner.lower: lower (2) is above upper (1)\n  hint: swap the two numbers"
    ]


def test_making_what_is_wrong_raises_the_first_problem() -> None:
    with pytest.raises(StudyError, match=r"sampler\.points"):
        make_sampler(Chosen(name="grid", options={"points": 0}), space("one float"), 0)
    with pytest.raises(StudyError, match=r"seed: -1 is negative"):
        make_sampler(Chosen(name="random"), space("one float"), -1)
