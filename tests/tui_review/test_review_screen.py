"""The tabs of the review, by keys, over a session on disk."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from driving import Screen, drive

from hptui.core.study.session import SessionFolder
from hptui.tui.screens.review import ReviewScreen
from hptui.tui.screens.review_tabs import TABS

Journey = Callable[[Screen], Awaitable[None]]
BOTH = [(80, 24), (160, 45)]


def reviewed(folder: SessionFolder, journey: Journey, size: tuple[int, int] = (80, 24)) -> None:
    """Open the session read-only, go to its views, take the journey."""

    async def there(screen: Screen) -> None:
        await screen.until("✓ done")
        await screen.press("V")
        await screen.until("1 history")
        await screen.until("new best")
        await journey(screen)

    drive(folder, there, size=size, read_only=True)


def review_of(screen: Screen) -> ReviewScreen:
    assert isinstance(screen.app.screen, ReviewScreen)
    return screen.app.screen


def digit(name: str) -> str:
    return str(([tab.name for tab in TABS].index(name) + 1) % 10)


@pytest.mark.parametrize("size", BOTH)
def test_every_tab_opens_by_its_digit_and_says_what_it_is_about(past: SessionFolder, size: tuple[int, int]) -> None:
    says = {
        "history": "val_loss over trials ended", "parallel": "trials as shade", "importance": "complete trials",
        "slices": "val_loss over each parameter", "contour": "(across)", "trials": "trials",
        "pruning": "pruning saved", "front": "one objective",
    }  # fmt: skip

    async def journey(screen: Screen) -> None:
        for name, words in says.items():
            await screen.press(digit(name))
            await screen.until(words)

    reviewed(past, journey, size)


def test_tab_goes_round_all_tabs_and_esc_goes_back_to_the_session(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        seen = []
        for _ in TABS[:-1]:
            seen.append(review_of(screen).tab.name)
            await screen.press("tab")
        assert seen == [tab.name for tab in TABS if tab.name != "front"]  # there is one objective
        assert review_of(screen).tab is TABS[0]
        await screen.press("escape")
        await screen.until("val_loss over steps")

    reviewed(past, journey)


def test_history_is_measured_by_trials_by_the_clock_and_by_device_time(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        for words in ("over wall clock (", "over device time (", "over trials ended"):
            await screen.press("x")
            await screen.until(words)
        await screen.press("L")
        await screen.until("val_loss · log")

    reviewed(past, journey)


def test_a_brush_becomes_a_filter_in_every_tab_until_esc(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.press(digit("parallel"))
        await screen.until("all 60 trials as shade")
        await screen.press("b", "enter")
        await screen.until("filter lr>=")
        shown = len(review_of(screen).arranged.order)
        assert 0 < shown < 60
        await screen.until(f"all {shown} of 60 trials")
        await screen.press(digit("trials"))
        await screen.until(f"{shown} of 60 match lr>=")
        await screen.press(digit("parallel"))
        await screen.press("escape")
        await screen.until("all 60 trials as shade")

    reviewed(past, journey, (160, 45))


def test_axes_are_chosen_moved_turned_and_made_linear_by_keys(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.press(digit("parallel"))
        await screen.until("lr·log")
        await screen.press("greater_than_sign")

        def moved() -> bool:
            names = screen.line_with("lr·log")
            return names.index("weight") < names.index("lr·log")

        await screen.until(moved)
        await screen.press("L")
        await screen.until("lr·log", gone=True)
        await screen.press("S", "plus")
        await screen.until("as lines")

    reviewed(past, journey, (160, 45))


def test_enter_on_an_importance_opens_the_slice_of_that_parameter(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.press(digit("importance"))
        await screen.until("fANOVA")
        await screen.press("j", "enter")
        chosen = screen.app.screen.query_one("#tab-importance").chosen  # type: ignore[attr-defined]
        await screen.until("val_loss over each parameter")
        await screen.until(lambda: screen.lines[3].strip().startswith(chosen))

    reviewed(past, journey)


def test_few_trials_are_told_instead_of_importances(other: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.press(digit("importance"))
        await screen.until("complete trials are too few: 16 at least, 70 to be sure")

    reviewed(other, journey)


def test_the_contour_takes_other_parameters_by_keys(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.press(digit("contour"))
        await screen.until("lr (across) and weight_decay (up)")
        await screen.press("l")
        await screen.until("batch_size (across) and weight_decay (up)")
        await screen.press("j")
        await screen.until("batch_size (across) and dropout (up)")

    reviewed(past, journey)


def test_the_past_is_stepped_through_and_left(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.press(digit("trials"))
        await screen.until("✓ done")
        await screen.press("left_curly_bracket")
        await screen.until("event ")
        review = review_of(screen)
        assert review.past is not None and review.index is not None
        bests = len(review.past)
        at = review.index
        await screen.press("left_square_bracket")
        await screen.until(f"event {at}/{bests}")
        while review.index:
            await screen.press("left_square_bracket")
            review.go_to(max(review.index - 40, 0))
        await screen.until(f"event 1/{bests}")
        assert len(review.snapshot.trials) == 0
        await screen.press("escape")
        await screen.until("✓ done")
        assert review.index is None and len(review.snapshot.trials) == 60

    reviewed(past, journey)


def test_a_wish_for_the_past_is_refused_in_words(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.press("left_square_bracket")
        await screen.until("event ")
        await screen.press("colon")
        await screen.type("pause all")
        await screen.press("enter")
        await screen.until("pause: this is the past")

    reviewed(past, journey)


def test_the_menu_lists_the_keys_of_the_tab_in_focus(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.press(digit("parallel"))
        await screen.until("as lines")
        await screen.press("question_mark")
        await screen.type("brush")
        await screen.until("a range on the chosen axis")

    reviewed(past, journey)


def test_a_tab_on_which_nothing_happens_paints_nothing(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        for tab in TABS:
            await screen.press(digit(tab.name))
            for _ in range(6):
                await screen.pilot.pause(0.03)
            if tab.name == "importance":
                await screen.until("fANOVA")
            assert await screen.paints(0.25) == [], tab.name

    reviewed(past, journey, (160, 45))


def test_the_past_of_a_session_says_that_it_is_the_past(live: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("live")
        await screen.press("V", "left_curly_bracket")
        await screen.until("as it stood then")
        await screen.press("escape")
        await screen.until("as it stood then", gone=True)

    drive(live, journey, size=(80, 24))


def test_a_tab_is_written_to_a_file(past: SessionFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def journey(screen: Screen) -> None:
        await screen.press("w", "t")
        await screen.until(lambda: any(tmp_path.glob("past-*.txt")))

    monkeypatch.chdir(tmp_path)
    reviewed(past, journey)

    (written,) = tmp_path.glob("past-*.txt")
    assert "val_loss over trials ended" in written.read_text()
