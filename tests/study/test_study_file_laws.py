"""Whatever stands in a study file, the answer is a study or a list of problems."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hptui.core.errors import StudyErrors
from hptui.core.space import Space
from hptui.core.study.durations import parse_duration
from hptui.core.study.file import baseline, load_study
from hptui.core.study.json_schema import MEANING
from hptui.core.study.quick import quoted

law = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

words = st.sampled_from(
    ["a", "b", "float", "int", "categorical", "minimize", "auto", "2 h", "train.py", "(?P<x", "{lr}", "'"]
) | st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
scalars = (
    st.booleans() | st.integers(-3, 70) | st.sampled_from([10**18, -(10**18), 0, 1]) | st.floats() | words | st.dates()
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=5,
)


def tables(name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Tables with mostly the right keys and mostly the wrong values."""
    keys = st.sampled_from(sorted(MEANING[name]))
    return st.dictionaries(keys | words, values, max_size=5)


numbers = st.integers(-2, 20) | st.floats()
likely = st.fixed_dictionaries(
    {"type": st.sampled_from(["float", "int"]), "low": numbers, "high": numbers},
    optional={
        "log": st.booleans(),
        "step": numbers,
        "default": numbers,
        "when": st.dictionaries(st.sampled_from("abcd"), values, max_size=2),
        "scaled_by": st.fixed_dictionaries({"parameter": st.sampled_from("abcd")}, optional={"base": numbers}),
    },
)
parameters = likely | tables("parameter") | st.lists(values, max_size=3) | values
spaces = st.dictionaries(st.sampled_from("abcd") | words, parameters, max_size=4)
studies = st.fixed_dictionaries(
    {"objective": st.just({"script": "train.py"}) | tables("objective") | values},
    optional={
        "space": spaces | values,
        "budget": tables("budget") | values,
        "resources": tables("resources") | values,
        "sampler": values,
        "pruner": values,
        "direction": words,
        "seed": scalars,
        "name": scalars,
        "enqueue": st.lists(st.dictionaries(st.sampled_from("abcd"), values, max_size=3), max_size=2) | values,
    },
)


def written(value: Any) -> str:
    """The value as TOML, on one line."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return quoted(value)
        case list():
            return f"[{', '.join(map(written, value))}]"
        case dict():
            return "{" + ", ".join(f"{quoted(k)} = {written(v)}" for k, v in value.items()) + "}"
        case _:
            return str(value)


@given(spaces)
@law
def test_any_definitions_are_a_space_or_a_list_of_problems(definitions: dict[str, Any]) -> None:
    try:
        space = Space.parse(definitions)
    except StudyErrors as error:
        assert error.problems and all(p.where and p.problem for p in error.problems)
        return
    for u in (0.0, 0.5, 1.0):
        params = space.values([u] * space.dim)
        assert space.locate(params)[1] == []
    space.size()


@given(studies, st.booleans())
@law
def test_any_toml_is_a_study_or_a_list_of_problems(tables: dict[str, Any], bare: bool) -> None:
    text = "\n".join(f"{key} = {written(value)}" for key, value in tables.items())
    assert msgspec.toml.decode(text).keys() == tables.keys()

    try:
        study = load_study(text, where="x.toml", folder=None)
    except StudyErrors as error:
        assert error.problems and all(p.where and p.problem for p in error.problems)
    else:
        baseline(study)


@given(words | st.floats() | st.text(st.sampled_from("0123456789. hms"), max_size=8))
@law
def test_any_duration_is_a_number_of_seconds_or_a_value_error(text: str | float) -> None:
    try:
        assert isinstance(parse_duration(text), float)
    except ValueError as error:
        assert "is no duration" in str(error)
