"""A scheduler that has ended its session and is about to go: what is wished then waits for the next one."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptui.core.interop.found import Found, FoundTrial, make_session
from hptui.core.scheduler import launch
from hptui.core.store.mailbox import post
from hptui.core.store.rows import CommandRow
from hptui.core.study.commands import Wish
from hptui.core.study.session import SessionFolder
from hptui.core.study.study import Goal
from hptui.core.wire.lock import SessionLock


def test_a_scheduler_that_is_closing_is_waited_for_when_it_leaves_something_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = SessionFolder(tmp_path / "s")
    space = {"a": {"type": "float", "low": 0.0, "high": 1.0}}
    trials = (FoundTrial(0, "COMPLETE", {"a": 0.5}, (1.0,)),)
    make_session(Found("s", "x", "test", (Goal("loss"),), space, trials), folder)
    lock = SessionLock.take(folder.lock)
    assert lock is not None
    slept: list[float] = []
    monkeypatch.setattr(launch.time, "sleep", lambda s: (slept.append(s), lock.release()))

    lock.announce()
    assert launch.ensure(folder) is False and not slept  # it ended, and nobody wishes anything
    post(folder, CommandRow(Wish.RETRY.value, 0, {}, "ada", 1.0))
    assert (launch._is_run(folder, resume=False), len(slept)) == (False, 1)
