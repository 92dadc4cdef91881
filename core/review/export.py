"""A session as files for other programs: trials, metrics and events, line by line."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from hptui.core.review.front import further
from hptui.core.store.reader import Reader
from hptui.core.store.rows import TrialRow
from hptui.core.study.goals import goals_of

What = Literal["trials", "metrics", "events"]
Format = Literal["csv", "jsonl", "json"]

_PAGE = 1000  # events read at once
_PARAMETER, _FURTHER = "params_", "values_"


def export(reader: Reader, what: What, format: Format, trials: Sequence[int] | None = None) -> Iterator[str]:
    """Text lines without their line ends, read as they are asked for. trials: only these, in this order.

    trials: number state value step values_METRIC... (objectives beyond the first) params_NAME... origin proposal why
    reason cause retry_of seed device created_at started_at ended_at busy_s attrs. metrics: trial metric step value.
    events: id at kind trial reason data. Times are seconds since the epoch. csv: unknown is empty, lists and
    objects are JSON, a value that is not finite reads nan, inf or -inf; a record may hold line ends inside quotes.
    jsonl: an object a line; json: one list; JSON has no number that is not finite, so it is null there.
    """
    columns = _columns(reader, what)
    records = _records(reader, what, columns, trials)
    match format:
        case "csv":
            return _csv(columns, records)
        case "jsonl":
            return (_json(columns, record) for record in records)
        case "json":
            return _list(_json(columns, record) for record in records)


def _columns(reader: Reader, what: What) -> list[str]:
    if what == "metrics":
        return ["trial", "metric", "step", "value"]
    if what == "events":
        return ["id", "at", "kind", "trial", "reason", "data"]
    params = [f"{_PARAMETER}{name}" for name in _parameter_names(reader)]
    before = ["number", "state", "value", "step"]
    before += [f"{_FURTHER}{goal.metric}" for goal in goals_of(reader.facts())[1:]]
    after = ["origin", "proposal", "why", "reason", "cause", "retry_of", "seed", "device"]
    return [*before, *params, *after, "created_at", "started_at", "ended_at", "busy_s", "attrs"]


def _parameter_names(reader: Reader) -> list[str]:
    """Defined ones first; a fixed trial may have others."""
    names = dict.fromkeys(reader.parameters())
    for trial in reader.trials():
        names.update(dict.fromkeys(trial.params))
    return list(names)


def _records(
    reader: Reader, what: What, columns: list[str], trials: Sequence[int] | None
) -> Iterator[tuple[Any, ...]]:
    """In short reads: a long one would keep a running session's log from shrinking."""
    if what == "metrics":
        rows = reader.metrics()
        while rows:
            yield from rows
            rows = reader.metrics(rows[-1][:3])
    elif what == "events":
        last = 0
        while page := reader.events(last, _PAGE):
            for event in page:
                yield event.id, event.at, event.kind, event.trial, event.reason, event.data
            last = page[-1].id
    else:
        known = {trial.number: trial for trial in reader.trials()}
        for trial in (known[number] for number in (sorted(known) if trials is None else trials) if number in known):
            yield tuple(_of(trial, column) for column in columns)


def _of(trial: TrialRow, column: str) -> Any:
    if column.startswith(_PARAMETER):
        return trial.params.get(column.removeprefix(_PARAMETER))
    return further(trial, column.removeprefix(_FURTHER)) if column.startswith(_FURTHER) else getattr(trial, column)


def _csv(columns: list[str], records: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    buffer = io.StringIO()
    write = csv.writer(buffer, lineterminator="").writerow
    for record in itertools.chain([columns], records):
        buffer.seek(0)
        buffer.truncate()
        write([_cell(value) for value in record])
        yield buffer.getvalue()


def _cell(value: Any) -> Any:
    """bool, list and dict as JSON; None as nothing; str(float) already says nan and inf."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (bool, list, dict)) else value


def _json(columns: list[str], record: tuple[Any, ...]) -> str:
    row = {column: _finite(value) for column, value in zip(columns, record, strict=True)}
    return json.dumps(row, ensure_ascii=False, allow_nan=False)


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and value - value != 0.0 else value


def _list(elements: Iterator[str]) -> Iterator[str]:
    """A JSON list, an element a line."""
    last = next(elements, None)
    yield "["
    for element in elements:
        yield f"{last},"
        last = element
    if last is not None:
        yield last
    yield "]"
