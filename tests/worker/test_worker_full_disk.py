"""A disk without space makes a trial wait, not fail."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

from hptui.core.wire.request import Function, Start
from hptui.core.worker.checkpoint import Checkpoints
from hptui.core.worker.link import Link
from hptui.core.worker.process import LogFile


def test_a_print_waits_for_space(tmp_path: Path) -> None:
    log = tmp_path / "log"
    fd = os.open("/dev/full", os.O_WRONLY)
    told: list[bool] = []

    def make_space(full: bool) -> None:
        told.append(full)
        if full:
            real = os.open(log, os.O_WRONLY | os.O_CREAT)
            os.dup2(real, fd)
            os.close(real)

    assert LogFile(fd, make_space).write(b"epoch 1\n") == 8

    os.close(fd)
    assert (told, log.read_bytes()) == ([True, False], b"epoch 1\n")


class FullOnce:
    """Can't be written the first time, as on a full disk; remembers what the control page said meanwhile."""

    def __init__(self, link: Link) -> None:
        self.link, self.tries, self.said = link, 0, []

    def __getstate__(self) -> Any:
        self.tries += 1
        self.said.append(self.link._control.disk_full)
        if self.tries == 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        return {"tries": self.tries}

    def __setstate__(self, state: Any) -> None:
        self.tries = state["tries"]


def test_a_checkpoint_waits_for_space_and_leaves_no_draft(tmp_path: Path) -> None:
    start = Start("s", str(tmp_path), 0, {}, 1, Function("train.py"), str(tmp_path))
    link = Link(start)
    checkpoints, state = Checkpoints(link, "cpu", None), FullOnce(link)

    path = checkpoints.save(state)

    assert state.said == [False, True] and not link._control.disk_full
    assert [p.name for p in checkpoints.path.iterdir()] == [path.name]
    assert checkpoints.load().tries == 2
