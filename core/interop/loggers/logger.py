"""What a logger is, and which there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol

from hptui.core.errors import SessionError
from hptui.core.space.reading import nearest
from hptui.core.store.rows import TrialRow

GROUP = "hptui.loggers"
OWN = {
    "tensorboard": ("to_tensorboard:ToTensorBoard", "tensorboardX", "pip install 'hptui[tensorboard]'"),
    "mlflow": ("to_mlflow:ToMLflow", "mlflow", "pip install 'hptui[mlflow]'"),
    "wandb": ("to_wandb:ToWandb", "wandb", "pip install 'hptui[wandb]'"),
}


@dataclass(frozen=True)
class Facts:
    """What a logger is told of the session."""

    id: str
    name: str
    metric: str
    direction: str
    study: str  # the study file's text


class Logger(Protocol):
    """Told of each trial: begin, points any number of times, end. A later process goes on by the handle from `begin`.

    at_end: it is told of a trial, with its whole curves, when that has ended.
    """

    at_end: bool

    def __init__(self, destination: str, facts: Facts) -> None: ...
    def begin(self, row: TrialRow) -> str: ...
    def points(self, handle: str, metric: str, points: Sequence[tuple[int, float]]) -> None: ...
    def end(self, handle: str, row: TrialRow) -> None: ...
    def close(self) -> None: ...


def logger_of(name: str) -> type[Logger]:
    """Raises SessionError: there is none of this name, or its package is not installed."""
    others: Mapping[str, EntryPoint] = {point.name: point for point in entry_points(group=GROUP)}
    if name in OWN:
        home, package, install = OWN[name]
        module, _, cls = home.partition(":")
        try:
            import_module(package)
        except ImportError:
            raise SessionError(name, f"{package} is not installed", install) from None
        made: type[Logger] = getattr(import_module(f"hptui.core.interop.loggers.{module}"), cls)
        return made
    if name not in others:
        names = [*OWN, *others]
        raise SessionError(name, "there is no such logger", nearest(name, names) or "there is: " + ", ".join(names))
    try:
        loaded: type[Logger] = others[name].load()
    except Exception as error:  # whatever another's module does when it is imported
        raise SessionError(name, f"it can't be imported: {type(error).__name__}: {error}") from error
    return loaded


def plain(params: Mapping[str, Any]) -> dict[str, str | int | float | bool]:
    """Parameters as all of them take them: other values as text."""
    return {name: v if isinstance(v, str | int | float | bool) else str(v) for name, v in params.items()}
