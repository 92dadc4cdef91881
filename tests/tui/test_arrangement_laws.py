"""Keeping an order up to date gives what sorting anew gives."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from hptui.core.store.rows import TrialRow
from hptui.tui.arrangement import Arrangement
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
