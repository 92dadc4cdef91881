"""A W&B run for each trial, offline: written when the trial has ended, for `wandb sync` to send when you say so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from hptui.core.interop.loggers.logger import Facts, plain
from hptui.core.store.rows import TrialRow


class ToWandb:
    """destination: the folder in which W&B makes its own `wandb`."""

    at_end = True

    def __init__(self, destination: str, facts: Facts) -> None:
        self._folder, self._facts = Path(destination), facts
        self._curves: dict[str, dict[int, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))

    def begin(self, row: TrialRow) -> str:
        return f"{self._facts.id[:12]}-{row.number}"

    def points(self, handle: str, metric: str, points: Sequence[tuple[int, float]]) -> None:
        for step, value in points:
            self._curves[handle][step][metric] = value

    def end(self, handle: str, row: TrialRow) -> None:
        import wandb

        self._folder.mkdir(parents=True, exist_ok=True)
        quiet = wandb.Settings(silent=True, console="off", x_disable_stats=True, disable_git=True, save_code=False)
        run = wandb.init(
            project=self._facts.name, name=f"trial-{row.number}", id=handle, group=self._facts.name, mode="offline",
            dir=str(self._folder), config=plain(row.params), tags=[row.state.lower()], settings=quiet,
        )  # fmt: skip
        for step, values in sorted(self._curves.pop(handle, {}).items()):
            run.log(values, step=step)
        run.summary.update({"state": row.state, "reason": row.reason, self._facts.metric: row.value})
        run.finish(exit_code=0 if row.state != "FAIL" else 1)

    def close(self) -> None:
        """Every run was finished."""
