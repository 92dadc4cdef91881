"""hptui: a cockpit for hyperparameter tuning on one GPU machine.

What an objective may import from here: `Trial`, `TrialPruned`, `cross_validate`, `report`, `set_constraint`, `params`.
What a script or a notebook may: `run` tunes a function, `Session` reads sessions, `ask_tell` is a sampler by itself,
`Float`, `Int` and `Categorical` are parameters. Everything loads on first use, so `import hptui` in a training script
costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from hptui.core.api.asking import Asked as Asked
    from hptui.core.api.asking import AskTell as AskTell
    from hptui.core.api.asking import SpaceExhausted as SpaceExhausted
    from hptui.core.api.asking import ask_tell as ask_tell
    from hptui.core.api.running import run as run
    from hptui.core.api.session import Session as Session
    from hptui.core.api.session import TrialRecord as TrialRecord
    from hptui.core.errors import HptuiError as HptuiError
    from hptui.core.space.parameter import Categorical as Categorical
    from hptui.core.space.parameter import Float as Float
    from hptui.core.space.parameter import Int as Int
    from hptui.core.worker.folds import cross_validate as cross_validate
    from hptui.core.worker.lines import params as params
    from hptui.core.worker.lines import report as report
    from hptui.core.worker.lines import set_constraint as set_constraint
    from hptui.core.worker.trial import Trial as Trial
    from hptui.core.worker.trial import TrialPruned as TrialPruned

_HOME = {
    "Asked": "hptui.core.api.asking",
    "AskTell": "hptui.core.api.asking",
    "Categorical": "hptui.core.space.parameter",
    "Float": "hptui.core.space.parameter",
    "HptuiError": "hptui.core.errors",
    "Int": "hptui.core.space.parameter",
    "Session": "hptui.core.api.session",
    "SpaceExhausted": "hptui.core.api.asking",
    "Trial": "hptui.core.worker.trial",
    "TrialPruned": "hptui.core.worker.trial",
    "TrialRecord": "hptui.core.api.session",
    "ask_tell": "hptui.core.api.asking",
    "cross_validate": "hptui.core.worker.folds",
    "params": "hptui.core.worker.lines",
    "report": "hptui.core.worker.lines",
    "run": "hptui.core.api.running",
    "set_constraint": "hptui.core.worker.lines",
}

__all__ = [
    "AskTell",
    "Asked",
    "Categorical",
    "Float",
    "HptuiError",
    "Int",
    "Session",
    "SpaceExhausted",
    "Trial",
    "TrialPruned",
    "TrialRecord",
    "__version__",
    "ask_tell",
    "cross_validate",
    "params",
    "report",
    "run",
    "set_constraint",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hptui' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
