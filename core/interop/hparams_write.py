"""A session as TensorBoard runs: a folder per trial with its curves and, for the HParams tab, its parameters."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from hptui.core.errors import SessionError
from hptui.core.store.reader import Reader
from hptui.core.store.rows import TrialRow

_PLAIN = (str, int, float, bool)


def write_hparams(reader: Reader, folder: Path) -> list[str]:
    """Write every trial that began into `folder`/trial-N, which must be new. Returns what is left out, a line each.

    Raises SessionError: tensorboardX is not installed, the folder is not empty or can't be written.
    """
    try:
        from tensorboardX import SummaryWriter
        from tensorboardX.summary import hparams
    except ImportError:
        hint = "pip install 'hptui[tensorboard]'"
        raise SessionError("tensorboardX", "is not installed: it writes event files", hint) from None
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SessionError(str(folder), "is not an empty folder", "name a new one")
    metric = str(reader.facts().get("metric", "value"))
    rows = sorted(reader.trials(), key=lambda row: row.number)
    names = reader.metric_names()
    left_out: list[str] = []
    for row in rows:
        if row.started_at is None and row.value is None:
            left_out.append(f"trial {row.number}: it never ran")
            continue
        try:
            with SummaryWriter(str(folder / f"trial-{row.number}"), write_to_disk=True) as writer:
                for name in dict.fromkeys([*names, metric]):
                    for step, value in _curve(reader, row, name, metric):
                        writer.add_scalar(name, value, step, walltime=row.ended_at or row.started_at)
                last = row.value if row.value is not None else math.nan
                for summary in hparams(_params(row, left_out), {metric: last}):
                    writer.file_writer.add_summary(summary)
        except OSError as error:
            raise SessionError(str(folder), f"can't be written: {error.strerror or error}") from error
    return left_out


def _curve(reader: Reader, row: TrialRow, name: str, metric: str) -> list[tuple[int, float]]:
    """What was reported; for a trial that only returned its value, that value."""
    points = reader.curve(row.number, name)
    return points if points or name != metric or row.value is None else [(0, row.value)]


def _params(row: TrialRow, left_out: list[str]) -> dict[str, Any]:
    """HParams knows text, numbers and truth values."""
    plain: dict[str, Any] = {}
    for name, value in row.params.items():
        if not isinstance(value, _PLAIN):
            left_out.append(f"{name}: its values are written as text")
        plain[name] = value if isinstance(value, _PLAIN) else str(value)
    return plain
