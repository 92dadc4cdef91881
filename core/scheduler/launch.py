"""Starting a scheduler that outlives whoever starts it, and making sure that a session has one."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from hptui.core.errors import SessionError
from hptui.core.scheduler.one_thread import environment_given
from hptui.core.scheduler.remarking import remark_at_rest
from hptui.core.store.reader import Reader
from hptui.core.study.session import SessionFolder
from hptui.core.wire.lock import scheduler_of

PATIENCE_S = 20.0
CLOSING_S = 20.0  # that a scheduler takes at most from its last event until it is gone
REMOTE_PATIENCE_S = 90.0  # a cluster has to be joined first, and an earlier scheduler's slots asked
EXECUTOR = "executor"  # the fact: the cluster on which trials run, not on this machine


def ensure(folder: SessionFolder, *, resume: bool = False) -> bool:
    """See that a scheduler runs the session, unless it is over; True when one was started.

    A session that was stopped goes on only with `resume`, or when a command waits to be answered; one whose budget is
    spent when a command waits. One that has ended the session and is closing hears nothing more: it is waited for.
    Raises SessionError, with what the scheduler said last, when it does not come up.
    """
    if _is_run(folder, resume):
        return False
    if not resume:
        remark_at_rest(folder, time.time())
        if not has_work(folder):
            return False
    said = folder.log.stat().st_size if folder.log.exists() else 0
    elsewhere = _fact(folder, EXECUTOR) is not None
    module = "hptui.core.remote" if elsewhere else "hptui.core.scheduler"
    command = [sys.executable, "-m", module, str(folder.path.resolve())]
    with open(folder.log, "ab") as log:
        process = subprocess.Popen(
            [*command, "--resume"] if resume else command,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd=folder.path,
            env=environment_given(),
        )  # fmt: skip
    patience_s = REMOTE_PATIENCE_S if elsewhere else PATIENCE_S
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if scheduler_of(folder.lock).ready:
            return True
        if process.poll() is not None:
            # another one may have been faster, or there was nothing to do
            if process.returncode == 0 or scheduler_of(folder.lock).alive:
                return False
            raise SessionError(str(folder.path), "its scheduler did not start", _tail(folder, said))
        time.sleep(0.01)
    raise SessionError(str(folder.path), f"its scheduler did not come up in {patience_s:g} s", f"see {folder.log}")


def _is_run(folder: SessionFolder, resume: bool) -> bool:
    """Whether a scheduler has the session, once one that is closing has gone, if it leaves something to do."""
    deadline = time.monotonic() + CLOSING_S
    while (info := scheduler_of(folder.lock)).alive:
        closing = info.ready and _fact(folder, "finished") is not None
        if not (closing and (resume or has_work(folder))) or time.monotonic() > deadline:
            return True
        time.sleep(0.02)
    return False


def _fact(folder: SessionFolder, key: str) -> object:
    with Reader(folder) as reader:
        return reader.fact(key)


def has_work(folder: SessionFolder) -> bool:
    """Whether a scheduler has something to do: the session has not ended, or somebody wishes something of it."""
    with Reader(folder) as reader:
        return reader.finished() is None or bool(reader.unanswered())


def _tail(folder: SessionFolder, start: int) -> str:
    with open(folder.log, "rb") as log:
        log.seek(max(start, os.fstat(log.fileno()).st_size - 2000))
        text = log.read().decode(errors="replace").strip()
    return text.partition("\n")[2] or f"see {folder.log}"
