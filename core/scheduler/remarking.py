"""Notes and tags, written down: of a live trial, of one that has ended, of the session, and of a session at rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from hptui.core.store.reader import Reader
from hptui.core.store.rows import CommandRow
from hptui.core.store.writer import Writer
from hptui.core.study.commands import Wish
from hptui.core.study.remarks import ATTR, FACT, difference, problem_with, remarked, remarks_of
from hptui.core.study.session import SessionFolder
from hptui.core.wire.lock import SessionLock, scheduler_of

if TYPE_CHECKING:
    from hptui.core.scheduler import events as e
    from hptui.core.scheduler.state import Live

_NOBODY: Mapping[int, Live] = {}


def remark(reader: Reader, at: float, wish: CommandRow, live: Mapping[int, Live] = _NOBODY) -> list[e.Event]:
    """What a note or tags lead to. live: trials whose latest attributes are not in the database yet."""
    from hptui.core.scheduler import events as e  # slow to import, for those who only look whether a note waits

    if problem := problem_with(wish.args):
        return [e.Refused(at, wish, problem)]
    number = wish.trial
    if number is None:
        before = reader.fact(FACT) or {}
        after = remarked(before, wish.args)
        return [e.Heeded(at, wish, f"you noted: {difference(before, after)}"), e.RemarksSet(at, after)]
    if number in live:
        attrs = live[number].trial.attrs
        after = remarked(remarks_of(attrs), wish.args)
        said = f"you noted of trial {number}: {difference(remarks_of(attrs), after)}"
        return [e.Heeded(at, wish, said), e.AttrSet(at, number, ATTR, after)]
    row = reader.trial(number)
    if row is None:
        return [e.Refused(at, wish, f"there is no trial {number}")]
    after = remarked(remarks_of(row.attrs), wish.args)
    said = f"you noted of trial {number}: {difference(remarks_of(row.attrs), after)}"
    return [e.Heeded(at, wish, said), e.EndedRemarked(at, replace(row, attrs={**row.attrs, ATTR: after}))]


def remark_at_rest(folder: SessionFolder, at: float) -> None:
    """Write down the notes that wait in the mailbox of a session nobody schedules; anything else keeps waiting.

    Wishes are answered in their order, so the first that is no note ends it. Raises SessionError as `Writer` does.
    """
    if scheduler_of(folder.lock).alive or not _notes_wait(folder):
        return
    lock = SessionLock.take(folder.lock, schedules=False)  # waits for who writes another note, and for readers' looks
    if lock is None:
        return  # a scheduler has just come, and will read them
    try:
        writer = Writer(folder)
        try:
            with Reader(folder) as reader:
                for wish in reader.unanswered():
                    if wish.kind != Wish.NOTE:
                        break
                    _write(writer, remark(reader, at, wish), wish)
        finally:
            writer.close()
    finally:
        lock.release()


def _notes_wait(folder: SessionFolder) -> bool:
    with Reader(folder) as reader:
        waiting = reader.unanswered()
    return bool(waiting) and waiting[0].kind == Wish.NOTE


def _write(writer: Writer, events: list[e.Event], wish: CommandRow) -> None:
    from hptui.core.scheduler import events as e

    with writer.transaction():
        writer.set_fact("command_cursor", wish.id)
        for event in events:
            if (row := event.row()) is not None:
                writer.append(row)
            match event:
                case e.RemarksSet(remarks=remarks):
                    writer.set_fact(FACT, remarks or None)
                case e.EndedRemarked(written=trial):
                    writer.save_trial(trial)
