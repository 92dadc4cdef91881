"""Result folders of Ray Tune: a folder per trial, with its parameters and a line per reported result."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hptui.core.errors import SessionError
from hptui.core.interop.found import Found, FoundTrial, defined_by, metric_named
from hptui.core.study.study import Direction, Goal

# what Ray adds to every result; none of it is the user's
_RAYS = frozenset({
    "timestamp", "checkpoint_dir_name", "should_checkpoint", "done", "training_iteration", "trial_id", "date",
    "time_this_iter_s", "time_total_s", "pid", "hostname", "node_ip", "time_since_restore", "iterations_since_restore",
    "timesteps_total", "timesteps_since_restore", "episodes_total", "experiment_tag", "experiment_id", "warmup_time",
})  # fmt: skip


def is_ray_results(folder: Path) -> bool:
    return any(folder.glob("*/params.json"))


def read_ray(folder: Path, metric: str | None, direction: Direction) -> Found:
    """A finished session's worth of trials, in the order of their folders' dates.

    metric: the result that is the value; without it, the only one, or the one that is plainly it.
    Raises SessionError: no trial in it, no such metric, a parameter file that can't be read.
    """
    folders = sorted((path.parent for path in folder.glob("*/params.json")), key=_began)
    read = [(path, _params(path / "params.json"), list(_results(path))) for path in folders]
    names = dict.fromkeys(name for _, _, rows in read for row in rows for name in _numbers(row))
    value = metric_named(list(names), metric, str(folder))
    params = dict.fromkeys(name for _, given, _ in read for name in given)
    definitions = {name: defined_by([given[name] for _, given, _ in read if name in given]) for name in params}
    trials = tuple(_trial(n, path, given, rows, value) for n, (path, given, rows) in enumerate(read))
    left_out = ["the range of each parameter: what was seen stands for it"]
    if any(any(path.glob("checkpoint_*")) for path in folders):
        left_out.append("checkpoints")
    return Found(folder.name, str(folder), "Ray Tune", (Goal(value, direction),), definitions, trials, tuple(left_out))


def _began(folder: Path) -> tuple[float, str]:
    return (folder / "params.json").stat().st_mtime, folder.name


def _params(path: Path) -> dict[str, Any]:
    try:
        return dict(_flat(json.loads(path.read_text(encoding="utf-8"))))
    except (OSError, ValueError, AttributeError) as error:
        raise SessionError(str(path), f"can't be read: {error}", "Ray writes the trial's config there") from error


def _flat(given: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Nested configs with a slash in the name, as Ray's own tables have them."""
    for name, value in given.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}/")
        else:
            yield f"{before}{name}", value


def _results(folder: Path) -> Iterator[dict[str, Any]]:
    """The lines of result.json; one that was cut off is left out."""
    path = folder / "result.json"
    if not path.is_file():
        return
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError as error:
        raise SessionError(str(path), f"can't be read: {error.strerror or error}") from error
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            yield row


def _numbers(row: Mapping[str, Any]) -> dict[str, float]:
    flat = dict(_flat({name: value for name, value in row.items() if name not in _RAYS and name != "config"}))
    return {k: float(v) for k, v in flat.items() if isinstance(v, int | float) and not isinstance(v, bool)}


def _trial(
    number: int, folder: Path, params: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], metric: str
) -> FoundTrial:
    curves: dict[str, dict[int, float]] = {}
    for at, row in enumerate(rows, 1):
        for name, value in _numbers(row).items():
            curves.setdefault(name, {})[int(_number(row, "training_iteration", at))] = value
    own = sorted(curves.pop(metric, {}).items())
    failed = (folder / "error.txt").is_file()
    known = bool(own) and math.isfinite(own[-1][1])
    end = _number(rows[-1], "timestamp", math.nan) if rows else math.nan
    took = _number(rows[-1], "time_total_s", 0.0) if rows else 0.0
    return FoundTrial(
        number,
        "COMPLETE" if known and not failed else "FAIL",
        params,
        (own[-1][1],) if own and not failed else (),
        tuple(own),
        {name: tuple(sorted(curve.items())) for name, curve in curves.items()},
        {"ray_trial": folder.name},
        "Ray kept an error.txt of it" if failed else "" if known else "reported nothing of the metric",
        None if math.isnan(end) else end - took,
        None if math.isnan(end) else end,
    )


def _number(row: Mapping[str, Any], name: str, default: float) -> float:
    """What Ray said, or the default where that is no number."""
    said = row.get(name)
    return said if isinstance(said, int | float) and math.isfinite(said) else default
