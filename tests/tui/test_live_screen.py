"""A session's screen, driven by keys, over a real database."""

from __future__ import annotations

import json
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from demo_session import write_living, write_session
from driving import Screen, drive
from textual.command import CommandList
from textual.widgets import Input
from textual.widgets.option_list import Option

from hptui.core.store.reader import Reader
from hptui.core.store.rows import CommandRow, EventRow, TrialRow
from hptui.core.store.writer import Writer
from hptui.core.study.session import SessionFolder, home
from hptui.tui.screens.live import LiveScreen

SIZES = [(80, 24), (160, 45)]


def test_news_for_a_screen_that_is_closed_are_no_error(past: SessionFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    raised: list[object] = []
    monkeypatch.setattr(threading, "excepthook", raised.append)
    feed = LiveScreen(past, True).attached.feed  # of a screen without an app, as one that has been closed

    feed.start()
    end = time.monotonic() + 20
    while not feed.snapshot.trials and time.monotonic() < end:
        time.sleep(0.01)
    feed.stop()
    feed._thread.join(20)

    assert feed.snapshot.trials and not raised


@pytest.mark.parametrize("size", SIZES)
def test_a_finished_session_is_shown_as_a_review(past: SessionFolder, size: tuple[int, int]) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("✓ done")
        assert "review (read-only)" in screen.lines[0]
        assert "best 0." in screen.lines[0]
        assert "val_loss over steps" in screen.text

    drive(past, journey, size=size, read_only=True)


def test_on_a_narrow_terminal_digits_swap_the_lower_pane(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("2 curves")
        await screen.press("5")
        await screen.until("5 best")
        assert "2 curves" not in screen.text
        assert "1 trials" in screen.text
        await screen.press("4")
        await screen.until("4 decisions")
        await screen.until("all 60 trials have ended")

    drive(past, journey, read_only=True)


def test_zoom_gives_a_pane_the_whole_screen_and_takes_it_back(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("2 curves")
        await screen.press("z")
        await screen.until("2 curves", gone=True)
        await screen.press("escape")
        await screen.until("2 curves")

    drive(past, journey, read_only=True)


def test_filtering_shows_what_matches_and_esc_shows_all_again(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("╌ pruned")
        await screen.press("slash")
        await screen.type("state:done")
        await screen.until("╌ pruned", gone=True)
        await screen.press("enter")
        await screen.until("match state:done")
        await screen.press("escape")
        await screen.until("╌ pruned")

    drive(past, journey, read_only=True)


def test_a_filter_that_nothing_matches_says_how_to_get_out(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("✓ done")
        await screen.press("slash")
        await screen.type("zebra")
        await screen.until("0 of 60 match zebra: esc clears the filter")

    drive(past, journey, read_only=True)


def test_sorting_by_the_metric_puts_the_best_on_top(past: SessionFolder) -> None:
    with Reader(past) as reader:
        best = reader.best(1)[0].number

    async def journey(screen: Screen) -> None:
        await screen.until("✓ done")
        await screen.press("s")
        await screen.until(lambda: screen.lines[3].split()[:3] == [">", "•", str(best)])
        await screen.press("S")
        await screen.until(lambda: screen.lines[3].split()[:1] == [">"] and f" {best} " not in screen.lines[3])

    drive(past, journey, read_only=True)


def test_the_cursor_stays_on_its_trial_when_new_ones_come(live: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("▸ run")
        await screen.press("j", "j", "j", "j")
        held = screen.app.screen.cursor()  # type: ignore[attr-defined]
        writer = Writer(live)
        with Reader(live) as reader:
            row = reader.trial(held)
        assert row is not None
        for number in (60, 61, 62):
            writer.save_trial(replace(row, number=number, state="WAITING", value=None, step=None))
        await screen.until(" 62 · wait")
        assert screen.app.screen.cursor() == held  # type: ignore[attr-defined]
        assert screen.line_with("> ").split()[1] == str(held) or str(held) in screen.line_with("> ")
        writer.close()

    drive(live, journey)


def test_pause_shows_at_once_is_written_down_and_is_answered(live: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("▸ run")
        await screen.press("colon")
        await screen.type("goto 57")
        await screen.press("enter", "space")
        await screen.until("‖ pausing")
        await screen.until(lambda: len(_commands(live)) == 1)
        command = _commands(live)[0]
        assert (command.kind, command.trial) == ("pause", 57)
        writer = Writer(live)
        reason = "trial 57 is ending"
        writer.append(EventRow(time.time(), "refused", 57, reason, {"command": command.id}))
        await screen.until(reason)
        await screen.until("‖ pausing", gone=True)
        writer.close()

    drive(live, journey)


def test_a_prune_is_undone_with_u(live: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("▸ run")
        await screen.press("colon")
        await screen.type("goto 56")
        await screen.press("enter", "X")
        await screen.until("pruning trial 56 in 5 s: u takes it back")
        await screen.press("u")
        await screen.until(lambda: [c.kind for c in _commands(live)] == ["prune", "undo"])
        await screen.press("colon")
        await screen.type("prune 59")  # which waits
        await screen.press("enter")
        await screen.until("trial 59 pruned before starting: r tries again")

    drive(live, journey)


def test_pruning_many_asks_first_and_enter_is_cancel(live: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("▸ run")
        for key in ("enter", "X", "q", "escape"):
            await screen.press("colon")
            await screen.type("prune state:run")
            await screen.press("enter")
            await screen.until("Prune 2 trials?")
            await screen.press(key)
            if key == "X":
                assert "Prune 2 trials?" in screen.text
                await screen.press("escape")
            await screen.until("Prune 2 trials?", gone=True)
        assert _commands(live) == []
        await screen.press("colon")
        await screen.type("prune state:run")
        await screen.press("enter")
        await screen.until("Prune 2 trials?")
        await screen.press("p")
        await screen.until(lambda: [(c.kind, c.trial) for c in _commands(live)] == [("prune", 56), ("prune", 57)])

    drive(live, journey)


def test_trying_many_again_is_not_confirmed_by_the_key_that_asked(live: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("▸ run")
        await screen.press("colon")
        await screen.type("mark state:fail")
        await screen.press("enter", "r", "r", "r")
        await screen.until("trials again?")
        assert _commands(live) == []
        await screen.press("t")
        await screen.until(lambda: {one.kind for one in _commands(live)} == {"retry"})

    drive(live, journey)


def test_stopping_asks_how(live: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("▸ run")
        await screen.press("K")
        await screen.until("Stop the session?")
        await screen.press("f")
        await screen.until(lambda: [(c.kind, c.args) for c in _commands(live)] == [("stop", {"now": False})])

    drive(live, journey)


def test_a_read_only_screen_changes_nothing(live: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("▸ run")
        await screen.press("X", "space", "K", "r", "u", "plus")
        await screen.until("More slots: this screen only looks; hptui attach digits changes it")
        await screen.press("colon")
        await screen.type("slots 4")
        await screen.press("enter")
        await screen.until("this screen is read-only")
        assert _commands(live) == []

    drive(live, journey, read_only=True)


def test_a_trials_own_screen_tells_why(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("✓ done")
        await screen.press("colon")
        await screen.type("open 0")
        await screen.press("enter")
        await screen.until("the defaults of the study")
        await screen.until("1e-5 … 0.1 log")
        await screen.press("M")
        await screen.until("2 val_accuracy over steps ─ 2 of 2")
        await screen.press("escape")
        await screen.until("1 trials")

    drive(past, journey, size=(160, 45), read_only=True)


def test_the_table_behind_a_trial_asks_for_nothing(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("✓ done")
        table = screen.app.screen
        assert isinstance(table, LiveScreen)
        await screen.press("enter")
        await screen.until("1 parameters")
        table.show_curves()  # as the timer does that the cursor's last move has set
        await screen.until("forked, pid")

    drive(past, journey, size=(160, 45))


def test_lanes_look_less_far_back(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("✓ done")
        await screen.press("8", "T")
        await screen.until("8 lanes ─ the last 5 minutes")

    drive(past, journey)


def test_the_menu_of_keys_finds_a_key_and_does_it(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("✓ done")
        await screen.press("question_mark")
        await screen.until("find a key")
        await screen.type("adopt")
        await screen.until("the evidence")
        await screen.press(*["backspace"] * 5)
        await screen.type("log scale")
        await screen.press("enter")
        await screen.until("val_loss · log over steps")

    drive(past, journey, read_only=True)


def test_what_is_entered_twice_in_a_hurry_closes_one_screen(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("✓ done")
        await screen.press("question_mark")
        await screen.until("find a key")
        await screen.type("log scale")
        typed = screen.app.screen.query_one(Input)
        for _ in range(2):  # as when the terminal brings two keys before the first is done
            typed.post_message(Input.Submitted(typed, typed.value))
        await screen.until("val_loss · log over steps")

    drive(past, journey, read_only=True)


def test_copying_the_parameters_keeps_them_in_a_file(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("✓ done")
        await screen.press("Y")
        await screen.until("copy the parameters as")
        await screen.press("j")
        kept = home() / "last-copy.txt"
        await screen.until(kept.exists)
        assert set(json.loads(kept.read_text())) >= {"lr", "batch_size"}

    drive(past, journey, read_only=True)


def test_a_frozen_screen_holds_still_while_data_comes_in(live: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("▸ run")
        await screen.press("f")
        await screen.until("FROZEN")
        writer = Writer(live)
        writer.append(EventRow(time.time(), "best", 3, "new best 0.001"))
        with writer.transaction():
            for number in range(1000, 1007):
                writer.save_trial(TrialRow(number, "WAITING", {}))
        await screen.until("9·")  # the header goes on counting
        assert "new best 0.001" not in screen.text and "1006" not in screen.text
        await screen.press("f")
        await screen.until("new best 0.001")
        await screen.press("f", "colon")
        await screen.type("goto 57")
        await screen.press("enter", "space")  # answers are heard all the same
        await screen.until(lambda: len(_commands(live)) == 1)
        asked = _commands(live)[0]
        writer.append(EventRow(time.time(), "refused", asked.trial, "it is ending", {"command": asked.id}))
        await screen.until("it is ending")
        writer.close()

    drive(live, journey)


def test_when_the_scheduler_dies_the_header_says_what_to_do(own_home: Path) -> None:
    folder, lock = write_living(own_home, 20)

    async def journey(screen: Screen) -> None:
        await screen.until("● live")
        lock.release()
        await screen.until("scheduler is gone: R starts it again")
        await screen.press("space")
        assert _commands(folder) == []

    drive(folder, journey)


def test_taking_back_what_was_asked_of_a_session_that_lives_no_more_does_not_start_it(own_home: Path) -> None:
    folder, lock = write_living(own_home)

    async def journey(screen: Screen) -> None:
        await screen.until("▸ run")
        await screen.press("colon")
        await screen.type("goto 57")
        await screen.press("enter", "space")
        await screen.until(lambda: len(_commands(folder)) == 1)
        lock.release()
        await screen.until("scheduler is gone")
        await screen.press("u")
        await screen.until(lambda: "R starts it again" in screen.lines[-1])

    drive(folder, journey)

    assert [(one.kind, one.trial) for one in _commands(folder)] == [("pause", 57)]
    assert not folder.log.exists()  # nor was there a scheduler


def test_a_session_that_vanishes_is_said_to_be_gone(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("✓ done")
        shutil.rmtree(past.path)
        await screen.until("there is no such folder")

    drive(past, journey, read_only=True)


def test_a_small_terminal_is_told_so(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("39x11 is too small: need 40x12")
        await screen.pilot.resize_terminal(80, 24)
        await screen.until("1 trials")

    drive(past, journey, size=(39, 11), read_only=True)


def test_hostile_names_are_harmless(own_home: Path) -> None:
    folder = SessionFolder(own_home / "sessions" / "hostile")
    write_session(folder, 12)
    evil = "\x1b[31m[bold]\u202etxt\n\x07日本"
    writer = Writer(folder)
    with Reader(folder) as reader:
        rows = reader.trials()
    for row in rows:
        writer.save_trial(replace(row, reason=evil, proposal=evil, params={**row.params, evil: evil}))
    writer.save_parameters({evil: {"type": "categorical", "choices": [evil, "[/]"]}})
    writer.append(EventRow(time.time(), "a-kind-nobody-knows", 3, evil))
    writer.close()

    async def journey(screen: Screen) -> None:
        await screen.until("[bold]txt")
        assert all(char.isprintable() or char == "\n" for char in screen.text)
        await screen.press("enter")
        await screen.until("trial 11")
        await screen.press("escape", "question_mark", "escape", "ctrl+p")

    drive(folder, journey, size=(160, 45), read_only=True)


def _commands(folder: SessionFolder) -> list[CommandRow]:
    with Reader(folder) as reader:
        return reader.commands()


def test_a_timer_of_the_palette_that_comes_too_late_ends_nothing(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("✓ done")
        await screen.press("ctrl+p")
        await screen.until(lambda: len(screen.app.screen_stack) > 2)
        fired: list[bool] = []

        def look_for_what_is_gone() -> None:
            fired.append(True)
            screen.app.screen.query_one("#gone")

        screen.app.screen.set_timer(0.01, look_for_what_is_gone)
        await screen.until(lambda: bool(fired))
        await screen.press("escape")
        await screen.until("✓ done")

    drive(past, journey, read_only=True)


def test_a_page_key_in_the_palette_before_its_list_is_there_ends_nothing(past: SessionFolder) -> None:
    async def journey(screen: Screen) -> None:
        await screen.until("✓ done")
        await screen.press("ctrl+p")
        found = screen.app.screen.query_one(CommandList)
        found.add_option(Option("one"))
        found._index_to_line.clear()  # what a search has brought is not laid out yet
        screen.app.screen._action_command_list("page_down")  # type: ignore[attr-defined]
        await screen.press("pagedown", "escape")
        await screen.until("✓ done")

    drive(past, journey, read_only=True)
