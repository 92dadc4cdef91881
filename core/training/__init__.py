"""What good PyTorch objectives have in common, ready to use inside one.

    from hptui.core.training import parameter_groups, make_schedule, BestCheckpoint

Nothing of it is needed to be tuned by hptui, and none of it knows hptui's files or processes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hptui.core.training.blocks import build_layers as build_layers
    from hptui.core.training.blocks import build_optimizer as build_optimizer
    from hptui.core.training.blocks import build_schedule as build_schedule
    from hptui.core.training.blocks import clip_gradients as clip_gradients
    from hptui.core.training.blocks import units_of as units_of
    from hptui.core.training.checkpoints import BestCheckpoint as BestCheckpoint
    from hptui.core.training.controller import RateController as RateController
    from hptui.core.training.groups import parameter_groups as parameter_groups
    from hptui.core.training.guards import Diverged as Diverged
    from hptui.core.training.guards import DivergenceGuard as DivergenceGuard
    from hptui.core.training.guards import GapMonitor as GapMonitor
    from hptui.core.training.lightning_report import LightningReport as LightningReport
    from hptui.core.training.overfit import can_overfit as can_overfit
    from hptui.core.training.ranks import Rank as Rank
    from hptui.core.training.ranks import distribute as distribute
    from hptui.core.training.schedules import make_schedule as make_schedule
    from hptui.core.training.schedules import scaled_rate as scaled_rate
    from hptui.core.training.sweep import range_test as range_test
    from hptui.core.training.trainer_report import TrainerReport as TrainerReport

_HOME = {
    "BestCheckpoint": "checkpoints",
    "RateController": "controller",
    "build_layers": "blocks",
    "build_optimizer": "blocks",
    "build_schedule": "blocks",
    "clip_gradients": "blocks",
    "units_of": "blocks",
    "parameter_groups": "groups",
    "DivergenceGuard": "guards",
    "Diverged": "guards",
    "GapMonitor": "guards",
    "LightningReport": "lightning_report",
    "TrainerReport": "trainer_report",
    "Rank": "ranks",
    "can_overfit": "overfit",
    "distribute": "ranks",
    "range_test": "sweep",
    "make_schedule": "schedules",
    "scaled_rate": "schedules",
}

__all__ = [
    "BestCheckpoint", "DivergenceGuard", "Diverged", "GapMonitor", "LightningReport", "Rank", "RateController",
    "TrainerReport", "build_layers", "build_optimizer", "build_schedule", "can_overfit", "clip_gradients", "distribute",
    "make_schedule", "parameter_groups", "range_test", "scaled_rate", "units_of",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
