"""Runs an objective that can't report step by step: once for each budget that the trial earns, the small ones first.

The result with a budget is the trial's report at that step, and a rung of its pruner: there it is held, stopped or
promoted as any other trial. Another process can follow one that is gone: it knows which budgets were done.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from hptui.core.study.milestones import Rungs
from hptui.core.study.trial import CHECKPOINT_STEP
from hptui.core.wire.request import Start
from hptui.core.wire.spool import Checkpoint, End, pack_number
from hptui.core.worker.link import Link
from hptui.core.worker.outcome import of_result
from hptui.core.worker.trial import Trial


def run(start: Start, link: Link, trial: Trial, function: Callable[[Trial], Any]) -> End:
    """All its calls; the last one's result is the trial's."""
    done = int(start.user_attrs.get(CHECKPOINT_STEP) or 0)
    end = End(time.time(), "complete", None)
    for budget in budgets(start, done):
        trial.budget = budget
        end = of_result(function(trial), None, time.time())
        if end.outcome != "complete" or end.value is None:
            return end
        if budget != start.max_steps:
            link.append(Checkpoint(time.time(), budget))
        link.report(float(end.value), budget, {})
        if link.told_to_stop():
            return End(time.time(), "pruned", pack_number(float(end.value)))
    return end


def budgets(start: Start, done: int = 0) -> list[int]:
    """The pruner's rungs above `done` and then the largest budget; that one alone where there are no rungs."""
    most = start.max_steps or 1
    rungs = start.milestones.steps if isinstance(start.milestones, Rungs) else ()
    return [rung for rung in rungs if done < rung < most] + [most]
