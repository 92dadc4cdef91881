"""A guest of its options: numbers and words as they are, and other parts of Optuna by their names."""

from __future__ import annotations

import contextlib
import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from hptui.core.errors import StudyError
from hptui.core.search.guests.found import guest_class, optuna
from hptui.core.search.plugins import CatalogKind


def maker(kind: CatalogKind) -> Callable[..., Any]:
    """What makes the sampler or pruner that the catalog hands out."""
    if kind == "sampler":
        from hptui.core.search.guests.sampler import guest_sampler

        return guest_sampler
    from hptui.core.search.guests.pruner import guest_pruner

    return guest_pruner


def made(kind: CatalogKind, name: str, options: Mapping[str, Any], seed: int | None = None) -> Any:
    """Optuna's own object. Raises StudyError when it refuses its options."""
    cls = guest_class(kind, name)
    with quiet():
        given = {key: _part(kind, key, value, seed) for key, value in options.items()}
    if seed is not None and "seed" in inspect.signature(cls).parameters:
        given["seed"] = seed
    try:
        with quiet():
            return cls(**given)
    except Exception as error:
        raise StudyError(
            kind, f"{name} refuses its options: {error}", f"given: {', '.join(given) or 'none'}"
        ) from error


@contextlib.contextmanager
def quiet(seed: int | None = None) -> Iterator[None]:
    """Optuna's warnings and log lines would reach nobody. seed: of numpy's own generator, for samplers that take none;
    afterwards it is as it was."""
    log, state = optuna("sampler").logging, np.random.get_state()
    verbosity = log.get_verbosity()
    log.set_verbosity(log.ERROR)
    if seed is not None:
        np.random.seed(seed)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.set_verbosity(verbosity)
        np.random.set_state(state)


def _part(kind: CatalogKind, key: str, value: Any, seed: int | None) -> Any:
    """`wrapped_pruner = "MedianPruner"`, `base_sampler = {name = "TPESampler", multivariate = true}`,
    `crossover = "UNDXCrossover"`."""
    if key.endswith(("_pruner", "_sampler")) and isinstance(value, str | Mapping):
        table = {"name": value} if isinstance(value, str) else dict(value)
        inner = str(table.pop("name", ""))
        what: CatalogKind = "pruner" if key.endswith("_pruner") else "sampler"
        return made(what, inner if ":" in inner else f"optuna:{inner}", table, seed)
    if key in ("crossover", "mutation") and isinstance(value, str):
        found = getattr(optuna(kind).samplers.nsgaii, value, None)
        if found is None:
            raise StudyError(f"{kind}.{key}", f"Optuna has no {key} {value}", "such as UNDXCrossover")
        return found()
    return value
