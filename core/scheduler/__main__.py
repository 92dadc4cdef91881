"""`python -m hptui.core.scheduler FOLDER [--resume]`: the scheduler of one session, until it is over.

Started by `launch`. resume: also when the session was stopped.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hptui.core.errors import HptuiError
from hptui.core.scheduler.ahead import tell_ahead
from hptui.core.scheduler.fork_server import ForkServer
from hptui.core.scheduler.launch import has_work
from hptui.core.scheduler.one_thread import one_thread
from hptui.core.study.session import SessionFolder
from hptui.core.wire.lock import SessionLock

if TYPE_CHECKING:
    from hptui.core.scheduler.ground import Finds


def main(elsewhere: Callable[[], Finds] | None = None) -> int:
    """elsewhere: imports what finds where trials run; None: on this machine. numpy is there when it is called."""
    folder = SessionFolder(Path(sys.argv[1]))
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # trials go on; the next scheduler adopts them
    lock = SessionLock.take(folder.lock)
    if lock is None:
        return 0
    print(f"{time.strftime('%F %T')} scheduler {os.getpid()} opens {folder.path}", flush=True)
    resume = "--resume" in sys.argv
    begun: ForkServer | None = None
    try:
        if not resume and not has_work(folder):
            return 0  # it was stopped while we waited for the lock
        if elsewhere is None:
            with contextlib.suppress(OSError):
                begun = ForkServer.begin(folder)
        with one_thread():
            import numpy  # noqa: F401  before what imports it
        if begun is not None:
            with contextlib.suppress(OSError):
                tell_ahead(begun, folder, resume)
        finds = _this_machine(begun) if elsewhere is None else elsewhere()
        from hptui.core.scheduler.open import open_session

        gc.freeze()
        return open_session(folder, lock.announce, log=2, finds=finds, resume=resume)
    except HptuiError as error:
        print(error, file=sys.stderr, flush=True)
        return error.exit_status
    finally:
        if begun is not None:
            begun.end()
        lock.release()


def _this_machine(begun: ForkServer | None) -> Finds:
    from hptui.core.scheduler.ground import this_machine

    return partial(this_machine, begun=begun)


if __name__ == "__main__":
    sys.exit(main())
