"""hptui: a cockpit for hyperparameter tuning on one GPU machine.

What an objective may import from here: `Trial`, `TrialPruned`, `report`, `set_constraint`, `params`. Everything loads
on first use, so `import hptui` in a training script costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from hptui.core.worker.lines import params as params
    from hptui.core.worker.lines import report as report
    from hptui.core.worker.lines import set_constraint as set_constraint
    from hptui.core.worker.trial import Trial as Trial
    from hptui.core.worker.trial import TrialPruned as TrialPruned

_HOME = {
    "Trial": "hptui.core.worker.trial",
    "TrialPruned": "hptui.core.worker.trial",
    "params": "hptui.core.worker.lines",
    "report": "hptui.core.worker.lines",
    "set_constraint": "hptui.core.worker.lines",
}

__all__ = ["Trial", "TrialPruned", "params", "report", "set_constraint", "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hptui' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)
