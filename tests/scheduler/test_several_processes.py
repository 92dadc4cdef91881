"""A trial that trains in two processes joined by gloo: reports count once, and all of it is ended together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Make = Callable[..., Any]

SCRIPT = """
    import torch
    import torch.distributed as dist
    import hptui
    from hptui.core.training import distribute

    def objective(trial):
        return distribute(trial, train, 2)

    def train(trial):
        x = trial.params["x"]
        for step in range(3):
            both = torch.tensor([1.0 + trial.rank])
            dist.all_reduce(both)               # 1 + 2
            if x == 1 and step == 1 and trial.rank == 1:
                raise FloatingPointError("the second one failed")
            trial.report(x + both.item(), step)
            trial.tell(f"process {trial.rank} says so")
            trial.checkpoint.save({"rank": trial.rank}, step)
            if trial.should_prune():
                raise hptui.TrialPruned
        return trial.checkpoint.load()["rank"] + x + both.item()
"""
STUDY = """
    [space]
    x = [0, 1, 2]
    [sampler]
    name = "grid"
    [pruner]
    name = "threshold"
    upper = 4.5
    [budget]
    n_trials = 3
    [resources]
    slots = 1
    devices = "none"
"""


def test_of_two_processes_the_first_reports_and_both_end(session: Make) -> None:
    s = session(SCRIPT, STUDY)
    s.start()
    s.finish()
    complete, failed, pruned = (next(r for r in s.trials().values() if r.params["x"] == x) for x in (0, 1, 2))

    assert (complete.state, complete.value) == ("COMPLETE", 3.0)
    assert s.reader.curve(complete.number, "value") == [(0, 3.0), (1, 3.0), (2, 3.0)]
    told = [event.reason for event in s.events("told") if event.trial == complete.number]
    assert told == ["process 0 says so"]
    assert (failed.state, failed.cause) == ("FAIL", "nan") and "the second one failed" in failed.reason
    assert pruned.state == "PRUNED" and s.reader.curve(pruned.number, "value") == [(0, 5.0)]
    s.until(lambda: not s.processes(), "a process outlived its trial")
