"""Curves that have ended are sorted once; a verdict beside them is the same as beside a plain list of all curves."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hptui.core.scheduler.book import Book
from hptui.core.search.catalog import make_pruner
from hptui.core.search.crowd import Crowd, Ended, Entrant
from hptui.core.search.protocol import Kind, Promoter
from hptui.core.study.study import Chosen

KINDS = (Kind.COMPLETE, Kind.PRUNED, Kind.PENDING)
LOSSES = st.sampled_from([0.1, 0.2, 0.3, 0.3, 0.4, math.nan, math.inf])
TRIALS = st.lists(st.tuples(st.lists(LOSSES, min_size=1, max_size=9), st.sampled_from(KINDS)), max_size=12)
RULES = ("median", "percentile", "successive_halving", "asha", "hyperband", "pasha", "synchronous_halving")


@pytest.mark.parametrize("name", RULES)
@settings(max_examples=30)
@given(before=TRIALS, since=TRIALS, mine=st.lists(LOSSES, min_size=1, max_size=9))
def test_a_verdict_beside_a_crowd_is_that_beside_its_curves(name, before, since, mine):
    rule, book = make_pruner(Chosen(name=name), "minimize", 10), Book()
    written(book, before, 0)
    book.write(99, list(enumerate(mine, 1)))
    rule.judge(book.curve(99), book.others(99))  # what is sorted here is kept up to date from now on
    written(book, since, len(before))
    curve, others = book.curve(99), book.others(99)

    verdict, plain = rule.judge(curve, others), rule.judge(curve, list(others))

    assert repr(verdict) == repr(plain)
    if isinstance(rule, Promoter):
        assert repr(rule.promote(book.curves())) == repr(rule.promote(list(book.curves())))


def written(book: Book, trials: list[tuple[list[float], Kind]], first: int) -> None:
    for number, (losses, kind) in enumerate(trials, first):
        book.write(number, list(enumerate(losses, 1)))
        if kind != Kind.PENDING:
            book.close(number, kind)


def test_a_crowd_keeps_the_order_in_which_curves_came():
    book = Book()
    written(book, [([0.3], Kind.PENDING), ([0.2], Kind.COMPLETE), ([0.1], Kind.PENDING)], 0)

    crowd = book.others(2)

    assert [curve.number for curve in crowd] == [0, 1] and len(crowd) == 2 and crowd[1].number == 1


def test_a_trial_that_was_held_when_it_ended_is_held_no_more():
    book = Book()
    written(book, [([0.3], Kind.PENDING)], 0)
    book.set_held(frozenset({0}))
    book.close(0, Kind.PRUNED)

    assert book.curves().reached(1) == [Entrant(0.3, 0, False)]


def test_reports_that_are_no_number_count_and_have_no_rank():
    ended = Ended()
    for curve in Crowd.of(written_curves([([0.2, math.nan], Kind.COMPLETE), ([0.1, 0.5], Kind.COMPLETE)])):
        ended.add(curve)

    assert ended.losses_at(2) == ([0.5], 2) and ended.losses_at(1) == ([0.1, 0.2], 2) and ended.losses_at(3) == ([], 0)
    assert ended.ranked_at(2) == [(0.5, 1)] and ended.ranked_at(3) == []


def written_curves(trials: list[tuple[list[float], Kind]]) -> Crowd:
    book = Book()
    written(book, trials, 0)
    return book.curves()
