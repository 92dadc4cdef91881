"""The options of `run` that have trials run on the nodes of a cluster."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from hptui.core.errors import SessionError, StudyError
from hptui.core.remote import joining

_OPTIONS = (
    click.option("--on", type=click.Choice(["ray"]), help="Trials run on the nodes of a Ray cluster."),
    click.option("--address", metavar="HOST:PORT", help="Which cluster. [default: RAY_ADDRESS, or this machine's]"),
    click.option(
        "--per-trial", multiple=True, metavar="NAME=AMOUNT",
        help="What a trial takes of a node: CPU, GPU or a resource of your own. May be repeated.",
    ),
    click.option("--working-dir", metavar="FOLDER", help="The code that travels there. [default: the study's folder]"),
    click.option("--runtime-env", metavar="FILE", help="Further keys of Ray's runtime_env (pip, env_vars, ...), JSON."),
)  # fmt: skip
NAMES = ("address", "per_trial", "working_dir", "runtime_env")


def cluster_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def executor_of(on: str | None, given: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the session keeps of the cluster it runs on; None for this machine.

    given: the options named in NAMES. Raises StudyError for one that makes no sense, SessionError without Ray.
    """
    said = {name: given[name] for name in NAMES if given[name]}
    if on is None:
        if said:
            option = "--" + next(iter(said)).replace("_", "-")
            raise StudyError(option, "is about a cluster, and trials run on this machine", "add --on ray")
        return None
    if find_spec("ray") is None:
        raise SessionError("--on ray", "ray is not installed", "pip install 'hptui[ray]', in the cluster's own version")
    executor: dict[str, Any] = {"kind": on, "resources": resources_of(said.get("per_trial", ()))}
    if "address" in said:
        joining.check(said["address"])
        executor["address"] = said["address"]
    if "working_dir" in said:
        folder = Path(os.path.expanduser(said["working_dir"])).resolve()
        if not folder.is_dir():
            raise StudyError("--working-dir", f"{folder} is no folder")
        executor["working_dir"] = str(folder)
    if "runtime_env" in said:
        executor["runtime_env"] = _read(Path(os.path.expanduser(said["runtime_env"])))
    return executor


def resources_of(words: tuple[str, ...]) -> dict[str, float]:
    """("CPU=2", "a100=0.5") as Ray counts them. Raises StudyError for what is no amount."""
    found = {}
    for word in words:
        name, _, amount = word.partition("=")
        try:
            value = float(amount)
        except ValueError:
            value = -1.0
        if not name or not value >= 0 or value == float("inf"):
            raise StudyError("--per-trial", f'"{word}" is no amount of a resource', "for example --per-trial CPU=2")
        found[name.upper() if name.upper() in ("CPU", "GPU") else name] = value
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StudyError("--runtime-env", f"{path}: {error.strerror}") from None
    except ValueError as error:
        raise StudyError("--runtime-env", f"{path} is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise StudyError("--runtime-env", f"{path} holds no object", 'for example {"pip": ["lightgbm"]}')
    return found
