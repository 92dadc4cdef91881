"""Filtering and sorting many trials at once gives what doing it one by one gives."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hptui.core.store.rows import TrialRow
from hptui.tui import arrangement
from hptui.tui.arrangement import Arrangement
from hptui.tui.bulk import Bulk
from hptui.tui.filter import Filter, parse
from hptui.tui.snapshot import Facts
from hptui.tui.trials import Trials

FACTS = Facts(metric="loss")
words = st.sampled_from(["", "above the median", "Median 3", "é", "12"])
params = st.fixed_dictionaries(
    {}, optional={"a": st.integers(-3, 3) | st.floats() | st.none(), "b": words | st.booleans(), "value": st.just(7)}
)
rows = st.builds(
    TrialRow, number=st.integers(0, 200), params=params, value=st.none() | st.floats() | st.sampled_from([0.1, 0.2]),
    state=st.sampled_from(["WAITING", "RUNNING", "PAUSED", "COMPLETE", "PRUNED", "FAIL"]), reason=words,
    proposal=words, why=st.sampled_from([None, "rung", "undo"]), step=st.none() | st.integers(0, 9),
    attrs=st.sampled_from([{}, {"remarks": {"tags": ["median"], "note": "above"}}]),
)  # fmt: skip
tables = st.lists(rows, max_size=30, unique_by=lambda row: row.number)
filters = st.sampled_from(
    [
        "", "loss<0.15", "!loss<0.15", "a>0", "a!=1", "a=x", "a:1", "b:med", "b=true", "b!=12", "state:run",
        "state=held", "step>=3", "median", "!median", "12", "1", "why:above loss>0", "value=7", "id<50", "gpu=cpu",
        "origin:samp", "tag:med",
    ]
).map(parse)  # fmt: skip
sorts = st.sampled_from(["id", "value", "state", "p.a", "a", "p.b", "step", "why", "time", "loss", "gpu"])


@given(tables, filters)
@settings(max_examples=150)
def test_the_same_trials_match(table: list[TrialRow], found: Filter) -> None:
    trials = Trials.of(table)
    bulk = Bulk(list(trials.rows()), FACTS)

    matching = bulk.matching(found)

    assert matching.tolist() == [found.matches(row, FACTS) for row in trials.rows()]


@given(tables, filters, sorts, st.booleans())
@settings(max_examples=150)
def test_they_stand_in_the_same_order(table: list[TrialRow], found: Filter, sort: str, reverse: bool) -> None:
    trials = Trials.of(table)
    bulk = Bulk(list(trials.rows()), FACTS)

    order = bulk.order(bulk.matching(found), sort, reverse)

    assert order is None or order == list(Arrangement.one_by_one(trials, FACTS, found, sort, reverse).order)


@given(st.lists(tables, max_size=4), filters, sorts, st.booleans())
@settings(max_examples=60)
def test_a_large_session_that_goes_on_is_kept_in_order_and_holds_on_to_its_trials(
    batches: list[list[TrialRow]], found: Filter, sort: str, reverse: bool
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arrangement, "MANY", 0)  # every session is a large one
        trials = Trials()
        large = Arrangement.of(trials, FACTS, found, sort, reverse)
        small = Arrangement.one_by_one(trials, FACTS, found, sort, reverse)
        for batch in batches:
            trials = trials.merged(batch)
            held = list(large.order[:2])
            large = large.keeping(held).updated(trials, FACTS)
            small = small.keeping(held).updated(trials, FACTS)

            assert list(large.order) == list(small.order)
        assert large.keeping(()).order == small.keeping(()).order
        turned = large.rearranged(reverse=not reverse).order
        assert list(turned) == list(Arrangement.one_by_one(trials, FACTS, found, sort, not reverse).order)


def test_a_column_of_numbers_and_words_is_left_to_the_other_way() -> None:
    mixed = [TrialRow(0, "COMPLETE", {"a": 1}), TrialRow(1, "COMPLETE", {"a": "x"})]
    bulk = Bulk(mixed, replace(FACTS))

    assert bulk.order(bulk.matching(Filter()), "p.a", False) is None
