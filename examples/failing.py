"""An objective that fails in many ways, to see what hptui makes of each: `hptui run examples/failing.toml`."""

import os
import signal
import sys
import time


def objective(trial):
    how = trial.params["how"]
    trial.report(1.0, step=0)
    if how == "raise":
        raise ValueError("the data is not where it should be")  # FAIL, cause crash, with this traceback
    if how == "nan":
        trial.report(float("nan"), step=1)
        return float("nan")  # FAIL, cause nan
    if how == "none":
        return None  # COMPLETE: the last value reported stands in for it
    if how == "exit":
        sys.exit(3)  # FAIL, cause crash: exit status 3
    if how == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)  # FAIL, cause crash: signal SIGSEGV
    if how == "out of memory":
        raise MemoryError("a batch of 40 GiB")  # FAIL, cause oom
    if how == "hang":
        time.sleep(3600)  # FAIL, cause timeout: `trial_time` ends it
    if how == "noise":
        print(
            "\x1b[2J\x1b]0;escape sequences\x07 [red]and markup[/red] are shown as text", b"\xff\xfe".decode("latin-1")
        )
    return trial.params["x"] ** 2
