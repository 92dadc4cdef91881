"""One trial trained by several processes of this machine, one per GPU: `distribute`, and what each of them has."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hptui.core.errors import ObjectiveError
from hptui.core.training.forks import Forks, unsafe
from hptui.core.training.reporting import agreed

EVER = timedelta(days=365)
"""How long one waits for the others: a trial may be paused for long, and the clock goes on."""


class Rank:
    """A trial as one of several processes has it: everything of the trial, and which of how many this is.

    All of them may report, tell and save; the first one is heard. `should_prune()` is the same in all of them, so all
    have to ask it, equally often.
    """

    def __init__(self, trial: Any, rank: int, processes: int) -> None:
        self.trial, self.rank, self.processes = trial, rank, processes

    def __getattr__(self, name: str) -> Any:
        return getattr(self.trial, name)

    def should_prune(self) -> bool:
        return agreed(self.trial.should_prune())


def alone(trial: Any) -> Any:
    """The trial itself, whose `should_prune` asks nobody else."""
    return trial.trial if isinstance(trial, Rank) else trial


def distribute(
    trial: Any, train: Callable[[Any], Any], processes: int | None = None, backend: str | None = None
) -> Any:
    """`train(rank)` in several processes at once, joined by torch.distributed; what it returned in the first of them.

        def objective(trial):
            return distribute(trial, train)         # [resources] gpus = 2: a process on each of its GPUs

        def train(trial):                           # a Rank: trial.rank, trial.processes, and all that a trial has
            model = DistributedDataParallel(make_model().to(trial.device))

    processes: default one per GPU that the trial was given. backend: nccl on GPUs, else gloo. The process group is
    ready, RANK, LOCAL_RANK and WORLD_SIZE are set as torchrun does, and `cuda` is each one's own GPU; Lightning's and
    Hugging Face's trainers take all that as it is. All are seeded alike.
    The others are forks of the trial's process, in its session: they are paused, frozen and ended with it.
    Raises ObjectiveError where forking isn't safe any more, and what `train` raised in whichever of the processes.
    """
    gpus = os.environ.get("CUDA_VISIBLE_DEVICES", "").count(",") + 1 if trial.device == "cuda" else 0
    n = processes or gpus or 1
    if gpus and n > gpus:
        hint = f"[resources] gpus = {n} gives a trial as many"
        raise ObjectiveError("distribute", f"{n} processes, and the trial has {gpus} GPU{'s' * (gpus > 1)}", hint)
    if n > 1 and (reason := unsafe(trial.threads_before)):
        hint = "call it once, before anything is computed or moved to a GPU; loops, such as over folds, go inside train"
        raise ObjectiveError("distribute", f"this process can't be forked any more: {reason}", hint)
    import torch

    place = os.memfd_create("hptui-ranks")  # a file in memory: nothing stays of it, however the trial ends
    meeting = _Meeting(
        f"file:///proc/{os.getpid()}/fd/{place}", n, backend or ("nccl" if gpus else "gloo"), _free_port()
    )

    def take_part(rank: int) -> Any:
        if rank:
            trial.mute()
        meeting.join(rank)
        torch.set_num_threads(max(torch.get_num_threads() // n, 1))  # the trial's are for all of its processes
        return train(Rank(trial, rank, n))

    try:
        with _environment_kept(), Forks(take_part, n):
            result = take_part(0)
            _leave()
            return result
    finally:
        _leave()  # after the others have ended: they would fail of it, and be taken for the cause
        os.close(place)


@dataclass(frozen=True)
class _Meeting:
    """Where the processes find each other."""

    place: str
    processes: int
    backend: str
    port: int  # nobody listens there yet; for libraries that want one

    def join(self, rank: int) -> None:
        import torch
        import torch.distributed as dist

        os.environ |= {
            "RANK": str(rank), "LOCAL_RANK": str(rank), "NODE_RANK": "0", "GROUP_RANK": "0",
            "WORLD_SIZE": str(self.processes), "LOCAL_WORLD_SIZE": str(self.processes),
            "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(self.port),
        }  # fmt: skip
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")  # all of them are here; a host's name may not resolve
        if self.backend == "nccl":
            torch.cuda.set_device(rank)
        dist.init_process_group(
            self.backend, init_method=self.place, rank=rank, world_size=self.processes, timeout=EVER
        )


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _leave() -> None:
    """A trainer may have ended the group already. One of NCCL's is left as it is: ending it may wait for the others."""
    dist = sys.modules.get("torch.distributed")
    if dist is not None and dist.is_initialized() and (dist.get_backend() != "nccl" or sys.exc_info()[0] is None):
        dist.destroy_process_group()


@contextlib.contextmanager
def _environment_kept() -> Iterator[None]:
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in os.environ.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)
