"""What the callbacks for other trainers have in common."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from hptui.core.errors import ObjectiveError


def numbers(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Those that are one number, as floats; a tensor of one element is."""
    found = {}
    for name, value in metrics.items():
        item = getattr(value, "item", None)
        if item is not None and getattr(value, "numel", lambda: 1)() == 1:
            value = item()
        if isinstance(value, int | float) and not isinstance(value, bool):
            found[str(name)] = float(value)
    return found


def beside(known: Mapping[str, float]) -> dict[str, float]:
    """As further metrics of `trial.report`, whose own arguments have names of theirs."""
    return {f"{name}_logged" if name in ("self", "value", "step") else name: each for name, each in known.items()}


def where_it_is(checkpoint: Any, saved: str) -> str:
    """What a trainer saved beside the trial's state, where that state was found now.

    It was saved by another trial or on another node, it may be, or the session has another name since.
    """
    here = Path(checkpoint.found_in, Path(saved).name)
    return str(here) if here.exists() else saved


def told_to_stop(step: int) -> Exception:
    """hptui.TrialPruned, for a trial that was told to stop at `step`."""
    pruned: type[Exception] = import_module("hptui").TrialPruned
    return pruned(f"told to stop at step {step}")


def agreed(answer: bool) -> bool:
    """The first process's answer in all that torch.distributed has joined, so that none goes on alone."""
    dist = sys.modules.get("torch.distributed")
    if dist is None or not dist.is_available() or not dist.is_initialized() or dist.get_world_size() == 1:
        return answer
    told = [answer]
    dist.broadcast_object_list(told, src=0)
    return bool(told[0])


def without(what: str, package: str, extra: str) -> ObjectiveError:
    return ObjectiveError(what, f"{package} is not installed", f"pip install 'hptui[{extra}]'")
