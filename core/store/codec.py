"""How our values travel into SQLite and back: JSON, numbers that are not finite, text that is no Unicode."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from hptui.core.store.rows import CommandRow, DeviceRow, EventRow, ReadingRow, ReportRow, TrialRow
from hptui.core.study.commands import UNREADABLE
from hptui.core.wire.spool import pack_number

_encode = msgspec.json.Encoder(enc_hook=str).encode
_decode = msgspec.json.Decoder().decode
_INT64 = (1 << 63) - 1

EVENT = "id, at, kind, trial, reason, data"
COMMAND = "id, at, kind, trial, args, by"
DEVICE = (
    "id, name, at, slots, used_slots, load, memory_used_bytes, memory_total_bytes, temperature_c, power_w, note,"
    " memory_ours_bytes, power_limit_w, idle, number"
)
READING = "device, at, load, memory_used_bytes, memory_ours_bytes, power_w, temperature_c"
# In the order of TrialRow's fields; `word` last.
TRIAL = (
    "number, state, params, x, seed, origin, proposal, why, reason, cause, may_retry, retry_of,"
    " value, best, step, device, slot, pid, start_ticks, created_at, started_at, ended_at, paused_at, until,"
    " resume_wanted, busy_s, attrs, change, word"
)


def holes(columns: str) -> str:
    """ "a, b, c" -> "?, ?, ?" """
    return ", ".join("?" * len(columns.split(",")))


def text(value: str) -> str:
    """`value` as UTF-8 can carry it: a lone surrogate (once a stray byte) becomes its name, \\udc80."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-8", "backslashreplace").decode()
    return value


def to_json(value: Any) -> str:
    """JSON text. It has no NaN and no infinity: inside params, attrs and event data these become null."""
    try:
        return _encode(value).decode()
    except UnicodeEncodeError:
        return _encode(_without_surrogates(value)).decode()


def from_json(data: str) -> Any:
    return _decode(data)


def _without_surrogates(value: Any) -> Any:
    match value:
        case str():
            return text(value)
        case dict():
            return {_without_surrogates(k): _without_surrogates(v) for k, v in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_without_surrogates(v) for v in value]
        case _:
            return value


def split(value: float | None, word: str | None = None) -> tuple[float | None, str | None]:
    """(value, word) for the columns: a value that is not finite is NULL there, its word says which it was."""
    if value is None or value - value == 0.0:
        return value, word
    return None, str(pack_number(value))


def join(value: float | None, word: str | None) -> float | None:
    return value if word is None else float(word)


def finite(value: float | None) -> float | None:
    return split(value)[0]


def fitting(number: int) -> int:
    """`number` as SQLite's 64 bits hold it: one outside counts as the outermost that fits."""
    return max(-_INT64 - 1, min(_INT64, number))


def trial_values(row: TrialRow, change: int) -> tuple[Any, ...]:
    value, word = split(row.value)
    return (
        row.number, row.state, to_json(row.params), to_json(row.x), fitting(row.seed), row.origin,
        text(row.proposal), row.why, text(row.reason), row.cause, row.may_retry, row.retry_of,
        value, finite(row.best), None if row.step is None else fitting(row.step),
        None if row.device is None else text(row.device), row.slot, row.pid, row.start_ticks,
        row.created_at, row.started_at, row.ended_at, row.paused_at, row.until,
        row.resume_wanted, row.busy_s, to_json(row.attrs), change, word,
    )  # fmt: skip


def trial_rows(rows: Iterable[Sequence[Any]]) -> list[TrialRow]:
    """Rows of `TRIAL` columns as values. Written flat: a screen on 10,000 trials starts with this.

    Equal texts are one object: most trials share their states, devices and reasons.
    """
    decode = _decode
    one: Callable[[Any, Any], Any] = {}.setdefault
    return [
        TrialRow(
            number, one(state, state), decode(params), tuple(decode(x)) if x != "[]" else (), seed,
            one(origin, origin), one(proposal, proposal), one(why, why), one(reason, reason), one(cause, cause),
            may_retry == 1, retry_of, value if word is None else float(word), best, step, one(device, device), slot,
            pid, start_ticks, created_at, started_at, ended_at, paused_at, until, resume_wanted == 1, busy_s,
            decode(attrs) if attrs != "{}" else {}, change,
        )
        for (
            number, state, params, x, seed, origin, proposal, why, reason, cause, may_retry, retry_of,
            value, best, step, device, slot, pid, start_ticks, created_at, started_at, ended_at, paused_at,
            until, resume_wanted, busy_s, attrs, change, word,
        ) in rows
    ]  # fmt: skip


def report_values(trial: int, rows: Iterable[ReportRow]) -> Iterator[tuple[Any, ...]]:
    """(trial, metric, step, value, word). The hot path: what can't be bound is left to the careful one."""
    for row in rows:
        value, word = row.value, row.word
        if value is not None and value - value != 0.0:
            value, word = split(value)
        yield trial, row.metric, row.step, value, word


def careful_report_values(trial: int, rows: Iterable[ReportRow]) -> Iterator[tuple[Any, ...]]:
    """As `report_values`, for rows among which a name is no Unicode or a step does not fit 64 bits."""
    for row in rows:
        yield trial, text(row.metric), fitting(row.step), *split(row.value, row.word)


def event_values(row: EventRow) -> tuple[Any, ...]:
    return row.at, row.kind, row.trial, text(row.reason), to_json(row.data)


def event_row(row: Sequence[Any]) -> EventRow:
    id_, at, kind, trial, reason, data = row
    return EventRow(at, kind, trial, reason, from_json(data), id_)


def command_values(row: CommandRow) -> tuple[Any, ...]:
    return row.at, text(row.kind), row.trial, to_json(row.args), text(row.by)


def command_row(row: Sequence[Any]) -> CommandRow:
    id_, at, kind, trial, text_, by = row
    try:
        args = from_json(text_)
    except (msgspec.DecodeError, TypeError):
        args = None
    return CommandRow(kind, trial, args if isinstance(args, dict) else {UNREADABLE: text_}, by, at, id_)


def device_values(row: DeviceRow) -> tuple[Any, ...]:
    return (
        text(row.id), text(row.name), row.at, row.slots, row.used_slots, finite(row.load),
        row.memory_used_bytes, row.memory_total_bytes, finite(row.temperature_c), finite(row.power_w),
        text(row.note), row.memory_ours_bytes, finite(row.power_limit_w), text(row.idle), row.number,
    )  # fmt: skip


def reading_values(row: ReadingRow) -> tuple[Any, ...]:
    return (
        text(row.device), row.at, finite(row.load), row.memory_used_bytes, row.memory_ours_bytes, finite(row.power_w),
        finite(row.temperature_c),
    )  # fmt: skip
