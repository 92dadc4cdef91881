"""What we ask of Ray: to be let in, what there is, actors. Imported only in the bridge."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ray

from hptui import __version__
from hptui.core.errors import SessionError
from hptui.core.remote import joining, shell
from hptui.core.remote import words as w

EXCLUDES = [".git", ".venv", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache"]


@dataclass(frozen=True, slots=True)
class Node:
    id: str
    label: str
    total: Mapping[str, float]  # resources by name


def connect(join: w.Join) -> None:
    """Be a driver of the cluster. Raises SessionError when that can't be, saying why."""
    joining.knock(join.address)
    excludes = [*EXCLUDES, *not_code(Path(join.code), Path(join.folder).parent)]
    runtime_env = {"working_dir": join.code, "excludes": excludes, **join.runtime_env}
    try:
        ray.init(
            address=join.address, namespace=join.namespace, log_to_driver=False, logging_level=logging.ERROR,
            runtime_env=runtime_env,
        )  # fmt: skip
    except SessionError:
        raise
    except Exception as error:
        raise joining.in_words(join.address, error, ray.__version__, sys.version.split()[0]) from error


def not_code(code: Path, sessions: Path) -> list[str]:
    """What must not travel with a folder: our own sessions, and pipes and sockets, which Ray would try to read."""
    found = []
    if sessions.is_relative_to(code):
        found.append(f"/{sessions.relative_to(code)}")
    for folder, names, files in os.walk(code):
        here = Path(folder)
        names[:] = [name for name in names if name not in EXCLUDES and here / name != sessions]
        odd = [here / name for name in files if not (here / name).is_file() and not (here / name).is_symlink()]
        found += [f"/{path.relative_to(code)}" for path in odd]
    return found


def nodes() -> list[Node]:
    """The nodes that are alive, the head first, each with a name of its own."""
    there: Any = ray
    alive = [one for one in there.nodes() if one["Alive"]]
    alive.sort(key=lambda one: ("node:__internal_head__" not in one["Resources"], one["NodeManagerAddress"]))
    names = label(
        [(one["NodeID"], one["NodeName"], one["NodeManagerHostname"], one["NodeManagerAddress"]) for one in alive]
    )
    return [Node(one["NodeID"], names[one["NodeID"]], one["Resources"]) for one in alive]


def free() -> dict[str, float]:
    """What nobody has of the cluster's resources just now."""
    there: Any = ray
    found: dict[str, float] = there.available_resources()
    return found


def waits_for(needs: Mapping[str, float]) -> str:
    there = free()
    wanted = ", ".join(f"{name} {amount:g}" for name, amount in needs.items())
    has = ", ".join(f"{name} {there.get(name, 0.0):g}" for name in needs)
    return f"waits for Ray to lend a slot: a trial takes {wanted}; free in the cluster: {has}"


def label(known: Sequence[tuple[str, str, str, str]]) -> dict[str, str]:
    """A name for each (id, name given, host, address): the name if one was given, else the host, told apart by id."""
    said = {id: (name if name and name != address else host).replace(",", "_") for id, name, host, address in known}
    twice = {name for name in said.values() if list(said.values()).count(name) > 1}
    return {id: f"{name}-{id[:4]}" if name in twice else name for id, name in said.items()}


def fits(total: Mapping[str, float], needs: Mapping[str, float]) -> int:
    """How many trials a node holds."""
    return min((int(total.get(name, 0.0) / amount + 1e-9) for name, amount in needs.items()), default=0)


def room(there: Sequence[Node], needs: Mapping[str, float]) -> int:
    """How many trials the cluster holds. Raises SessionError when it never holds one, saying what each node lacks."""
    count = sum(fits(node.total, needs) for node in there)
    if count:
        return count
    wanted = ", ".join(f"{name} {amount:g}" for name, amount in needs.items())
    has = "; ".join(f"{node.label}: {_has(node.total, needs)}" for node in there)
    if needs.get("GPU") and not any(node.total.get("GPU") for node in there):
        problem = f"a trial takes {needs['GPU']:g} GPU, and no node of the cluster has one ({has})"
        raise SessionError("resources.gpus", problem, 'gpus is left out, or devices = "none", for trials on the CPU')
    raise SessionError(
        "resources", f"a trial takes {wanted}, and no node has so much ({has})", "ask for less per trial"
    )


def _has(total: Mapping[str, float], needs: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {total.get(name, 0.0):g}" for name in needs)


def slot_name(index: int) -> str:
    return f"slot-{index}"


def left_behind(namespace: str) -> list[int]:
    """The slots that earlier schedulers of the session have left."""
    names = [one["name"] for one in ray.util.list_named_actors(all_namespaces=True) if one["namespace"] == namespace]
    return sorted(int(name.removeprefix("slot-")) for name in names if name.startswith("slot-"))


def actor(join: w.Join, index: int) -> Any:
    """The slot of that number: an earlier scheduler's, or a new one, wherever Ray has what it asks for."""
    options = {
        "name": slot_name(index), "namespace": join.namespace, "lifetime": "detached", "get_if_exists": True,
        "num_cpus": join.asks.cpus, "num_gpus": join.asks.gpus, "resources": join.asks.custom,
        "max_concurrency": 4, "max_restarts": 0,
    }  # fmt: skip
    pickle: Any = ray.cloudpickle
    pickle.register_pickle_by_value(shell)
    return ray.remote(shell.Shell).options(**options).remote(join.namespace, index, join.code, __version__)


def end(handle: Any) -> None:
    """Give a slot back."""
    ray.kill(handle, no_restart=True)
