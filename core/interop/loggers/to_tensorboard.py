"""A TensorBoard run for each trial: its curves as they grow, at its end its parameters for the HParams tab."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hptui.core.interop.loggers.logger import Facts, plain
from hptui.core.store.rows import TrialRow


class ToTensorBoard:
    """destination: the folder that `tensorboard --logdir` is given; a session is a folder in it."""

    at_end = False

    def __init__(self, destination: str, facts: Facts) -> None:
        self._folder, self._facts = Path(destination) / facts.name, facts
        self._open: dict[str, Any] = {}

    def begin(self, row: TrialRow) -> str:
        return f"trial-{row.number}"

    def points(self, handle: str, metric: str, points: Sequence[tuple[int, float]]) -> None:
        writer = self._writer(handle)
        for step, value in points:
            writer.add_scalar(metric, value, step)
        writer.flush()

    def end(self, handle: str, row: TrialRow) -> None:
        from tensorboardX.summary import hparams

        writer = self._writer(handle)
        value = math.nan if row.value is None else row.value
        for summary in hparams({**plain(row.params), "state": row.state}, {self._facts.metric: value}):
            writer.file_writer.add_summary(summary)
        writer.close()
        del self._open[handle]

    def close(self) -> None:
        for writer in self._open.values():
            writer.close()

    def _writer(self, handle: str) -> Any:
        from tensorboardX import SummaryWriter

        if handle not in self._open:
            # a process that goes on within a second would write over this one's file
            suffix = f".{time.time_ns()}"
            self._open[handle] = SummaryWriter(str(self._folder / handle), filename_suffix=suffix)
        return self._open[handle]
