"""Laws of every space, checked on spaces that hypothesis makes up."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from itertools import product
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hptui.core.space import Categorical, Float, Int, Space
from hptui.core.space.parameter import mark

law = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""A busy machine breaks no law."""

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-100, 100) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def floats(draw: st.DrawFn) -> dict[str, Any]:
    log = draw(st.booleans())
    bounds = st.floats(1e-12, 1e12) if log else st.floats(-1e9, 1e9).map(lambda v: v if abs(v) > 1e-100 else 0.0)
    low, high = sorted((draw(bounds), draw(bounds)))
    return {"type": "float", "low": low, "high": high, "log": log}


@st.composite
def stepped(draw: st.DrawFn) -> dict[str, Any]:
    step = draw(st.sampled_from([0.1, 0.25, 1e-3, 0.3, 2.0, 7.7]))
    low = draw(st.integers(-1000, 1000)) / 10
    return {"type": "float", "low": low, "high": low + draw(st.integers(0, 500_000)) / 1000, "step": step}


@st.composite
def ints(draw: st.DrawFn) -> dict[str, Any]:
    log = draw(st.booleans())
    low, high = sorted((draw(st.integers(1, 10**9)), draw(st.integers(1, 10**9))))
    if log:
        return {"type": "int", "low": low, "high": high, "log": True}
    shift = draw(st.integers(0, 10**6))
    return {"type": "int", "low": low - shift, "high": high - shift, "step": draw(st.integers(1, 1000))}


categoricals = st.lists(json_values, min_size=1, max_size=6, unique_by=mark).map(
    lambda choices: {"type": "categorical", "choices": choices}
)
definitions = floats() | stepped() | ints() | categoricals


def possible(definition: dict[str, Any]) -> list[Any]:
    """Some values of a parameter that may decide conditions."""
    alone = Space.parse({"p": definition})
    return [alone.values([u])["p"] for u in (0.0, 0.3, 0.6, 1.0)]


@st.composite
def spaces(draw: st.DrawFn) -> Space:
    """Up to seven parameters; some hang on others, to any depth, and some are scaled by others."""
    names = draw(st.lists(st.text("abcxyz_./ é", min_size=1, max_size=6), min_size=1, max_size=6, unique=True))
    written: dict[str, Any] = {"batch size": [8, 16, 32, 100, 256]}
    scales, deciding = ["batch size"], {"batch size": [8, 100]}
    for name in names:
        plain = draw(definitions)
        definition = dict(plain)
        if draw(st.booleans()):
            chosen = draw(st.lists(st.sampled_from(sorted(deciding)), min_size=1, max_size=2, unique=True))
            definition["when"] = {
                p: draw(st.lists(st.sampled_from(deciding[p]), min_size=1, max_size=3)) for p in chosen
            }
        numeric = plain["type"] != "categorical"
        if numeric and draw(st.booleans()):
            rule = draw(st.sampled_from(["linear", "sqrt"]))
            definition["scaled_by"] = {"parameter": draw(st.sampled_from(scales)), "rule": rule, "base": 32}
        elif not numeric or plain["type"] == "int" or "step" in plain:
            deciding[name] = possible(plain)
        if numeric and plain["low"] > 1e-30 and "scaled_by" not in definition:
            scales.append(name)
        written[name] = definition
    order = draw(st.permutations(list(written)))
    return Space.parse({name: written[name] for name in order})


def points(space: Space) -> st.SearchStrategy[list[float]]:
    return st.lists(st.floats(0, 1), min_size=space.dim, max_size=space.dim)


@given(st.data())
@law
def test_values_go_to_a_point_and_back_unchanged(data: st.DataObject) -> None:
    space = data.draw(spaces())
    # Ranges a millionth as wide as their numbers keep every bit, and so may lose the last one on the way.
    narrow = {
        n
        for n, p in space.parameters.items()
        if isinstance(p, Float) and p.count is None and p.high - p.low < 1e-6 * max(abs(p.low), abs(p.high))
    }
    values = space.values(data.draw(points(space)))

    again = space.values(space.point(values))

    assert list(again) == list(values)
    for name, value in values.items():
        if name in narrow:
            assert math.isclose(again[name], value, rel_tol=1e-12)
        else:
            assert mark(again[name]) == mark(value)


@given(st.data())
@law
def test_the_trial_gets_plain_json(data: st.DataObject) -> None:
    space = data.draw(spaces())

    values = space.values(np.array(data.draw(points(space))))

    assert json.loads(json.dumps(values, allow_nan=False)) == values


