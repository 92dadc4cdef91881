"""What a scheduler knows of one trial's process."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from typing import Any

from hptui.core.scheduler.steps import StepTimes
from hptui.core.study.session import SessionFolder
from hptui.core.study.trial import Process
from hptui.core.wire.control import Control
from hptui.core.wire.spool import AnyLine, End, read_from


@dataclass
class Child:
    """The process of a trial, and how far it was heard. Ours, or adopted from an earlier scheduler."""

    number: int
    folder: SessionFolder
    offset: int = 0  # bytes of the spool that were read
    process: Process | None = None
    since: float | None = None  # we saw it begin then (monotonic seconds)
    pidfd: int | None = None
    control: Control | None = None
    end: End | None = None
    status: int | None = None
    gone_at: float | None = None  # its process ended then (monotonic seconds)
    tells_status: bool = False  # somebody alive will say how it ended
    reported: bool = False  # its end was told
    lost: str = ""  # its process went with its node: which, and how
    popen: subprocess.Popen[bytes] | None = None
    milestone: int = 0  # the last one it asked about
    best: float | None = None
    steps: StepTimes = field(default_factory=StepTimes)
    defined: dict[str, Any] = field(default_factory=dict)  # define-by-run: what it asked for

    def __post_init__(self) -> None:
        self._spool = str(self.folder.trial(self.number).spool)  # once: it is looked at ten times a second

    def read(self) -> list[AnyLine]:
        """What is new in its spool."""
        try:
            if os.stat(self._spool).st_size <= self.offset:
                return []
        except FileNotFoundError:
            return []
        lines, self.offset = read_from(self._spool, self.offset)
        return lines
