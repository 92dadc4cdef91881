"""A cluster's nodes as the ground on which a session's trials run: what the scheduler has beside its own machine."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hptui.core.errors import SessionError
from hptui.core.remote import words as w
from hptui.core.remote.far_children import FarChildren
from hptui.core.remote.nodes import Nodes
from hptui.core.scheduler.ground import Ground
from hptui.core.scheduler.launch import EXECUTOR
from hptui.core.study.session import SessionFolder
from hptui.core.study.study import Study

THREADS = 1  # per trial, where the study does not say


def cluster(folder: SessionFolder, study: Study, facts: dict[str, Any]) -> Ground:
    """The cluster that the session's facts name. Raises SessionError when it can't be joined."""
    if find_spec("ray") is None:
        raise SessionError("--on ray", "ray is not installed", "pip install 'hptui[ray]', the cluster's own version")
    said = facts[EXECUTOR]
    resources = study.resources
    given = dict(said.get("resources") or {})
    wanted_gpus = 0.0 if resources.devices == "none" else float(resources.gpus or 0.0)
    asks = w.Asks(float(given.pop("CPU", resources.threads or THREADS)), float(given.pop("GPU", wanted_gpus)), given)
    code = str(Path(said.get("working_dir") or facts.get("script_folder") or folder.path).resolve())
    slots = facts.get("slots") or resources.slots
    join = w.Join(
        folder=str(folder.path.resolve()),
        session=str(facts.get("id") or folder.path.resolve()),
        namespace=f"hptui-{facts.get('id') or folder.name}",
        address=str(said.get("address") or os.environ.get("RAY_ADDRESS") or "auto"),
        asks=asks,
        code=code,
        slots=slots,
        most=None if slots else study.budget.n_trials,
        runtime_env=dict(said.get("runtime_env") or {}),
    )
    nodes = Nodes(asks, slots)
    return Ground(nodes.inventory(), nodes, lambda place, selector: FarChildren(place, selector, join, nodes))
