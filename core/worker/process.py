"""Makes a fresh process a trial's: its session, log, tag, environment, folder, seeds and threads."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import io
import os
import random
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from hptui.core.wire.request import TAG, Start
from hptui.core.worker.environ import Tag

THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def tag_of(start: Start) -> str:
    return f"{start.session}/{start.number}"


def environment_of(start: Start) -> dict[str, str]:
    """What the trial's environment has beside the scheduler's own. The study's `env` wins over the thread counts."""
    threads = {} if start.threads is None else dict.fromkeys(THREAD_VARIABLES, str(start.threads))
    return {**threads, **start.env}


def own_session() -> None:
    """Lead a session, so that a stopped trial survives its scheduler and all its processes are reached at once."""
    if os.getsid(0) != os.getpid():
        os.setsid()


def redirect(log: str, wait_for_space: Callable[[bool], None]) -> None:
    """Standard output and error go to the log, line by line, whatever happens to the scheduler; input is empty."""
    fd = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    os.dup2(fd, 1)
    os.dup2(fd, 2)
    os.close(fd)
    null = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    os.dup2(null, 0)
    os.close(null)
    for name, number in (("stdout", 1), ("stderr", 2)):
        raw = LogFile(number, wait_for_space)
        binary = io.BufferedWriter(raw)
        text = io.TextIOWrapper(binary, encoding="utf-8", errors="backslashreplace", line_buffering=True)
        setattr(sys, name, text)
        setattr(sys, f"__{name}__", text)


class LogFile(io.FileIO):
    """A log that waits for space instead of failing the trial's print()."""

    def __init__(self, fd: int, wait_for_space: Callable[[bool], None]) -> None:
        super().__init__(fd, "w", closefd=False)
        self._wait_for_space = wait_for_space

    def write(self, data: Any) -> int:
        """data: anything that gives bytes. Returns how many of them were written."""
        try:
            return super().write(data)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
        self._wait_for_space(True)
        while True:
            time.sleep(0.5)
            try:
                written = super().write(data)
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
                continue
            self._wait_for_space(False)
            return written


def take_environment(start: Start, tag: Tag | None, original: Mapping[str, str | None]) -> None:
    """Show the tag; undo what was set for the imports; then what the study asks for.

    original: variables that were changed while importing, and what they were (None: not set).
    """
    for name, value in original.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    os.environ.update(environment_of(start))
    if tag is None:
        os.environ[TAG] = tag_of(start)
    else:
        tag.write(tag_of(start))


def seed(number: int, gpu: bool) -> None:
    """Seed random, and numpy and torch where they are loaded: forks of one process would all draw the same."""
    random.seed(number)
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None:
        numpy.random.seed(number % 2**32)
    if torch is not None and hasattr(torch, "default_generator"):
        if gpu:
            torch.manual_seed(number % 2**63)
        else:
            torch.default_generator.manual_seed(number % 2**63)  # without devices: 0.02 ms instead of 2.5


def use_threads(count: int | None, blas: Callable[[int], object] | None = None) -> None:
    """How many threads torch and OpenBLAS may use; the environment no longer tells them once they are loaded.

    count: None for as many as there are cores to run on.
    """
    count = count or len(os.sched_getaffinity(0))
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "set_num_threads"):
        torch.set_num_threads(count)
    if blas is not None and count > 1:
        blas(count)


def find_openblas() -> Callable[[int], object] | None:
    """The function that sets the thread count of numpy's OpenBLAS, when that is loaded here.

    It was loaded with one thread, as a fork demands, and would keep to one in every trial.
    """
    with open("/proc/self/maps") as maps:
        paths = sorted({line.split()[-1] for line in maps if "openblas" in line and "numpy" in line})
    for path in paths:
        with contextlib.suppress(OSError):
            library = ctypes.CDLL(path)
            for prefix in ("scipy_openblas", "openblas"):
                for suffix in ("64_", ""):
                    function = getattr(library, f"{prefix}_set_num_threads{suffix}", None)
                    if function is not None:
                        function.argtypes, function.restype = [ctypes.c_int], None
                        return function  # type: ignore[no-any-return]  # ctypes has no types
    return None
