"""The processes that move trials' GPU memory, while the scheduler goes on."""

from __future__ import annotations

import contextlib
import json
import selectors
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE_S = 300.0  # 80 GB at a poor rate


@dataclass
class _Move:
    process: subprocess.Popen[bytes]
    verb: str
    began: float


@dataclass
class Freezers:
    selector: selectors.BaseSelector
    _moves: dict[int, _Move] = field(default_factory=dict)

    def start(self, number: int, verb: str, pid: int, need_bytes: int, lock: Path) -> None:
        """verb: out or back. `done` tells how it went."""
        process = subprocess.Popen(
            [sys.executable, "-m", "hptui.core.devices.freezer", verb, str(pid), str(need_bytes), str(lock)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        assert process.stdout is not None
        self.selector.register(process.stdout, selectors.EVENT_READ, "freezer")
        self._moves[number] = _Move(process, verb, time.monotonic())

    def done(self) -> list[tuple[int, str, str, float]]:
        """(trial, verb, why it did not work or "", seconds) of moves that are over."""
        over = []
        for number, move in list(self._moves.items()):
            took = time.monotonic() - move.began
            if move.process.poll() is None and took > PATIENCE_S:
                move.process.kill()
                move.process.wait()
            if move.process.poll() is not None:
                del self._moves[number]
                over.append((number, move.verb, self._answer(move), took))
        return over

    def _answer(self, move: _Move) -> str:
        assert move.process.stdout is not None
        self.selector.unregister(move.process.stdout)
        with move.process.stdout as file:
            said = file.read()
        with contextlib.suppress(ValueError, KeyError):
            return str(json.loads(said)["reason"])
        return f"the process that was to move it ended with status {move.process.returncode}"

    def close(self) -> None:
        """What is under way goes on; the next scheduler waits for it."""
        for move in self._moves.values():
            assert move.process.stdout is not None
            self.selector.unregister(move.process.stdout)
            move.process.stdout.close()
        self._moves.clear()
