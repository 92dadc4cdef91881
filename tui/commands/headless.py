"""Following a session without a screen: a progress line, and at the end the best trials and how it went."""

from __future__ import annotations

import shutil
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

from hptui.core.review.front import front
from hptui.core.review.trust import why_none
from hptui.core.store.reader import Reader
from hptui.core.store.rows import EventRow, Finished, TrialRow
from hptui.core.study.goals import goals_of
from hptui.core.study.session import SessionFolder
from hptui.core.study.trial import State
from hptui.core.wire.lock import scheduler_of
from hptui.tui.commands.answers import duration, folded, harmless, number, say, settings
from hptui.tui.commands.best import best_table
from hptui.tui.commands.finding import start
from hptui.tui.commands.listing import tally

LOOK_S = 0.1
FINISHED, ERROR, NOTHING_COMPLETE, DETACHED = 0, 1, 3, 130
TOLD = {"warning", "error", "disk-full", "disk-back"}
"""Kinds of events that a person reading along should see."""


@dataclass
class Progress:
    """What is known of the session by now."""

    trials: dict[int, TrialRow] = field(default_factory=dict)
    n_trials: int | None = None
    change: int = 0
    event: int = 0
    opened: int = 0  # the event with which its latest scheduler began

    def take(self, reader: Reader) -> tuple[list[TrialRow], list[EventRow]]:
        """Read what is new: trials that ended since, and events worth telling."""
        with reader.snapshot():
            rows, events, self.n_trials = (
                reader.trials(self.change),
                reader.events(self.event),
                reader.fact("n_trials"),
            )
        ended = []
        for row in rows:
            before = self.trials.get(row.number)
            if State(row.state).ended and (before is None or not State(before.state).ended):
                ended.append(row)
            self.trials[row.number] = row
            self.change = max(self.change, row.change)
        for event in events:
            self.event = event.id
            self.opened = event.id if event.kind == "opened" else self.opened
        return ended, [event for event in events if event.kind in TOLD]

    def counts(self) -> dict[str, int]:
        return Counter(row.state for row in self.trials.values())


def follow(folder: SessionFolder) -> int:
    """Print until the session ends; returns the exit status. Ctrl-C leaves the session running."""
    in_place = sys.stdout.isatty()
    if not in_place:  # it may be long until the first trial ends
        print(f"{folder.name}: {folder.path} (hptui attach {folder.name} is its screen)", flush=True)
    try:
        finished = _watch(folder, in_place)
    except KeyboardInterrupt:
        if in_place:
            print()
        say(f"{folder.name} goes on without this terminal.")
        say(f"  hptui attach {folder.name}    its screen")
        say(f"  hptui stop {folder.name}      let running trials finish, start no new ones (--now ends them)")
        return DETACHED
    return summarise(folder, finished)


def _watch(folder: SessionFolder, in_place: bool) -> Finished:
    progress, begun = Progress(), time.monotonic()
    with Reader(folder) as reader:
        known = reader.finished()
        over = known is not None and known.ok  # what went wrong at once is news still
        _, events = progress.take(reader)  # what ended before is not news
        for event in events:
            if event.id > progress.opened and not over:  # but what its scheduler said so far is
                _tell(_said(event), in_place)
        several = len(goals_of(reader.facts())) > 1
        while True:
            # asked before the news is read: whatever was written before the end is then told
            finished = reader.finished()
            ended, events = progress.take(reader)
            for event in events:
                _tell(_said(event), in_place)
            best = [] if several else reader.best(1)
            if in_place:
                _draw(_progress_line(folder.name, progress, best, time.monotonic() - begun))
            else:
                for row in ended:
                    print(_trial_line(row, best), flush=True)
            if finished is not None and not scheduler_of(folder.lock).alive:
                if in_place:
                    print()
                return finished
            if finished is None and not scheduler_of(folder.lock).alive and reader.finished() is None:
                start(folder)  # it was killed; the trials are still there
            _wait_for_news(reader)


def _said(event: EventRow) -> str:
    return f"{'' if event.trial is None else f'trial {event.trial}: '}{harmless(event.reason)}"


def _wait_for_news(reader: Reader) -> None:
    """Until something was written, one second at most."""
    before, until = reader.data_version(), time.monotonic() + 1.0
    while time.monotonic() < until:
        time.sleep(LOOK_S)
        if reader.data_version() != before:
            return


def _trial_line(row: TrialRow, best: list[TrialRow]) -> str:
    took = duration(row.busy_s or None)
    said = f"trial {row.number:<4} {row.state:<8} {number(row.value):>10}  {took:>6}"
    lead = f"  best {number(best[0].value)} (trial {best[0].number})" if best else ""
    cause = f"  {row.cause}" if row.cause else ""
    reason = f"{cause}: {harmless(row.reason)}" if row.reason else cause
    return said + lead + reason if row.state != State.COMPLETE else f"{said}{lead}  {settings(row.params)}"


def _progress_line(name: str, progress: Progress, best: list[TrialRow], seconds: float) -> str:
    lead = f" · best {number(best[0].value)} (trial {best[0].number})" if best else ""
    return f"{name} · {tally(progress.counts(), progress.n_trials)}{lead} · {duration(seconds)}"


def _draw(line: str) -> None:
    columns = shutil.get_terminal_size().columns
    print(f"\r\x1b[K{line[: columns - 1]}", end="", flush=True)


def _tell(line: str, in_place: bool) -> None:
    print(f"\r\x1b[K{line}" if in_place else line, flush=True)


def summarise(folder: SessionFolder, finished: Finished) -> int:
    """Print the best five, what failed, and how it ended. Returns the exit status."""
    with Reader(folder) as reader:
        goals, trials = goals_of(reader.facts()), reader.trials()
        best = front(trials, goals) if len(goals) > 1 else reader.best(5)
        detail = "" if finished.ok else _detail(reader)
    counts = Counter(row.state for row in trials)
    if best:
        print(f"\n{best_table(best, goals)}\n")
    elif counts.get(State.COMPLETE):
        print(f"no trial is the best one: {why_none(trials)}")
    causes = Counter(row.cause or "unknown" for row in trials if row.state == State.FAIL)
    said = "" if "complete" in finished.reason else f": {tally(counts, None)}"
    print(f"{folder.name}: {harmless(finished.reason)}{said}")
    if causes:
        said = ", ".join(f"{n} {cause}" for cause, n in causes.most_common())
        last = max((row for row in trials if row.state == State.FAIL), key=lambda row: (row.ended_at or 0, row.number))
        latest = "" if detail else f"; the latest, trial {last.number}: {harmless(last.reason)}"
        print(folded(f"failed: {said}{latest}", "  "))
        print(f"  why each did: hptui show {folder.name}; the details: hptui logs {folder.name} TRIAL")
    if detail:
        say(harmless(detail))
    complete = counts.get(State.COMPLETE, 0)
    if not finished.ok and (complete or not any(State(row.state).ended for row in trials)):
        return ERROR
    return FINISHED if complete else NOTHING_COMPLETE


def _detail(reader: Reader) -> str:
    """The user's own frames of what went wrong, from the latest event that has them."""
    for event in reversed(reader.last_events(200)):
        if isinstance(text := event.data.get("detail"), str) and text:
            return text
    return ""
