"""`python -m hptui.core.scheduler FOLDER`: the scheduler of one session, until it is over. Started by `launch`."""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from pathlib import Path

from hptui.core.errors import HptuiError
from hptui.core.scheduler.open import open_session
from hptui.core.study.session import SessionFolder
from hptui.core.wire.lock import SessionLock


def main() -> int:
    folder = SessionFolder(Path(sys.argv[1]))
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # trials go on; the next scheduler adopts them
    lock = SessionLock.take(folder.lock)
    if lock is None:
        return 0
    print(f"{time.strftime('%F %T')} scheduler {os.getpid()} opens {folder.path}", flush=True)
    try:
        gc.freeze()
        return open_session(folder, lock.announce, log=2)
    except HptuiError as error:
        print(error, file=sys.stderr, flush=True)
        return error.exit_status
    finally:
        lock.release()


if __name__ == "__main__":
    sys.exit(main())
