"""The twenty commonest tasks, each in at most three keys from the live screen; docs/keys.md has this table."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from driving import Screen, drive

from hptui.core.store.reader import Reader
from hptui.core.study.session import SessionFolder, home

KEYS = (Path(__file__).resolve().parents[2] / "docs" / "keys.md").read_text()


def posted(kind: str) -> Callable[[Screen, SessionFolder], bool]:
    """A wish of this kind is in the mailbox."""

    def look(_: Screen, folder: SessionFolder) -> bool:
        with Reader(folder) as reader:
            return any(command.kind == kind for command in reader.commands())

    return look


def says(text: str) -> Callable[[Screen, SessionFolder], bool]:
    return lambda screen, _: text in screen.text


def on(name: str) -> Callable[[Screen, SessionFolder], bool]:
    return lambda screen, _: type(screen.app.screen).__name__ == name


def copied(_: Screen, __: SessionFolder) -> bool:
    return (home() / "last-copy.txt").exists()


# task, its keys, the state the cursor's trial has before, how one sees that it is done
TASKS = [
    ("pause a trial, let it go on", "space", "RUNNING", posted("pause")),
    ("prune a trial", "X", "RUNNING", posted("prune")),
    ("take it back", "u", "RUNNING", posted("undo")),
    ("try a failed trial again", "r", "FAIL", posted("retry")),
    ("change a copy of a trial and try it", "E", "COMPLETE", says("a new point, made from trial")),
    ("start a waiting trial next", "p", "WAITING", posted("priority")),
    ("keep a trial from being pruned", "P", "RUNNING", posted("pin")),
    ("change the budget or the pruner", "b", "RUNNING", says("settings of digits")),
    ("one more trial at once", "+", "RUNNING", posted("slots")),
    ("stop the session", "K f", "RUNNING", posted("stop")),
    ("tag a trial, note something of it", "t", "COMPLETE", says("tags and note of trial")),
    ("see why a trial ended", "enter", "PRUNED", says("╌ pruned    best")),
    ("read a trial's log", "6", "RUNNING", says("6 log")),
    ("the best trials on top", "s", "RUNNING", says("val_loss▲")),
    ("only what matches", "/", "RUNNING", says("such as  state:run")),
    ("copy the best parameters as arguments", "s Y a", "RUNNING", copied),
    ("all views of the session", "V", "RUNNING", on("ReviewScreen")),
    ("write the table to a CSV file", "w c", "RUNNING", lambda *_: any(Path.cwd().glob("*.csv"))),
    ("find any key", "?", "RUNNING", says("keys: type to find")),
    ("leave; the session goes on", "q", "RUNNING", lambda screen, _: not screen.app.is_running),
]
NAMES = {"+": "plus", "/": "slash", "?": "question_mark"}


def test_each_common_task_takes_three_keys_at_most(
    live: SessionFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with Reader(live) as reader:
        rows = reader.trials()

    async def journey(screen: Screen) -> None:
        await screen.until("▸ run")
        here = screen.app.screen
        for task, pressed, state, done in TASKS:
            keys = pressed.split()
            assert len(keys) <= 3, task
            # past half of its steps, a prune asks first
            number = min((row for row in rows if row.state == state), key=lambda row: row.step or 0).number
            here.table.move_to(number)  # type: ignore[attr-defined]
            await screen.press(*(NAMES.get(key, key) for key in keys))
            try:
                await screen.until(lambda done=done: done(screen, live))  # type: ignore[misc]
            except AssertionError as error:
                raise AssertionError(f"{task}: {pressed}") from error
            while screen.app.is_running and screen.app.screen is not here:
                await screen.press("escape")
            if screen.app.is_running:
                await screen.press("escape", "1")

    drive(live, journey)


def test_the_page_of_keys_has_these_tasks_and_keys() -> None:
    table = KEYS.partition("## Twenty tasks")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([^|`]+?) \| ((?:`[^`]+` ?)+)\|", table, re.MULTILINE)

    assert [(task, " ".join(re.findall(r"`([^`]+)`", keys))) for task, keys in rows] == [
        (task, pressed) for task, pressed, *_ in TASKS
    ]
