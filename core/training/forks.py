"""Forks of a trial's process that work beside it, and fail with it."""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NoReturn, Self

FAREWELL_S = 10.0
"""How long the others may go on once the first one is done, and the first one once another has failed."""
MOMENT_S = 1.0
"""And when all are told to stop, or one of them fails and the others with it."""
LOOK_S = 0.5
_PIPE_BYTES = 1 << 16


@dataclass(frozen=True)
class _Fork:
    rank: int
    pid: int
    ended: int  # its pidfd
    words: int  # the end of a pipe in which it says why it failed


class Forks:
    """`work(rank)` in forks of this process, for rank 1 to n - 1, while this one does rank 0 in the `with` block.

    Leaving the block waits for them. When the block raises, the others are killed; when one of the others had failed
    before, which the block then only felt, its error is raised instead.
    """

    def __init__(self, work: Callable[[int], Any], n: int) -> None:
        self._work, self._n = work, n
        self._forks: list[_Fork] = []
        self._over = threading.Event()

    def __enter__(self) -> Self:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()  # what is left in a buffer would be written again by every fork
        self._forks = [_fork(self._work, rank) for rank in range(1, self._n)]
        if self._forks:
            threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        pruned = error is not None and _is_pruned(error)
        found = None if error is None or pruned else self._failed(MOMENT_S)
        if error is not None and found is None:
            for note in self._killed():
                error.add_note(note)
        deadline = time.monotonic() + (FAREWELL_S if error is None else MOMENT_S if pruned else 0.0)
        for fork in self._forks:
            if not select.select([fork.ended], [], [], max(deadline - time.monotonic(), 0.0))[0]:
                os.kill(fork.pid, signal.SIGKILL)
            os.waitpid(fork.pid, 0)
        found = found or (self._failed(0.0) if error is None else None)
        for fork in self._forks:
            os.close(fork.ended)
            os.close(fork.words)
        if found is not None:
            raise found from error

    def _failed(self, patience_s: float) -> BaseException | None:
        """What another process said when it failed, for which it may need a moment."""
        waiting = {fork.words: fork.rank for fork in self._forks}
        deadline = time.monotonic() + patience_s
        while waiting:
            ready, _, _ = select.select(list(waiting), [], [], max(deadline - time.monotonic(), 0.0))
            if not ready:
                return None
            for fd in ready:
                rank, words = waiting.pop(fd), _all(fd)
                if words:
                    found: BaseException = pickle.loads(words)
                    found.add_note(f"in process {rank} of {self._n}")
                    return found
        return None

    def _killed(self) -> Iterator[str]:
        """Of each that was killed, by the kernel for its memory perhaps: it could not say so itself."""
        for fork in self._forks:
            select.select([fork.ended], [], [], 0.1)  # its pipe closes an instant before it has ended
            end = _end_of(fork.pid)
            if end is not None and end.si_code in (os.CLD_KILLED, os.CLD_DUMPED):
                yield f"process {fork.rank} of {self._n} was killed by {signal.Signals(end.si_status).name}"

    def _watch(self) -> None:
        """Another process that fails leaves the first one waiting for it, with NCCL for ever: then that one ends."""
        while not self._over.wait(LOOK_S):
            for fork in self._forks:
                with contextlib.suppress(ChildProcessError):
                    end = _end_of(fork.pid)
                    if end is not None and end.si_status and not self._over.wait(FAREWELL_S):
                        print(f"process {fork.rank} failed, and the first one still waits for it", file=sys.stderr)
                        sys.stderr.flush()
                        os._exit(1)


def _end_of(pid: int) -> os.waitid_result | None:
    """How a child ended, which is waited for later; None while it runs."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)


def unsafe(before: int) -> str:
    """Why forks of this process may hang, or "": threads don't come along, the locks that they hold do.

    before: threads that there were when the objective began: those of a linear algebra that knows how to be forked.
    """
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        return "CUDA is in use"
    threads = len(os.listdir("/proc/self/task")) - before
    return f"{threads} thread{'s were' if threads > 1 else ' was'} started in it" if threads > 0 else ""


def _fork(work: Callable[[int], Any], rank: int) -> _Fork:
    hears, says = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(hears)
        _be(work, rank, says)
    os.close(says)
    return _Fork(rank, pid, os.pidfd_open(pid), hears)


def _be(work: Callable[[int], Any], rank: int, says: int) -> NoReturn:
    """The whole life of a fork."""
    status = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        work(rank)
        status = 0
    except BaseException as error:
        if _is_pruned(error):
            status = 0
        else:
            print(f"process {rank} failed:", file=sys.stderr)
            traceback.print_exc()
            with contextlib.suppress(BaseException):
                os.write(says, _packed(error))
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _packed(error: BaseException) -> bytes:
    """At most what a pipe holds."""
    with contextlib.suppress(Exception):
        packed = pickle.dumps(error)
        pickle.loads(packed)  # some can't be made again
        if len(packed) < _PIPE_BYTES:
            return packed
    return pickle.dumps(RuntimeError(f"{type(error).__name__}: {error}"[:10_000]))


def _all(fd: int) -> bytes:
    parts = []
    while part := os.read(fd, _PIPE_BYTES):
        parts.append(part)
    return b"".join(parts)


def _is_pruned(error: BaseException) -> bool:
    return type(error).__name__ == "TrialPruned"
