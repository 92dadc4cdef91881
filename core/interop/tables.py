"""Trials from a table: CSV with a header, an object a line, or a JSON list of objects."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hptui.core.errors import SessionError
from hptui.core.interop.found import Found, FoundTrial, defined_by, metric_named
from hptui.core.study.study import Direction, Goal

_PREFIXES = ("params_", "params/", "config.", "config/", "hparams/")
_OURS = ("number", "state", "reason")  # a state that is none of ours makes a trial complete
_STATES = ("COMPLETE", "PRUNED", "FAIL")


def is_table(path: Path) -> bool:
    """By its name; a file named .json may be a journal as well, whose lines begin with {."""
    if path.suffix.lower() != ".json":
        return path.suffix.lower() in (".csv", ".jsonl", ".ndjson")
    try:
        with path.open("rb") as file:
            return file.read(64).lstrip().startswith(b"[")
    except OSError:
        return False


def read_table(path: Path, metric: str | None, direction: Direction) -> Found:
    """A trial a row. Columns with a prefix (`params_`, `config.`) are parameters; where none has one, all others are.

    metric: the column of the value; without it, `value`, `loss`, `objective` or the only number left.
    Raises SessionError: unreadable, empty, no such column, a value that is no number.
    """
    try:
        rows = _rows(path)
    except (OSError, UnicodeDecodeError, ValueError, csv.Error) as error:
        hint = "CSV with a header, JSON lines, or a JSON list of objects"
        raise SessionError(str(path), f"is no table of trials: {error}", hint) from error
    if not rows:
        raise SessionError(str(path), "has no rows")
    columns = list(dict.fromkeys(name for row in rows for name in row if name))
    value = metric_named(columns, metric, str(path), "column")
    prefixed = {c: c[len(p) :] for c in columns for p in _PREFIXES if c.startswith(p) and len(c) > len(p)}
    params = prefixed or {c: c for c in columns if c != value and c not in _OURS}
    left_out = [f"column {c}" for c in columns if c not in params and c != value and c not in _OURS]
    if any("" in row for row in rows):  # the index of a pandas frame
        left_out.append("the column without a name")
    typed = [{params[c]: row[c] for c in params if row.get(c) not in (None, "")} for row in rows]
    definitions = {name: defined_by([row[name] for row in typed if name in row]) for name in params.values()}
    trials = tuple(_trial(k, row, values, value, path) for k, (row, values) in enumerate(zip(rows, typed, strict=True)))
    goals = (Goal(value, direction),)
    return Found(path.stem, str(path), "a table", goals, definitions, trials, tuple(left_out))


def _rows(path: Path) -> list[dict[str, Any]]:
    text = path.read_text(encoding="utf-8-sig")
    if text.lstrip().startswith("[") and path.suffix.lower() != ".csv":
        return [_flat(row) for row in json.loads(text)]
    if path.suffix in (".jsonl", ".ndjson") or text.lstrip().startswith("{"):
        return [_flat(json.loads(line)) for line in text.split("\n") if line.strip()]  # texts may have other line ends
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return [{k: _number(v) for k, v in row.items() if k is not None} for row in rows]


def _flat(row: object) -> dict[str, Any]:
    """`{"params": {"lr": 0.1}}` reads as `params_lr`."""
    if not isinstance(row, Mapping):
        raise ValueError(f"expected an object a line, not {row!r:.60}")
    out: dict[str, Any] = {}
    for key, value in row.items():
        if key in ("params", "config") and isinstance(value, Mapping):
            out |= {f"params_{name}": inner for name, inner in value.items()}
        else:
            out[key] = value
    return out


def _number(text: str | None) -> Any:
    if text is None or text == "":
        return None
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return {"true": True, "True": True, "false": False, "False": False}.get(text, text)


def _trial(number: int, row: Mapping[str, Any], params: Mapping[str, Any], metric: str, path: Path) -> FoundTrial:
    value = row.get(metric)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise SessionError(str(path), f"row {number + 1}: {metric} is {value!r}, no number")
    known = value is not None and math.isfinite(value)
    state = row.get("state") if row.get("state") in _STATES else "COMPLETE" if known else "FAIL"
    assert isinstance(state, str)
    reason = str(row.get("reason") or ("" if known else "has no value"))
    return FoundTrial(number, state, dict(params), (float(value),) if value is not None else (), reason=reason)
