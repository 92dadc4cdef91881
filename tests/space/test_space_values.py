"""What a space says, on spaces small enough to compute by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from hptui.core.errors import StudyError, StudyErrors
from hptui.core.space import Space

MOMENTUM = {
    "optimizer": ["adam", "sgd", "rmsprop"],
    "momentum": {"type": "float", "low": 0.0, "high": 0.99, "when": {"optimizer": "sgd"}},
}


def one(**definition: Any) -> Space:
    return Space.parse({"p": definition})


def problems(definitions: dict[str, Any]) -> list[str]:
    with pytest.raises(StudyErrors) as caught:
        Space.parse(definitions)
    return [f"{p.where}: {p.problem}" + (f" ({p.hint})" if p.hint else "") for p in caught.value.problems]


def refused(space: Space, **params: Any) -> str:
    with pytest.raises(StudyError) as caught:
        space.point(params)
    return f"{caught.value.where}: {caught.value.problem}" + (f" ({caught.value.hint})" if caught.value.hint else "")


def test_choices_and_whole_numbers_have_equal_shares():
    space = Space.parse({"c": ["a", "b", "c", "d"], "i": {"type": "int", "low": 1, "high": 4}})

    shares = [space.values([u, u]) for u in (0.0, 0.24, 0.25, 0.49, 0.5, 0.74, 0.75, 1.0)]

    assert [s["c"] for s in shares] == ["a", "a", "b", "b", "c", "c", "d", "d"]
    assert [s["i"] for s in shares] == [1, 1, 2, 2, 3, 3, 4, 4]


def test_a_log_integer_has_the_share_of_its_rounding_interval():
    space = one(type="int", low=1, high=8, log=True)
    u = (np.arange(100_000) + 0.5) / 100_000

    drawn = np.array([space.values([v])["p"] for v in u])

    total = math.log(8.5 / 0.5)
    for value in range(1, 9):
        assert np.mean(drawn == value) == pytest.approx(math.log((value + 0.5) / (value - 0.5)) / total, abs=1e-4)


def test_steps_land_on_decimals_and_on_high_when_it_fits():
    fits, short = (
        one(type="float", low=0.0, high=0.5, step=0.1),
        one(type="float", low=0.1, high=1.0, step=0.4),
    )

    assert [fits.values(x)["p"] for x in fits.grid()] == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    assert [short.values(x)["p"] for x in short.grid()] == [0.1, 0.5, 0.9]


def test_numbers_a_person_writes_come_back_as_written():
    space = Space.parse(
        {
            "lr": {"type": "float", "low": 1e-5, "high": 1e-1, "log": True},
            "dropout": {"type": "float", "low": -0.3, "high": 0.7},
        }
    )

    for params in (
        {"lr": 0.001, "dropout": 0.1},
        {"lr": 3e-4, "dropout": 1 / 8},
        {"lr": 0.1, "dropout": -0.3},
    ):
        assert space.values(space.point(params)) == params


def test_true_one_and_one_point_zero_are_three_choices():
    space = Space.parse({"c": [True, 1, 1.0, "1", [1], [True], None, {"a": 1}]})

    for choice in space.parameters["c"].choices:  # type: ignore[union-attr]
        back = space.values(space.point({"c": choice}))["c"]
        assert (type(back), repr(back)) == (type(choice), repr(choice))


def test_conditions_follow_conditions():
    space = Space.parse(
        {
            "nesterov": {"type": "categorical", "choices": [True, False], "when": {"momentum": [0.5, 0.9]}},
            "momentum": {
                "type": "float",
                "low": 0.0,
                "high": 0.9,
                "step": 0.1,
                "when": {"optimizer": ["sgd"]},
            },
            "optimizer": ["adam", "sgd"],
        }
    )

    assert space.values([0.0, 1.0, 0.0]) == {"optimizer": "adam"}
    assert space.values([0.0, 1.0, 1.0]) == {"nesterov": True, "momentum": 0.9, "optimizer": "sgd"}
    assert space.values([0.0, 0.0, 1.0]) == {"momentum": 0.0, "optimizer": "sgd"}
    assert space.size() == 1 + 8 + 2 * 2


def test_several_parents_must_all_hold():
    space = Space.parse(
        {"a": [0, 1], "b": [0, 1], "c": {"type": "categorical", "choices": ["x"], "when": {"a": 1, "b": 1}}}
    )

    assert [("c" in space.values(x)) for x in space.grid()] == [False, False, False, True]


def test_a_learning_rate_grows_with_its_batch():
    def at(rule: str, batch: int) -> float:
        space = Space.parse(
            {
                "lr": {
                    "type": "float",
                    "low": 1e-4,
                    "high": 0.1,
                    "log": True,
                    "scaled_by": {"parameter": "batch", "rule": rule, "base": 32},
                },
                "batch": [32, 64, 128],
            }
        )
        x = [space.point({"lr": 0.001})[0], space.point({"batch": batch})[1]]
        params = space.values(x)
        assert space.point(params)[0] == pytest.approx(x[0])
        return params["lr"]

    assert [at("linear", b) for b in (32, 64, 128)] == [0.001, 0.002, 0.004]
    assert [at("sqrt", b) for b in (32, 128)] == [0.001, 0.002]
    assert at("sqrt", 64) == pytest.approx(0.001 * math.sqrt(2))


def test_a_scaled_whole_number_is_rounded_and_found_again():
    scaled_by = {"parameter": "batch", "rule": "linear", "base": 32}
    space = Space.parse(
        {"warmup": {"type": "int", "low": 1, "high": 100, "scaled_by": scaled_by}, "batch": [8, 32, 48]}
    )

    assert space.values([0.0, 0.0]) == {"warmup": 1, "batch": 8}
    assert space.values([0.5, 0.9]) == {"warmup": 76, "batch": 48}
    assert space.values(space.point({"warmup": 76, "batch": 48})) == {"warmup": 76, "batch": 48}
    assert "150" in refused(space, warmup=500, batch=48)


def test_the_points_of_many_conditions_and_parameters_are_counted_at_once():
    blocks = {}
    for k in range(24):
        blocks[f"on{k}"] = {"type": "categorical", "choices": [True, False], "when": {"net": ["cnn"]}}
        blocks[f"width{k}"] = {"type": "int", "low": 1, "high": 8, "when": {f"on{k}": [True]}}

    assert Space.parse({"net": ["cnn", "mlp"], **blocks}).size() == 1 + 9**24
    assert Space.parse({f"p{k}": [0, 1] for k in range(2000)}).size() == 2**2000


def test_the_size_of_a_continuum_has_no_end_unless_nothing_reaches_it():
    continuous = {"type": "float", "low": 0.0, "high": 1.0}

    assert Space.parse({"a": continuous}).size() is None
    assert Space.parse(MOMENTUM).size() is None
    assert Space.parse({}).size() == 1
    assert one(type="float", low=2.0, high=2.0).size() == 1
    assert one(type="int", low=1, high=10**12).size() == 10**12


def test_the_size_of_a_large_conditional_space_is_counted_not_listed():
    space = Space.parse(
        {
            "n": {"type": "int", "low": 1, "high": 10**9},
            **{f"a{i}": {"type": "int", "low": 1, "high": 10, "when": {"n": [1, 2, 3]}} for i in range(9)},
        }
    )

    assert space.size() == 10**9 - 3 + 3 * 10**9


def test_a_grid_spreads_a_continuum_from_end_to_end():
    space = Space.parse(MOMENTUM)

    listed = [space.values(x) for x in space.grid(points_per_float=3)]

    assert listed == [
        {"optimizer": "adam"},
        {"optimizer": "sgd", "momentum": 0.0},
        {"optimizer": "sgd", "momentum": 0.495},
        {"optimizer": "sgd", "momentum": 0.99},
        {"optimizer": "rmsprop"},
    ]


def test_a_coordinate_that_is_not_a_number_leaves_its_parameter_out():
    space = Space.parse({"a": [1, 2], "b": [3, 4]})

    assert space.values([math.nan, 0.9]) == {"b": 4}
    assert space.active([math.nan, 0.9]).tolist() == [False, True]
    np.testing.assert_array_equal(space.point({"b": 4}), [math.nan, 0.75])


def test_defaults_are_middles_and_first_choices_where_none_is_given():
    space = Space.parse(
        {
            "lr": {"type": "float", "low": 1e-4, "high": 1e-2, "log": True},
            "width": {"type": "int", "low": 8, "high": 64, "step": 8, "default": 16},
            "optimizer": {"type": "categorical", "choices": ["adam", "sgd"], "default": "sgd"},
            "momentum": MOMENTUM["momentum"],
            "beta": {"type": "float", "low": 0.0, "high": 1.0, "when": {"optimizer": "adam"}},
            "schedule": ["flat", "cosine"],
        }
    )

    assert space.has_defaults
    assert space.defaults() == {
        "lr": 0.001,
        "width": 16,
        "optimizer": "sgd",
        "momentum": 0.495,
        "schedule": "flat",
    }


def test_a_point_is_completed_with_defaults_and_lacks_are_named():
    space = Space.parse(
        {
            "a": {"type": "int", "low": 0, "high": 9, "default": 3},
            "b": {"type": "int", "low": 0, "high": 9},
            "c": {"type": "int", "low": 0, "high": 9, "when": {"a": 4}},
        }
    )

    assert space.complete({"b": 1}) == ({"a": 3, "b": 1}, [])
    filled, wrong = space.complete({"a": 4}, "enqueue[0]")
    assert filled == {"a": 4}
    assert [(p.where, p.problem) for p in wrong] == [("enqueue[0]", "nothing is said of b, c")]


def test_a_point_outside_the_space_is_refused_with_what_is_near():
    space = Space.parse(
        {
            **MOMENTUM,
            "lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": True},
            "width": {"type": "int", "low": 8, "high": 64, "step": 8},
        }
    )

    assert refused(space, lrr=1) == 'params.lrr: there is no such parameter (did you mean "lr"?)'
    assert refused(space, lr=0.5) == "params.lr: 0.5 is outside 1e-05 .. 0.1"
    assert refused(space, lr="0.1") == 'params.lr: "0.1" is not a number'
    assert refused(space, lr=True) == "params.lr: true is not a number"
    assert refused(space, lr=math.nan) == "params.lr: NaN is not a number"
    assert refused(space, width=17) == "params.width: 17 is not on the grid of step 8; the nearest is 16"
    assert refused(space, width=16.5) == "params.width: 16.5 is not a whole number"
    assert refused(space, optimizer="sdg") == 'params.optimizer: "sdg" is not among the choices (did you mean "sgd"?)'
    assert (
        refused(space, optimizer="adam", momentum=0.9)
        == 'params.momentum: is not active here, only when optimizer is "sgd"'
    )
    assert np.isnan(space.point({"width": 16.0})).sum() == 3


def test_every_problem_of_a_space_is_named_at_once():
    assert problems(
        {
            "lr": {"type": "flaot", "low": 1e-5, "high": 0.1},
            "wd": {"type": "float", "low": 0.1, "high": 0.001, "lgo": True},
            "drop": {"type": "float", "low": 0.0, "high": 0.5, "log": True},
            "width": {"type": "int", "low": 1.5, "high": 64},
            "opt": [],
            "schedule": {"choices": ["a"]},
            "depth": 3,
        }
    ) == [
        'space.lr.type: "flaot" is no type of parameter (did you mean "float"?)',
        'space.wd.lgo: unknown key (did you mean "log"?)',
        "space.wd: low (0.1) is not below high (0.001) (swap the two numbers)",
        "space.drop.low: low (0) must be positive when log = true (start at a small positive number, such as 1e-6)",
        "space.width.low: expected a whole number, not 1.5",
        "space.opt.choices: the list is empty (name at least one choice)",
        'space.schedule: "type" is missing (add type = "categorical")',
        "space.depth: expected a table or a list of choices, not 3 "
        '(write a table such as {type = "float", low = 0.0, high = 1.0}, or a list of choices)',
    ]


@pytest.mark.parametrize(
    ("definition", "problem"),
    [
        ({"type": "float", "low": 0.0}, 'space.p: "high" is missing (add high = ...)'),
        ({"type": "float", "low": 0.0, "high": math.inf}, "in size, not 0 and inf"),
        ({"type": "float", "low": math.nan, "high": 1.0}, "in size, not nan and 1"),
        ({"type": "int", "low": 0, "high": 10**20}, "whole numbers beyond 1e+13 are not supported"),
        (
            {"type": "int", "low": 0, "high": 9, "log": True},
            "low (0) must be positive when log = true (start at 1)",
        ),
        ({"type": "int", "low": 1, "high": 9, "log": True, "step": 2}, "step does not go with log = true"),
        ({"type": "float", "low": 0.0, "high": 1.0, "step": 0.0}, "space.p.step: 0 is not positive"),
        ({"type": "float", "low": 0.0, "high": 1.0, "step": 1e-300}, "space.p.step: 1e-300 is too small"),
        (
            {"type": "float", "low": 0.0, "high": 1.0, "default": 2.0},
            "space.p.default: 2.0 is outside 0 .. 1",
        ),
        ({"type": "categorical", "choices": [1, 2, 1]}, "space.p.choices: 1 is there twice"),
        ({"type": "categorical", "choices": [math.nan]}, "NaN is no JSON value"),
        ({"type": "categorical", "choices": [1, 10**20]}, "100000000000000000000 is no JSON value"),
        ({"type": "categorical", "choices": [1], "scaled_by": {}}, "space.p.scaled_by: unknown key"),
        ({"type": ["float"]}, 'space.p.type: ["float"] is no type of parameter'),
        (
            {"type": "float", "low": 0, "high": 1, "scaled_by": {"parameter": "q", "rule": "cube"}},
            'space.p.scaled_by.rule: expected "linear" or "sqrt", not "cube"',
        ),
        (
            {"type": "float", "low": 0, "high": 1, "scaled_by": {"parameter": "q"}},
            'space.p.scaled_by: there is no parameter "q"',
        ),
        (
            {"type": "float", "low": 0, "high": 1, "scaled_by": {"parameter": "r", "base": 0}},
            "space.p.scaled_by.base: 0 is not a positive number",
        ),
        (
            {"type": "float", "low": 0, "high": 1, "scaled_by": {"parameter": "s"}},
            'space.p.scaled_by: s may be "a", and a scale must be a positive number',
        ),
        (
            {"type": "float", "low": 0, "high": 1, "scaled_by": {"parameter": "w"}},
            "space.p.scaled_by: w is itself scaled, and can't be a scale",
        ),
        (
            {"type": "float", "low": 0, "high": 1, "scaled_by": {"parameter": "t"}},
            "space.p.scaled_by: t may be 0, and a scale must be positive",
        ),
        (
            {"type": "float", "low": 0, "high": 1, "when": {"ss": "a"}},
            'space.p.when: there is no parameter "ss" (did you mean "s"?)',
        ),
        (
            {"type": "float", "low": 0, "high": 1, "when": {"s": ["a", "c"]}},
            'space.p.when.s: "c" is not among the choices',
        ),
        ({"type": "float", "low": 0, "high": 1, "when": {"s": []}}, "space.p.when.s: no value is named"),
        (
            {"type": "float", "low": 0, "high": 1, "when": {"t": 0.5}},
            "a continuous number can't decide a condition",
        ),
        ({"type": "float", "low": 0, "high": 1, "when": {"p": 0.5}}, "space.p: depends on itself: p -> p"),
    ],
)
def test_a_wrong_definition_says_what_is_wrong(definition: dict[str, Any], problem: str):
    others: dict[str, Any] = {"s": ["a", "b"], "t": {"type": "float", "low": 0, "high": 1}, "r": [1, 2]}
    others["w"] = {"type": "int", "low": 1, "high": 2, "scaled_by": {"parameter": "r"}}

    assert problem in "\n".join(problems({"p": definition, **others}))


def test_a_circle_of_conditions_is_named_once():
    def when(**condition: int) -> dict[str, Any]:
        return {"type": "int", "low": 0, "high": 1, "when": condition}

    assert problems({"a": when(b=1), "b": when(c=1), "c": when(a=1)}) == [
        "space.a: depends on itself: a -> b -> c -> a (take one of the conditions out)"
    ]


def test_a_parameter_whose_parent_is_misspelt_in_itself_is_not_blamed():
    assert problems(
        {
            "opt": {"type": "categorial", "choices": ["sgd"]},
            "momentum": {"type": "float", "low": 0, "high": 1, "when": {"opt": "sgd"}},
        }
    ) == ['space.opt.type: "categorial" is no type of parameter (did you mean "categorical"?)']
