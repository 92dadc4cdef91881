"""The filter language: any text is a filter, and terms obey logic."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptui.core.store.rows import TrialRow
from hptui.tui.filter import Filter, Term, parse
from hptui.tui.snapshot import Facts, Parameter

FACTS = Facts(metric="val_loss", space=(Parameter("lr"), Parameter("opt"), Parameter("state")))
numbers = st.none() | st.floats() | st.integers(-5, 5)
rows = st.builds(
    TrialRow,
    number=st.integers(0, 99),
    state=st.sampled_from(["WAITING", "RUNNING", "PAUSED", "COMPLETE", "PRUNED", "FAIL"]),
    params=st.dictionaries(
        st.sampled_from(["lr", "opt", "state"]), numbers | st.text() | st.booleans() | st.lists(numbers)
    ),
    value=st.none() | st.floats(),
    step=st.none() | st.integers(0, 50),
    reason=st.text(),
    why=st.none() | st.sampled_from(["user", "rung", "undo"]),
)
names = st.sampled_from(["lr", "val_loss", "loss", "step", "state", "p.state", "id", "why", "nothing", "opt"])
terms = st.builds(
    Term,
    name=names,
    op=st.sampled_from(["<", "<=", ">", ">=", "=", "!=", ":"]),
    value=st.sampled_from(["0.3", "1e-3", "5", "50%"]),
    negated=st.booleans(),
)
terms |= st.builds(
    Term, name=st.just(""), op=st.just(""), value=st.sampled_from(["adam", "run", "3"]), negated=st.booleans()
)


def row(number: int = 1, state: str = "RUNNING", **more: object) -> TrialRow:
    return TrialRow(number, state, **{"params": {}, **more})  # type: ignore[arg-type]


@given(st.text(), rows)
def test_any_text_is_a_filter_and_any_trial_can_be_asked(text: str, trial: TrialRow) -> None:
    found = parse(text, FACTS)

    assert found.matches(trial, FACTS) in (True, False)


@given(rows)
def test_an_empty_filter_matches_every_trial(trial: TrialRow) -> None:
    assert parse("  ").matches(trial, FACTS)


@given(st.lists(terms, max_size=4))
def test_a_filter_reads_back_what_it_writes(found: list[Term]) -> None:
    assert parse(str(Filter(tuple(found)))).terms == tuple(found)


@given(st.lists(terms, max_size=4), rows)
def test_all_terms_must_hold_in_whatever_order(found: list[Term], trial: TrialRow) -> None:
    each = [Filter((term,)).matches(trial, FACTS) for term in found]

    assert Filter(tuple(found)).matches(trial, FACTS) is all(each)
    assert Filter(tuple(reversed(found))).matches(trial, FACTS) is all(each)


@given(terms, rows)
def test_an_exclamation_mark_turns_a_term_round(term: Term, trial: TrialRow) -> None:
    turned = Term(term.name, term.op, term.value, not term.negated)

    assert Filter((term,)).matches(trial, FACTS) is not Filter((turned,)).matches(trial, FACTS)


@given(rows, st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_below_or_not_below_and_unknown_is_neither(trial: TrialRow, bound: float) -> None:
    below = parse(f"loss<{bound!r}").matches(trial, FACTS)
    above = parse(f"loss>={bound!r}").matches(trial, FACTS)

    unknown = trial.value is None or trial.value != trial.value
    assert (below, above) == ((False, False) if unknown else (below, not below))


@pytest.mark.parametrize(
    ("text", "trial", "matches"),
    [
        ("loss<.3", row(value=0.2), True),
        ("val_loss<.3", row(value=0.4), False),
        ("loss<.3", row(value=None), False),
        ("state:run", row(), True),
        ("state:run", row(state="PRUNED"), False),
        ("state:run,prune", row(state="PRUNED"), True),
        ("state:held", row(state="PAUSED", why="rung"), True),
        ("lr>1e-3", row(params={"lr": 0.01}), True),
        ("lr>1e-3 state:fail", row(params={"lr": 0.01}), False),
        ("opt=adam", row(params={"opt": "Adam"}), True),
        ("opt!=adam", row(params={"opt": "sgd"}), True),
        ("adam", row(params={"opt": "adamw"}), True),
        ("!adam", row(params={"opt": "adamw"}), False),
        ('why:"is above"', row(reason="best 0.4 is above the median"), True),
        ("p.state=7", row(params={"state": 7}), True),
        ("id=12", row(number=12), True),
    ],
)
def test_terms_mean_what_they_say(text: str, trial: TrialRow, matches: bool) -> None:
    assert parse(text, FACTS).matches(trial, FACTS) is matches


@pytest.mark.parametrize(
    ("text", "problem"),
    [("lr<", "lr< …?"), ("lr<abc", "abc is not a number"), ("lrr<3", "no column lrr"), ("state:", "state: …?")],
)
def test_what_is_not_finished_yet_is_named_and_left_out(text: str, problem: str) -> None:
    assert parse(text, FACTS).problems == (problem,)
