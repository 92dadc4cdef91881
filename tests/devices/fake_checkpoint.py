"""cuda.core.checkpoint without CUDA: what state a process is in is kept in a file of the folder STAND_IN.

A file kill-in-VERB or fail-in-VERB there lets that verb kill the process, or fail. With FAKE_GPU_LEDGER a process that
is checkpointed has no memory on its GPU.
"""

import os
import pathlib
import signal

FOLDER = pathlib.Path(os.environ["STAND_IN"])


class Process:
    """As cuda.core.checkpoint.Process."""

    def __init__(self, pid):
        self.pid, self.file = pid, FOLDER / str(pid)

    @property
    def state(self):
        return self.file.read_text() if self.file.exists() else "running"

    def _go(self, verb, before, after):
        if os.path.exists(FOLDER / f"kill-in-{verb}"):
            os.kill(self.pid, signal.SIGKILL)
        if os.path.exists(FOLDER / f"fail-in-{verb}"):
            raise RuntimeError("CUDA_ERROR_NOT_SUPPORTED")
        assert self.state == before, (verb, self.state)
        with open(f"/proc/{self.pid}/stat") as file:
            assert file.read().rsplit(")", 1)[1].split()[0] != "T", "its driver's thread must run"
        self.file.write_text(after)

    def _rename(self, pattern, new):
        ledger = pathlib.Path(os.environ.get("FAKE_GPU_LEDGER", "/nowhere"))
        for path in ledger.glob(pattern) if ledger.is_dir() else ():
            path.rename(ledger / new(path.name))

    def lock(self, timeout_ms=0):
        self._go("lock", "running", "locked")

    def checkpoint(self):
        self._go("checkpoint", "locked", "checkpointed")
        self._rename(f"[0-9]*.{self.pid}", lambda name: f"away.{name}")

    def restore(self, gpu_mapping=None):
        self._go("restore", "checkpointed", "locked")
        self._rename(f"away.*.{self.pid}", lambda name: name.removeprefix("away."))

    def unlock(self):
        self._go("unlock", "locked", "running")
