"""Steering by keys and forms: what the mailbox gets, what is refused before it is sent, what is taken back."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import pytest
from driving import Screen, drive
from textual.app import App

from hptui.core.space.space import Space
from hptui.core.store.reader import Reader
from hptui.core.store.rows import TrialRow
from hptui.core.study.commands import Wish
from hptui.core.study.session import SessionFolder
from hptui.tui.deeds import Deed, Deeds, Request, back_of
from hptui.tui.screens.form import Checked, Field, FormScreen
from hptui.tui.screens.point import check_point, point_of
from hptui.tui.screens.settings import changed, check_settings
from hptui.tui.settings import Asked, text_of, wishes_for
from hptui.tui.snapshot import Facts

SPACE = {
    "lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": True},
    "width": {"type": "int", "low": 8, "high": 64, "step": 8},
    "optimizer": {"type": "categorical", "choices": ["adam", "sgd"]},
    "momentum": {"type": "float", "low": 0.5, "high": 0.99, "when": {"optimizer": ["sgd"]}},
}
GIVEN = {"lr": 0.001, "width": 16, "optimizer": "adam"}
TEXTS = {"lr": "1e-3", "width": "16", "optimizer": "adam", "momentum": "", "\0priority": "", "\0note": ""}
FACTS = Facts(
    name="s", slots=2, pruner="median", pruner_options={"n_startup_trials": 3}, max_steps=30,
    limits={"n_trials": 40, "wall_clock_s": 7200.0, "trial_time_s": None, "max_steps": 30, "stop_after_failures": 5},
)  # fmt: skip


def posted(folder: SessionFolder) -> list[tuple[str, int | None, dict[str, object]]]:
    with Reader(folder) as reader:
        return [(command.kind, command.trial, command.args) for command in reader.commands()]


# --- a point of one's own


def test_a_typed_point_says_what_it_changes() -> None:
    space = Space.parse(SPACE)

    assert check_point(space, TEXTS, GIVEN).say == "the same point again, with another seed"
    other = check_point(space, {**TEXTS, "lr": "0.01", "optimizer": "sgd", "momentum": "0.9"}, GIVEN)
    assert (dict(other.problems), other.ready) == ({}, True)
    assert other.say == "changed: lr 1e-3 → 0.01, optimizer adam → sgd, momentum – → 0.9"


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("lr", "fast", "fast is not a number"),
        ("lr", "7", "7.0 is outside 1e-05 .. 0.1"),
        ("width", "9.5", "9.5 is not a whole number"),
        ("width", "9", "9 is not on the grid of step 8; the nearest is 8"),
        ("optimizer", "adamw", "adamw is none of adam | sgd"),
        ("momentum", "0.9", 'is not active here, only when optimizer is "sgd"'),
        ("\0priority", "soon", "a whole number from -99 to 99"),
    ],
)
def test_a_wrong_text_is_told_beside_its_line(name: str, text: str, problem: str) -> None:
    found = check_point(Space.parse(SPACE), {**TEXTS, name: text}, GIVEN)

    assert (dict(found.problems), found.ready) == ({name: problem}, False)


def test_all_wrong_lines_are_told_at_once() -> None:
    found = check_point(Space.parse(SPACE), {**TEXTS, "lr": "7", "width": "x"}, GIVEN)

    assert set(found.problems) == {"lr", "width"}


def test_what_is_left_out_and_has_no_default_is_named() -> None:
    found = check_point(Space.parse(SPACE), {**TEXTS, "lr": ""}, GIVEN)

    assert not found.ready and found.say.startswith("nothing is said of lr")


def test_a_point_carries_its_priority_and_note() -> None:
    texts = {**TEXTS, "\0priority": "2", "\0note": " by hand "}

    assert point_of(SPACE, texts) == {"params": GIVEN, "priority": 2, "note": "by hand"}


def test_a_copy_of_a_trial_is_changed_enqueued_and_taken_back(live: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("▸ run")
        await screen.press("colon")
        await screen.type("goto 3")
        await screen.press("enter", "E")
        await screen.until("a new point, made from trial 3")
        await screen.type("9")
        await screen.until("9.0 is outside 1e-05 .. 0.1")
        await screen.press("enter")
        await screen.until("a new point")  # what is wrong is not sent
        await screen.press("home", "delete")
        await screen.type("0.01")
        await screen.until("changed: lr")
        await screen.press("enter")
        await screen.until(lambda: len(posted(live)) == 1)
        await screen.press("u")
        await screen.until(lambda: len(posted(live)) == 2)
        await screen.press("U")
        await screen.until(lambda: len(posted(live)) == 3)

    drive(live, journey)

    with Reader(live) as reader:
        first = reader.commands()[0]
    (enqueue, undo, again) = posted(live)
    assert (enqueue[0], enqueue[2]["of"], enqueue[2]["params"]["lr"]) == ("enqueue", 3, 0.01)  # type: ignore[index]
    assert undo == ("undo", None, {"command": first.id})
    assert again == enqueue


def test_a_form_of_many_lines_scrolls_and_its_keys_are_seen() -> None:
    async def journey() -> None:
        async with App[None]().run_test(size=(80, 24)) as pilot:
            form = FormScreen("many", [Field(f"f{n}", f"field {n:02d}") for n in range(40)], lambda texts: Checked())
            await pilot.app.push_screen(form)
            await pilot.press("up")  # from the first line to the last
            end = time.monotonic() + 20
            while not 0 < form.query_one("#line-39").region.y < form.query_one("#keys").region.y < 23:
                await pilot.pause(0.02)
                assert time.monotonic() < end

    asyncio.run(journey())


# --- settings


def test_settings_are_wishes_of_what_changed() -> None:
    texts = {"slots": "2", "budget.n_trials": "60", "budget.wall_clock": "none", "pruner": "median",
             "pruner.n_startup_trials": "", "pruner.n_warmup_steps": "4"}  # fmt: skip

    assert changed(FACTS, texts) == [
        Asked(Wish.BUDGET, {"n_trials": 60, "wall_clock_s": None}),
        Asked(Wish.PRUNER, {"options": {"n_startup_trials": None, "n_warmup_steps": 4}}),
    ]


@pytest.mark.parametrize("seconds", [90.0, 7200.0, 91_800.0, 1_000_001.0, 0.25, 3e16])
def test_a_time_in_the_form_is_read_back_as_it_is(seconds: float) -> None:
    (asked,), _ = wishes_for({"budget.wall_clock": text_of("wall_clock", seconds)}, "none")

    assert asked.args == {"wall_clock_s": seconds}


def test_settings_that_can_not_be_are_told_beside_their_line() -> None:
    wrong = {"slots": "many", "budget.max_steps": "10", "budget.trial_time": "long", "pruner.n_warmup_steps": "-1"}

    assert dict(check_settings(FACTS, wrong).problems) == {
        "slots": "many is not a whole number",
        "budget.max_steps": "it can only grow",
        "budget.trial_time": '"long" is no duration: write it as in 90 s, 10 min or 1h 30m',
        "pruner.n_warmup_steps": "-1 is not a whole number from 0",
    }


def test_another_pruner_takes_no_options_of_the_old_one() -> None:
    asked, problems = wishes_for({"pruner": "patient", "pruner.patience": "3"}, "median")

    assert (asked, problems) == ([Asked(Wish.PRUNER, {"options": {"patience": 3}, "name": "patient"})], {})


def test_the_budget_is_changed_in_its_form(live: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("▸ run")
        await screen.press("b")
        await screen.until("settings of digits")
        await screen.press("down", "end", "0")
        await screen.until("to be set: n_trials 2400")
        await screen.press("enter")
        await screen.until(lambda: len(posted(live)) == 1)
        await screen.press("u")
        await screen.until(lambda: len(posted(live)) == 2)

    drive(live, journey)

    assert posted(live) == [("budget", None, {"n_trials": 2400}), ("budget", None, {"n_trials": 240})]


# --- priority, pins, notes


def test_one_key_each_for_next_in_line_pinning_and_tags(live: SessionFolder) -> None:
    with Reader(live) as reader:
        states = {row.number: row.state for row in reader.trials()}
    waiting = next(number for number, state in states.items() if state == "WAITING")
    running = next(number for number, state in states.items() if state == "RUNNING")

    async def journey(screen: Screen) -> None:
        await screen.until("▸ run")
        for number, key in ((waiting, "p"), (running, "P")):
            await screen.press("colon")
            await screen.type(f"goto {number}")
            await screen.press("enter", key)
        await screen.press("t")
        await screen.until(f"tags and note of trial {running}")
        await screen.type("keep odd")
        await screen.press("enter")
        await screen.until(lambda: len(posted(live)) == 3)

    drive(live, journey)

    assert posted(live) == [
        ("priority", waiting, {"priority": 1}), ("pin", running, {"on": True}),
        ("note", running, {"tags": ["keep", "odd"], "note": ""}),
    ]  # fmt: skip


def test_a_finished_session_takes_notes_without_being_started_again(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("■ finished")
        await screen.press("X")
        await screen.until("Prune: this session is over; b gives it more trials")
        await screen.press("9")
        await screen.until("9 does nothing here; ? lists the keys")
        await screen.press("t")
        await screen.type("fine")
        await screen.press("enter")
        await screen.until("tags +fine")
        await screen.press("u")
        await screen.until("tags -fine")
        await screen.press("U")
        await screen.until("tags +fine")

    drive(past, journey)

    with Reader(past) as reader:
        assert [row.attrs["hptui"] for row in reader.trials() if row.attrs] == [{"tags": ["fine"]}]
        assert reader.finished() is not None


# --- what takes a wish back

ROW = TrialRow(7, "WAITING", {}, attrs={"hptui": {"priority": 3, "note": "old", "tags": ["a"]}})


@pytest.mark.parametrize(
    ("request_", "back"),
    [
        (Request(Wish.PAUSE, (7,)), (Request(Wish.RESUME, (7,)),)),
        (Request(Wish.PRUNE, (7, 8)), (Request(Wish.UNDO, (7, 8)),)),
        (Request(Wish.PRIORITY, (7,), {"priority": 9}), (Request(Wish.PRIORITY, (7,), {"priority": 3}),)),
        (Request(Wish.PIN, (7,), {"on": True}), (Request(Wish.PIN, (7,), {"on": False}),)),
        (
            Request(Wish.NOTE, (7,), {"note": ""}),
            (Request(Wish.NOTE, (7,), {"note": "old", "tags": ["a"], "dismissed": []}),),
        ),
        (Request(Wish.SLOTS, (None,), {"slots": 4}), (Request(Wish.SLOTS, (None,), {"slots": 2}),)),
        (Request(Wish.STOP, (None,)), ()),
    ],
)  # fmt: skip
def test_what_takes_a_wish_back(request_: Request, back: tuple[Request, ...]) -> None:
    assert back_of(request_, {7: ROW}, {"slots": 2}) == back


def test_deeds_are_taken_back_latest_first_and_done_again() -> None:
    one, two = Deed("one", (), ()), Deed("two", (), (), (5,))
    deeds = Deeds().did(one).did(two)

    deeds, back = deeds.taken_back()
    assert (back, deeds) == (two, Deeds((one,), (two,)))
    deeds, again = deeds.done_again()
    assert (again, deeds.again_as((9,))) == (two, Deeds((one, replace(two, tokens=(9,)))))
    assert deeds.without(5) == Deeds((one,))
    assert deeds.did(one).undone == ()
