"""Keeping an order up to date gives what sorting anew gives."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hptui.core.store.rows import TrialRow
from hptui.tui.arrangement import Arrangement, sort_key
from hptui.tui.filter import parse
from hptui.tui.snapshot import Facts, Trials

FACTS = Facts()
states = st.sampled_from(["WAITING", "RUNNING", "PAUSED", "COMPLETE", "PRUNED", "FAIL"])
values = st.none() | st.floats() | st.sampled_from([0.1, 0.2])
params = st.fixed_dictionaries({}, optional={"a": st.integers() | st.text() | st.booleans() | st.floats()})
rows = st.builds(TrialRow, number=st.integers(0, 300), state=states, params=params, value=values)
batches = st.lists(st.lists(rows, max_size=6, unique_by=lambda row: row.number), max_size=6)
sorts = st.sampled_from(["id", "value", "state", "p.a", "step", "why"])
filters = st.sampled_from(["", "state:run", "!loss<0.15", "a>0"]).map(parse)


@given(batches, sorts, st.booleans(), filters)
def test_an_order_kept_up_to_date_is_the_order_sorted_anew(
    found: list[list[TrialRow]], sort: str, reverse: bool, filter: object
) -> None:
    trials = Trials()
    kept = Arrangement.of(trials, FACTS, filter, sort, reverse)  # type: ignore[arg-type]
    for batch in found:
        trials = trials.merged(batch)
        kept = kept.updated(trials, FACTS)

    assert list(kept.order) == list(Arrangement.of(trials, FACTS, filter, sort, reverse).order)  # type: ignore[arg-type]


@given(batches, sorts, st.booleans())
def test_the_order_has_each_matching_trial_once(found: list[list[TrialRow]], sort: str, reverse: bool) -> None:
    trials = Trials.of(row for batch in found for row in batch)

    order = Arrangement.of(trials, FACTS, parse("state:run,done"), sort, reverse).order

    assert sorted(order) == [n for n in trials if trials[n].state in ("RUNNING", "COMPLETE")]


@given(batches, st.booleans())
def test_trials_without_a_value_come_last_either_way(found: list[list[TrialRow]], reverse: bool) -> None:
    trials = Trials.of(row for batch in found for row in batch)

    order = Arrangement.of(trials, FACTS, sort="value", reverse=reverse).order

    have = [trials[n].value for n in order]
    known = [v for v in have if v is not None and v == v]
    assert have[: len(known)] == sorted(known, reverse=reverse)


@given(batches, sorts, st.booleans())
def test_equal_trials_are_by_number_whichever_way_they_are_sorted(
    found: list[list[TrialRow]], sort: str, reverse: bool
) -> None:
    trials = Trials.of(row for batch in found for row in batch)

    order = Arrangement.of(trials, FACTS, sort=sort, reverse=reverse).order

    keys = {number: sort_key(sort, trials[number], FACTS) for number in order}
    for one, other in pairwise(order):
        before, after = keys[one], keys[other]
        if before == after or (before is not None and after is not None and before[:2] == after[:2]):
            assert one < other


def test_what_equal_trials_do_moves_none_of_them() -> None:
    """With the cursor on one of 3,000 equal trials, as few and as many."""
    for count in (30, 3000):
        trials = Trials.of([TrialRow(n, "RUNNING", {}, value=0.5) for n in range(count)])
        for reverse in (False, True):
            before = Arrangement.of(trials, FACTS, sort="value", reverse=reverse)
            later = trials.merged([TrialRow(7, "COMPLETE", {}, value=0.5), TrialRow(count, "RUNNING", {}, value=0.5)])
            assert list(before.order) == list(range(count))
            assert list(before.updated(later, FACTS).order) == list(range(count + 1))


def test_an_order_in_which_nothing_moved_is_the_same_object() -> None:
    trials = Trials.of([TrialRow(n, "RUNNING", {}, value=0.5) for n in range(3)])
    before = Arrangement.of(trials, FACTS)

    after = before.updated(trials.merged([TrialRow(1, "RUNNING", {}, value=0.4)]), FACTS)

    assert after.order is before.order


@given(batches)
def test_a_trial_in_hand_stays_though_it_matches_no_more(found: list[list[TrialRow]]) -> None:
    trials = Trials.of([TrialRow(n, "RUNNING", {}) for n in (1, 2, 3)])
    held = Arrangement.of(trials, FACTS, parse("state:run")).keeping({2})
    for batch in [*found, [TrialRow(2, "PAUSED", {})]]:
        trials = trials.merged(batch)
        held = held.updated(trials, FACTS)
    fresh = Arrangement.of(trials, FACTS, parse("state:run"))

    assert sorted(held.order) == sorted({*fresh.order, 2})
    assert list(held.keeping(()).order) == list(fresh.order)


def test_trials_share_what_did_not_change() -> None:
    trials = Trials.of([TrialRow(n, "WAITING", {}) for n in range(10_000)])
    after = trials.merged([replace(trials[5000], state="RUNNING")])

    assert (len(after), after[5000].state, trials[5000].state) == (10_000, "RUNNING", "WAITING")
    assert [row.number for row in after.changed_since(trials)] == [5000]