@given(st.data())
@law
def test_a_definition_makes_the_same_space_again(data: st.DataObject) -> None:
    space = data.draw(spaces())

    written = json.loads(json.dumps(space.definitions()))

    assert Space.parse(written) == space
    assert Space.parse(written).names == space.names


@given(st.data())
@law
def test_a_parameter_is_active_exactly_when_all_its_conditions_hold(data: st.DataObject) -> None:
    space = data.draw(spaces())
    x = data.draw(points(space))

    values = space.values(x)

    expected = {
        name
        for name, p in space.parameters.items()
        if all(
            parent in values and mark(values[parent]) in {mark(v) for v in wanted} for parent, wanted in p.when.items()
        )
    }
    assert set(values) == expected
    assert space.active(x).tolist() == [name in expected for name in space.names]
    assert np.isnan(space.point(values)).tolist() == [name not in expected for name in space.names]


@given(definitions, st.floats(0, 1))
@law
def test_a_value_stays_in_its_range_and_on_its_grid(definition: dict[str, Any], u: float) -> None:
    space = Space.parse({"p": definition})
    parameter, value = space.parameters["p"], space.values([u])["p"]

    match parameter:
        case Categorical(choices=choices):
            assert mark(value) in {mark(c) for c in choices}
        case Int(low=low, high=high, step=step):
            assert type(value) is int and low <= value <= high
            assert (value - low) % (step or 1) == 0
        case Float(low=low, high=high, step=step):
            assert type(value) is float and low <= value <= high
            if step is not None and low < high:
                index = (Decimal(repr(value)) - Decimal(repr(low))) / Decimal(repr(step))
                assert abs(index - round(index)) < Decimal("1e-12")


@given(floats() | stepped() | ints(), st.floats(0, 1), st.floats(0, 1))
@law
def test_numbers_keep_the_order_of_their_coordinates(definition: dict[str, Any], u: float, v: float) -> None:
    space = Space.parse({"p": definition})

    low, high = (space.values([w])["p"] for w in sorted((u, v)))

    assert low <= high


@given(floats() | stepped() | ints() | categoricals)
@law
def test_the_ends_of_the_cube_are_the_ends_of_the_range(definition: dict[str, Any]) -> None:
    space = Space.parse({"p": definition})

    first, last = (space.values([u])["p"] for u in (0.0, 1.0))

    match space.parameters["p"]:
        case Categorical(choices=choices):
            assert (mark(first), mark(last)) == (mark(choices[0]), mark(choices[-1]))
        case Float() | Int() as p:
            top = p.high if p.count is None or (isinstance(p, Int) and p.log) else p.at(p.count - 1)
            assert (first, last) == (p.low, top)
            assert p.step is None or p.high - last < p.step


@st.composite
def finite_spaces(draw: st.DrawFn) -> Space:
    written: dict[str, Any] = {}
    for name in "abcd"[: draw(st.integers(1, 4))]:
        n = draw(st.integers(1, 3))
        definition: dict[str, Any] = draw(
            st.sampled_from(
                [
                    {"type": "categorical", "choices": list(range(n))},
                    {"type": "int", "low": 0, "high": n - 1},
                    {"type": "int", "low": 1, "high": n, "log": True},
                    {"type": "float", "low": 0.0, "high": float(n - 1), "step": 1.0},
                ]
            )
        )
        definition = dict(definition)
        if written and draw(st.booleans()):
            parent = draw(st.sampled_from(list(written)))
            some = possible({**written[parent], "when": {}})
            definition["when"] = {parent: draw(st.lists(st.sampled_from(some), min_size=1, max_size=2))}
        written[name] = definition
    return Space.parse(written)


@given(finite_spaces())
@law
def test_the_grid_lists_each_distinct_point_once_and_size_counts_them(space: Space) -> None:
    # These four coordinates meet every value of the parameters above.
    met = {json.dumps(space.values(x)) for x in product([0.1, 0.5, 0.7, 0.9], repeat=space.dim)}

    listed = [json.dumps(space.values(x)) for x in space.grid()]

    assert len(listed) == len(set(listed)) == space.size()
    assert set(listed) == met


@given(st.data())
@law
def test_a_space_that_grows_keeps_its_old_coordinates(data: st.DataObject) -> None:
    space = data.draw(spaces())
    x = data.draw(points(space))

    wider = space.extend({"brand new": {"type": "float", "low": 0.0, "high": 1.0}, space.names[0]: ["other"]})

    assert wider.names == (*space.names, "brand new")
    assert wider.values([*x, 0.5]) == {**space.values(x), "brand new": 0.5}
