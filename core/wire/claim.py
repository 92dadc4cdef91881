"""Whether a trial's process exists, decided once and for all, though it may only just be coming up.

A scheduler that asked for a process and died, or whose fork server died, can't tell "not forked" from "forked, but
slow". Each request carries an attempt number, which also stands on the control page. A process that comes up takes the
lock on its spool and looks at the page: with another number there, or without the lock, it goes away without a word.
Who wants the trial started again takes the same lock first and counts the attempt up: then nobody is there, nor ever
will be.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from hptui.core.wire.control import Control


def claim(spool_fd: int, control: Control, attempt: int) -> bool:
    """For the trial's process: whether the trial is its own. The lock is kept as long as the spool is open."""
    try:
        fcntl.flock(spool_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return control.attempt == attempt


def void(spool: Path, control: Control) -> bool:
    """For the scheduler: make sure that no process of this attempt will ever run. False when one does already."""
    fd = os.open(spool, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        control.set_attempt(control.attempt + 1)
    except BlockingIOError:
        return False
    finally:
        os.close(fd)
    return True
