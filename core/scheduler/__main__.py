"""`python -m hptui.core.scheduler FOLDER [--resume]`: the scheduler of one session, until it is over.

Started by `launch`. resume: also when the session was stopped.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from pathlib import Path

from hptui.core.scheduler.one_thread import one_thread

with one_thread():
    import numpy  # noqa: F401  before any other module of ours does

from hptui.core.errors import HptuiError
from hptui.core.scheduler.ground import Finds, this_machine
from hptui.core.scheduler.launch import has_work
from hptui.core.scheduler.open import open_session
from hptui.core.study.session import SessionFolder
from hptui.core.wire.lock import SessionLock


def main(finds: Finds = this_machine) -> int:
    """finds: where trials run."""
    folder = SessionFolder(Path(sys.argv[1]))
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # trials go on; the next scheduler adopts them
    lock = SessionLock.take(folder.lock)
    if lock is None:
        return 0
    print(f"{time.strftime('%F %T')} scheduler {os.getpid()} opens {folder.path}", flush=True)
    resume = "--resume" in sys.argv
    try:
        if not resume and not has_work(folder):
            return 0  # it was stopped while we waited for the lock
        gc.freeze()
        return open_session(folder, lock.announce, log=2, finds=finds, resume=resume)
    except HptuiError as error:
        print(error, file=sys.stderr, flush=True)
        return error.exit_status
    finally:
        lock.release()


if __name__ == "__main__":
    sys.exit(main())
