"""What the user may ask for: command lines, what is grave, and what becomes of a wish."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptui.core.store.rows import EventRow, TrialRow
from hptui.core.study.commands import Wish
from hptui.tui.control import ANSWER_S, Asked, Pending
from hptui.tui.orders import Order, completion, numbers_in, read_order
from hptui.tui.snapshot import Delta, Facts, Parameter, Snapshot, merge
from hptui.tui.weigh import Weighed, toggled, weigh

FACTS = Facts(metric="val_loss", max_steps=100, space=(Parameter("lr"), Parameter("dropout")))
RUNS = TrialRow(20, "RUNNING", {}, value=2.0, best=2.0, step=10, started_at=90.0)
ENDED = [TrialRow(n, "COMPLETE", {}, value=n / 10, started_at=0.0, ended_at=9.0) for n in range(12)]


def snapshot(*rows: TrialRow, events: tuple[EventRow, ...] = ()) -> Snapshot:
    return merge(Snapshot(), Delta(FACTS, rows, events), at=100.0, alive=True)


# --- command lines


@pytest.mark.parametrize(
    ("line", "order"),
    [
        ("prune", Order("prune")), ("prune state:run loss>2", Order("prune", "state:run loss>2")),
        ("goto 12", Order("goto", "12", 12)), ("g 12", Order("goto", "12", 12)), ("open #7", Order("open", "#7", 7)),
        ("pause all", Order("pause", "all")), ("stop now", Order("stop", "now")), ("q", Order("quit")),
        ("priority 2 state:wait", Order("priority", "state:wait", 2)), ("unpin", Order("unpin")),
        ("set slots=3 budget.n_trials=9", Order("set", "slots=3 budget.n_trials=9")),
        ("sort lr down", Order("sort", "lr down")), ("slots 4", Order("slots", "4", 4)), ("FILTER", Order("filter")),
    ],
)  # fmt: skip
def test_a_command_line_is_an_order(line: str, order: Order) -> None:
    assert read_order(line, FACTS) == order


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("p", "p: which of prune, pause, put-away, priority, pin?"),
        ("zap", "no command 'zap'; tab completes, ? lists keys"),
        ("prunne", "no command 'prunne': did you mean prune?"),
        ("goto x", "goto takes a number: goto 12"), ("prune lrr<3", "lrr<3: no column lrr"),
        ("theme pink", "theme takes dark or light or ansi"),
        ("sort zebra", "sort by which column? id, state, val_loss"),
        ("stop later", "stop takes nothing or now"), ("set slots", "slots is not NAME=VALUE"),
        ("priority soon", "priority takes a number"), ("priority --5", "priority takes a number"),
        ("goto " + "9" * 5000, "goto takes a number"), ("copy xml", "copy takes nothing or json or args"),
        ("sort lr sideways", "sort goes up or down"), ("drain", "drain takes GPU [now]"), ("tag", "tag takes WORD"),
    ],
)  # fmt: skip
def test_a_wrong_command_line_says_what_is_wrong(line: str, problem: str) -> None:
    found = read_order(line, FACTS)

    assert isinstance(found, str)
    assert found.startswith(problem)


@pytest.mark.parametrize(
    ("text", "numbers"), [("17", (17,)), ("#17 18,19", (17, 18, 19)), ("17 state:run", ()), ("", ()), ("1e3", ())]
)
def test_bare_numbers_are_trials_and_not_words_to_look_for(text: str, numbers: tuple[int, ...]) -> None:
    assert numbers_in(text) == numbers


@given(st.text(max_size=40))
def test_any_line_is_read_and_any_completion_begins_with_it(text: str) -> None:
    read_order(text, FACTS)
    completed = completion(text, FACTS)

    assert completed is None or (completed.startswith(text) and completed != text)


def test_completion_knows_verbs_columns_and_states() -> None:
    lines = ("pr", "sort lr", "sort d", "prune sta", "prune state:run dr", "theme l")

    assert [completion(line, FACTS) for line in lines] == [
        "prune ", None, "sort dropout", "prune state:run", "prune state:run dropout<", "theme light"
    ]  # fmt: skip


# --- what is grave


def test_one_ordinary_prune_asks_nothing() -> None:
    assert weigh(Wish.PRUNE, [20], snapshot(RUNS, *ENDED)) == Weighed(Wish.PRUNE, (20,))


def test_pruning_one_of_the_best_asks_and_says_so() -> None:
    found = weigh(Wish.PRUNE, [20], snapshot(replace(RUNS, best=0.15), *ENDED))

    assert found.question == "Prune trial 20?"
    assert found.details == ("it is among the ten best so far", "10s of running time spent")


def test_pruning_one_that_is_past_half_asks_and_says_so() -> None:
    found = weigh(Wish.PRUNE, [20], snapshot(replace(RUNS, step=83), *ENDED))

    assert found.details == ("it is past half of the steps (84%)", "10s of running time spent")


def test_pruning_many_says_how_many_and_what_they_cost() -> None:
    rows = [replace(RUNS, number=20 + n) for n in range(37)]

    found = weigh(Wish.PRUNE, range(20, 57), snapshot(*rows, *ENDED))

    assert (found.question, len(found.trials)) == ("Prune 37 trials?", 37)
    assert found.details == ("6m10s of running time spent",)


def test_a_wish_is_only_for_trials_it_can_be_for() -> None:
    held = replace(RUNS, number=21, state="PAUSED", why="user")
    known = snapshot(RUNS, held, replace(RUNS, number=22, state="FAIL"), *ENDED)

    assert weigh(Wish.PAUSE, [20, 21, 3], known).trials == (20,)
    assert weigh(Wish.RESUME, [20, 21, 3], known).trials == (21,)
    assert weigh(Wish.RETRY, [20, 21, 22, 3], known).trials == (22,)
    assert weigh(Wish.RETRY, [3], known).none == "trial 3 is complete: E tries its point again"
    assert weigh(Wish.PRUNE, [3], known) == Weighed(Wish.PRUNE, (), none="trial 3 is complete: nothing to prune")
    assert weigh(Wish.PRUNE, [], known).none == "no trial to prune"
    assert weigh(Wish.PRUNE, [20, 99], known) == Weighed(Wish.PRUNE, (), none="there is no trial 99")
    assert weigh(Wish.PAUSE, [98, 99], known).none == "there are no trials 98, 99"
    assert weigh(Wish.RETRY, range(90, 97), known).none == "there are no trials 90, 91, 92, 93, 94 and 2 more"
    assert weigh(Wish.PRIORITY, [3, 20], known).none == "nothing to put first among 2 trials"


def test_space_pauses_what_runs_and_resumes_what_is_paused_and_leaves_the_rest() -> None:
    states = [RUNS, replace(RUNS, state="PAUSED", why="user"), replace(RUNS, state="PAUSED", why="undo"), ENDED[0]]

    assert [toggled(row) for row in states] == [Wish.PAUSE, Wish.RESUME, None, None]


# --- what becomes of a wish

ASKED = Asked(1, Wish.PAUSE, 20, at=100.0, id=5)


def test_a_refused_wish_is_dropped_and_its_reason_told() -> None:
    no = EventRow(100.1, "refused", 20, "trial 20 is ending", {"command": 5})

    assert Pending((ASKED,)).settled(snapshot(RUNS, events=(no,)), 100.2) == (Pending(), ("trial 20 is ending",))


def test_a_heeded_wish_is_shown_until_it_has_come_true() -> None:
    yes = EventRow(100.1, "wished", 20, "you asked: pause trial 20", {"command": 5})

    heeded, told = Pending((ASKED,)).settled(snapshot(RUNS, events=(yes,)), 100.2)
    assert (heeded.shown(), told) == ({20: "pause"}, ())

    paused = snapshot(replace(RUNS, state="PAUSED", why="user"), events=(yes,))
    assert heeded.settled(paused, 101.0) == (Pending(), ())


def test_silence_is_told_after_a_while() -> None:
    waiting, told = Pending((ASKED,)).settled(snapshot(RUNS), 100.0 + ANSWER_S - 0.1)
    assert (waiting, told) == (Pending((ASKED,)), ())

    assert waiting.settled(snapshot(RUNS), 100.0 + ANSWER_S) == (Pending(), ("no answer yet to: pause trial 20",))


def test_a_wish_gets_its_number_when_it_is_written_down() -> None:
    fresh = replace(ASKED, id=None)

    assert Pending((fresh,)).written(1, 5) == Pending((ASKED,))
    assert Pending((fresh,)).without(1) == Pending()
