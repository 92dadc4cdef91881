"""What the user wishes, on its way: written into the session's mailbox, then waited for until the ledger answers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hptui.core.store.rows import CommandRow, EventRow
from hptui.core.study.commands import Wish
from hptui.core.study.session import SessionFolder
from hptui.tui.snapshot import Snapshot

PATIENCE_S = 5.0  # after this long without an answer the user is told so


@dataclass(frozen=True, slots=True)
class Asked:
    """One wish that the scheduler has not answered yet."""

    id: int
    wish: str
    trial: int | None
    at: float


@dataclass(frozen=True, slots=True)
class Pending:
    """Wishes under way, oldest first. Pure; answers come as events."""

    asked: tuple[Asked, ...] = ()

    def by_trial(self) -> Mapping[int, str]:
        """Trial -> its latest wish, for rows that show at once what was asked for."""
        return {one.trial: one.wish for one in self.asked if one.trial is not None}

    def with_one(self, one: Asked) -> Pending:
        return Pending((*self.asked, one))

    def settled(self, events: Iterable[EventRow], at: float) -> tuple[Pending, tuple[str, ...]]:
        """What is still open after these events, and what to tell the user: refusals and silences."""
        answers = {event.data["command"]: event for event in events if "command" in event.data}
        told: list[str] = []
        still: list[Asked] = []
        for one in self.asked:
            answer = answers.get(one.id)
            if answer is not None and answer.kind == "refused":
                told.append(f"refused: {answer.reason}")
            elif answer is None and at - one.at < PATIENCE_S:
                still.append(one)
            elif answer is None:
                told.append(f"no answer to {one.wish} {'' if one.trial is None else one.trial}".rstrip())
        return (Pending(tuple(still)) if len(still) != len(self.asked) else self), tuple(told)


@dataclass(frozen=True, slots=True)
class Bulk:
    """Trials a wish is for, and why it asks first (None: it does not)."""

    wish: Wish
    trials: tuple[int, ...]
    question: str | None = None
    details: tuple[str, ...] = field(default_factory=tuple)


def weigh(wish: Wish, trials: Iterable[int], snapshot: Snapshot) -> Bulk:
    """Which of `trials` the wish can be for, and whether it is grave enough to ask.

    A single ordinary prune asks nothing, since it can be taken back. More than one trial, one of the ten best, or
    one with over half of its steps behind it is asked about.
    """
    from hptui.tui.views.numbers import count, duration, percent
    from hptui.tui.views.trials import busy, share_done

    rows = [row for number in trials if (row := snapshot.trials.get(number)) is not None]
    fit = [row for row in rows if _can(wish, row.state, row.why)]
    numbers = tuple(row.number for row in fit)
    if wish is not Wish.PRUNE or not fit:
        grave = wish in (Wish.PAUSE, Wish.RETRY) and len(fit) > 1
        what = f"{wish.value.capitalize()} {count(len(fit), 'trial')}?" if grave else None
        return Bulk(wish, numbers, what)
    top = [row for row in fit if among_best(snapshot, row.number, 10)]
    far = [row for row in fit if (share_done(snapshot.facts, row) or 0) > 0.5]
    details: list[str] = []
    if top:
        details.append(f"{_named(top)} among the ten best")
    if far:
        shares = max(share_done(snapshot.facts, row) or 0 for row in far)
        details.append(f"{_named(far)} past half of the steps (up to {percent(shares)})")
    if len(fit) > 1 or details:
        spent = sum(busy(row, snapshot.at) or 0.0 for row in fit)
        details.append(f"{duration(spent)} of running time spent")
        who = f"trial {fit[0].number}" if len(fit) == 1 else count(len(fit), "trial")
        return Bulk(wish, numbers, f"Prune {who}?", tuple(details))
    return Bulk(wish, numbers)


def _named(rows: list[Any]) -> str:
    return f"trial {rows[0].number} is" if len(rows) == 1 else f"{len(rows)} of them are"


def _can(wish: Wish, state: str, why: str | None) -> bool:
    match wish:
        case Wish.PAUSE:
            return state == "RUNNING"
        case Wish.RESUME:
            return state == "PAUSED" and why not in ("undo", "disk")
        case Wish.PRUNE:
            return state in ("RUNNING", "WAITING") or (state == "PAUSED" and why != "undo")
        case Wish.RETRY:
            return state in ("FAIL", "PRUNED", "COMPLETE")
    return True


def among_best(snapshot: Snapshot, number: int, k: int) -> bool:
    """Whether a trial's best value so far would be one of the `k` best of the completed ones (when there are that many)."""
    trial, sign = snapshot.trials[number], snapshot.facts.sign
    value = trial.best if trial.best is not None else trial.value
    if value is None or value != value or len(snapshot.best) < k:
        return False
    kth = snapshot.trials[snapshot.best[k - 1]].value
    return kth is not None and sign * value <= sign * kth


def toggled(state: str, why: str | None) -> Wish | None:
    """What `space` means for a trial: pause it, let it go on, or nothing."""
    if state == "RUNNING":
        return Wish.PAUSE
    return Wish.RESUME if state == "PAUSED" and why not in ("undo", "disk") else None


class Control:
    """Posts wishes for one session. Raises what the mailbox raises: the screen tells it."""

    def __init__(self, folder: SessionFolder) -> None:
        self.folder = folder
        self.pending = Pending()

    def post(self, wish: Wish, at: float, trial: int | None = None, **args: Any) -> int:
        from hptui.core.store.mailbox import post

        command = CommandRow(wish.value, trial, args, f"screen {os.environ.get('USER', '')}".strip(), at)
        id_ = post(self.folder, command)
        self.pending = self.pending.with_one(Asked(id_, wish.value, trial, at))
        return id_

    def hear(self, events: Iterable[EventRow], at: float) -> tuple[str, ...]:
        """Take the ledger's answers; returns what the user should be told."""
        self.pending, told = self.pending.settled(events, at)
        return told


__all__ = ["Asked", "Bulk", "Control", "Pending", "among_best", "replace", "toggled", "weigh"]
