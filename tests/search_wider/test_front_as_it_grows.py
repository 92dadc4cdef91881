"""The front of several objectives, trial by trial: as the ledger tells it, as sessions are listed."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from hptui.core.review.front import front
from hptui.core.review.ledger import ledger
from hptui.core.scheduler.ending import joins
from hptui.core.scheduler.events import FrontJoined, Settled
from hptui.core.scheduler.state import Rules
from hptui.core.store.library import SessionSummary
from hptui.core.store.rows import TrialRow
from hptui.core.study.study import OBJECTIVES, Goal
from hptui.core.study.trial import Ended, State
from hptui.tui.views.cells import text_of
from hptui.tui.views.sessions import session_line

GOALS = (Goal("loss"), Goal("speed", "maximize"))
RULES = Rules(also=GOALS[1:])
DONE = Ended(State.COMPLETE, 1.0, "")


def settled(number: int, loss: float | None, speed: float | None) -> Settled:
    return Settled(1.0, number, DONE, loss, also=(("speed", speed),))


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12))
def test_who_joined_and_was_not_beaten_since_is_on_the_front(pairs: list[tuple[int, int]]) -> None:
    grown: tuple[tuple[tuple[float, ...], int], ...] = ()
    for number, (loss, speed) in enumerate(pairs):
        news = joins(RULES, settled(number, float(loss), float(speed)), grown)
        before = {each for _, each in grown}
        if news is not None:
            assert set(news.beaten) == before - {each for _, each in news.front}
            grown = news.front
        rows = [
            TrialRow(n, "COMPLETE", {}, value=float(a), attrs={OBJECTIVES: {"speed": float(b)}})
            for n, (a, b) in enumerate(pairs[: number + 1])
        ]
        assert {each for _, each in grown} == {row.number for row in front(rows, GOALS)}


def test_no_front_without_all_values_or_with_one_objective() -> None:
    assert joins(RULES, settled(0, 0.5, None), ()) is None
    assert joins(RULES, settled(0, float("nan"), 1.0), ()) is None
    assert joins(replace(RULES, also=()), settled(0, 0.5, 1.0), ()) is None


def test_the_ledger_says_how_large_the_front_is_and_who_is_beaten() -> None:
    alone = FrontJoined(1.0, 0, (((0.5, -1.0), 0),))
    better = FrontJoined(2.0, 9, (((0.4, -2.0), 9),), beaten=(0, 1, 2, 3, 4, 5, 6, 7))

    assert [event.row().reason for event in (alone, better)] == [
        "begins the front", "joined the front of 1, where it beats trials 0, 1, 2, 3, 4, 5 and 2 more",
    ]  # fmt: skip
    assert (better.row().kind, better.row().data["size"]) == ("front", 1)


def test_the_keys_that_jump_stop_where_a_trial_joined_the_front() -> None:
    kinds = ("opened", "started", "ended", "front", "told", "ended", "front")
    found = ledger([[(n + 1, float(n), kind, 0) for n, kind in enumerate(kinds)]])

    assert [found.jump(0, 1, ()), found.jump(3, 1, ()), found.jump(6, -1, ())] == [3, 6, 3]


def test_the_list_of_sessions_tells_the_size_of_the_front(tmp_path) -> None:
    several = SessionSummary("a", tmp_path, "finished", front=5)

    assert "front 5" in text_of(session_line(several, 9.0)) and "front" not in text_of(
        session_line(replace(several, front=0), 9.0)
    )
