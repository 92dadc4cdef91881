"""What can be asked of a session, live or past. One method per question; nothing here changes anything."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from hptui.core.store import codec
from hptui.core.store.connect import connect_to_read
from hptui.core.store.faults import damaged, explain, missing
from hptui.core.store.rows import CommandRow, DeviceRow, EventRow, Finished, ReadingRow, TrialRow
from hptui.core.store.schema import KEPT
from hptui.core.study.session import SessionFolder

Points = list[tuple[int, float]]
"""(step, value) by ascending step; a value may be nan or infinite."""
Report = tuple[int, str, int, float]
"""(trial, metric, step, value)"""


class Reader:
    """A read-only look at a session. Use it from one thread at a time.

    Every question is one short read, so the scheduler's log never has to wait for a screen.
    Raises SessionError: no such session, newer than this program, damaged.
    """

    def __init__(self, folder: SessionFolder) -> None:
        self.folder = folder
        if not folder.database.exists():
            raise missing(folder)
        try:
            self._db = connect_to_read(folder)
        except sqlite3.Error as error:
            raise explain(error, folder) from error

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._db.close()

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[None]:
        """Questions asked inside see one and the same moment. Keep it short."""
        self._ask("begin")
        try:
            yield
        finally:
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("rollback")

    def _ask(self, sql: str, *values: Any) -> list[Any]:
        try:
            return self._db.execute(sql, values).fetchall()
        except (sqlite3.Error, OverflowError) as error:
            raise explain(error, self.folder) from error

    def _each(self, sql: str, *values: Any) -> Iterator[Any]:
        """As `_ask`, a row at a time: the whole answer as text is larger than what is made of it."""
        try:
            yield from self._db.execute(sql, values)
        except sqlite3.Error as error:
            raise explain(error, self.folder) from error

    @contextlib.contextmanager
    def _decoding(self) -> Iterator[None]:
        """A damaged page may hold anything where JSON should be."""
        try:
            yield
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise damaged(self.folder, str(error)) from error

    # the session

    def data_version(self) -> int:
        """Another number whenever something was written: only then is it worth asking anything else."""
        return int(self._ask("pragma data_version")[0][0])

    def facts(self) -> dict[str, Any]:
        """name, direction, metric, created_at, ... as `create_session` and the scheduler wrote them."""
        with self._decoding():
            return {key: codec.from_json(value) for key, value in self._ask("select key, value from session")}

    def fact(self, key: str) -> Any:
        """One of them, or None."""
        with self._decoding():
            rows = self._ask("select value from session where key = ?", key)
            return codec.from_json(rows[0][0]) if rows else None

    def finished(self) -> Finished | None:
        """How the session ended, or None while it has not."""
        fact = self.fact("finished")
        if not fact:
            return None
        return Finished(fact["at"], fact.get("reason", ""), bool(fact.get("ok", True)), bool(fact.get("final", True)))

    def parameters(self) -> dict[str, Any]:
        """Name -> definition, in the order to show them."""
        with self._decoding():
            rows = self._ask("select name, definition from parameters order by position")
            return {name: codec.from_json(definition) for name, definition in rows}

    def devices(self) -> list[DeviceRow]:
        return [DeviceRow(*row) for row in self._ask(f"select {codec.DEVICE} from devices order by id")]

    def readings(self, device: str, after: float = 0.0) -> list[ReadingRow]:
        """What a device was like over time, oldest first."""
        sql = f"select {codec.READING} from device_readings where device = ? and at > ? order by at"
        return [ReadingRow(*row) for row in self._ask(sql, device, after)]

    def commands(self, after_id: int = 0) -> list[CommandRow]:
        with self._decoding():
            rows = self._ask(f"select {codec.COMMAND} from commands where id > ? order by id", after_id)
            return [codec.command_row(row) for row in rows]

    def unanswered(self) -> list[CommandRow]:
        """Wishes that nobody has answered yet, oldest first."""
        before = int(self.fact("command_cursor") or 0)
        waiting = self.commands(before)
        answered = self.answered(before) if waiting else set()
        return [wish for wish in waiting if wish.id not in answered]

    def answered(self, after_id: int) -> set[int]:
        """Commands after `after_id` that the ledger has an answer to: an earlier one may still wait for its trial."""
        sql = """
            select json_extract(data, '$.command') as command from events
            where kind in ('wished', 'refused') and command > ?
        """
        return {int(row[0]) for row in self._ask(sql, after_id)}

    # trials

    def trials(self, after_change: int = 0, points: bool = True) -> list[TrialRow]:
        """Trials that changed after `after_change`, the latest last: ask from its `change` next.

        points: with `x`, which a screen of 100,000 trials does better without.
        """
        with self._decoding():
            columns = codec.TRIAL if points else codec.TRIAL.replace(" x,", " '[]',")
            return codec.trial_rows(
                self._each(f"select {columns} from trials where change > ? order by change", after_change)
            )

    def newest(self, k: int) -> list[TrialRow]:
        """The `k` latest trials, the first of them first."""
        with self._decoding():
            rows = codec.trial_rows(self._ask(f"select {codec.TRIAL} from trials order by number desc limit ?", k))
        return rows[::-1]

    def trial(self, number: int) -> TrialRow | None:
        with self._decoding():
            rows = codec.trial_rows(self._ask(f"select {codec.TRIAL} from trials where number = ?", number))
        return rows[0] if rows else None

    def counts(self) -> dict[str, int]:
        """State -> how many trials, for the states that have any."""
        return dict(self._ask("select state, count(*) from trials group by state"))

    def running_seconds(self) -> tuple[float, float]:
        """How long trials have run, up to their last pause or end: all of them, and those on GPUs."""
        sql = "select total(busy_s), total(case when device not like 'cpu%' then busy_s end) from trials"
        every, on_gpus = self._ask(sql)[0]
        return float(every), float(on_gpus)

    def best(self, k: int = 1) -> list[TrialRow]:
        """The `k` best complete trials that broke no constraint, best first, equal ones by number.

        Only a finite value can be best.
        """
        order = "desc" if self.fact("direction") == "maximize" else "asc"
        sql = f"""
            select {codec.TRIAL} from trials
            where state = 'COMPLETE' and value is not null and {KEPT}
            order by value {order}, number
            limit ?
        """
        with self._decoding():
            return codec.trial_rows(self._ask(sql, k))

    def complete(self) -> list[tuple[int, float, dict[str, Any]]]:
        """(number, value, attrs) of every complete trial that broke no constraint and has a finite value, by number."""
        sql = f"""
            select number, value, attrs from trials where state = 'COMPLETE' and value is not null and {KEPT}
            order by number
        """
        with self._decoding():
            return [(number, value, codec.from_json(attrs)) for number, value, attrs in self._ask(sql)]

    # curves

    def metric_names(self) -> list[str]:
        """Every metric reported so far, in order of first appearance."""
        return list(self.fact("metric_names") or [])

    def curve(self, trial: int, metric: str, after_step: int = -1) -> Points:
        """What a trial reported after `after_step`."""
        sql = """
            select step, value, word from metrics
            where trial = ? and metric = ? and step > ?
            order by step
        """
        return [
            (step, _number(value) if word is None else float(word))
            for step, value, word in self._ask(sql, trial, codec.text(metric), codec.fitting(after_step))
        ]

    def curves(self, trials: Iterable[int], metric: str, after_step: int | dict[int, int] = -1) -> dict[int, Points]:
        """Trial -> its curve, all at one moment. after_step: one for all, or per trial (-1 where missing)."""
        with self.snapshot():
            if isinstance(after_step, int):
                return {trial: self.curve(trial, metric, after_step) for trial in trials}
            return {trial: self.curve(trial, metric, after_step.get(trial, -1)) for trial in trials}

    def metrics(self, after: tuple[int, str, int] = (-1, "", 0), limit: int = 10_000) -> list[Report]:
        """A page of all reports by trial, metric and step. after: the first three of the last one known."""
        sql = """
            select trial, metric, step, value, word from metrics
            where (trial, metric, step) > (?, ?, ?)
            order by trial, metric, step
            limit ?
        """
        return [
            (trial, metric, step, _number(value) if word is None else float(word))
            for trial, metric, step, value, word in self._ask(sql, *after, limit)
        ]

    # the ledger

    def events(self, after_id: int = 0, limit: int | None = None) -> list[EventRow]:
        """Events after `after_id`, oldest first."""
        sql = f"select {codec.EVENT} from events where id > ? order by id limit ?"
        return self._events(sql, after_id, -1 if limit is None else limit)

    def last_events(self, n: int) -> list[EventRow]:
        """The latest `n`, oldest first."""
        return self._events(f"select {codec.EVENT} from events order by id desc limit ?", n)[::-1]

    def events_until(self, id: int, n: int) -> list[EventRow]:
        """The `n` events up to and with one, oldest first."""
        return self._events(f"select {codec.EVENT} from events where id <= ? order by id desc limit ?", id, n)[::-1]

    def outline(self, after_id: int = 0, limit: int = 50_000) -> list[tuple[int, float, str, int | None]]:
        """A page of the ledger without its words: (id, at, kind, trial), oldest first."""
        return self._ask("select id, at, kind, trial from events where id > ? order by id limit ?", after_id, limit)

    def events_of(self, trial: int) -> list[EventRow]:
        return self._events(f"select {codec.EVENT} from events where trial = ? order by id", trial)

    def _events(self, sql: str, *values: Any) -> list[EventRow]:
        with self._decoding():
            return [codec.event_row(row) for row in self._ask(sql, *values)]


def _number(value: float | None) -> float:
    """A report that carries no number at all (null) reads as nan."""
    return float("nan") if value is None else float(value)
