"""What a command line changes in a study (`--seed 3`, `--slots 2`), put in place before the study is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hptui.core.errors import HptuiError

PLACES: dict[str, tuple[str, ...]] = {
    "name": ("name",),
    "direction": ("direction",),
    "seed": ("seed",),
    "sampler": ("sampler",),
    "pruner": ("pruner",),
    "slots": ("resources", "slots"),
    "gpus": ("resources", "gpus"),
    "devices": ("resources", "devices"),
    "n_trials": ("budget", "n_trials"),
}
"""Override -> its place in the study file."""


def apply_overrides(written: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The written study with each override that is not None in its place.

    devices may be "all", "none", or text such as "0,2". A sampler or pruner keeps the file's options when it is
    the one the file names already. Raises KeyError for an override that is none of PLACES.
    """
    out = dict(written)
    for key, value in overrides.items():
        *table, name = PLACES[key]
        if value is None:
            continue
        if key == "devices":
            value = _devices(value)
        if key in ("sampler", "pruner") and _named(written.get(key)) == value:
            continue
        if not table:
            out[name] = value
        elif isinstance(out.setdefault(table[0], {}), Mapping):  # if not, reading it says so
            out[table[0]] = {**out[table[0]], name: value}
    return out


def blame_flags(problems: list[HptuiError], overrides: Mapping[str, Any]) -> list[HptuiError]:
    """The problems, those of an overridden place said of the flag instead of the file."""
    flags = {".".join(PLACES[k]): "-n" if k == "n_trials" else f"--{k}" for k, v in overrides.items() if v is not None}
    return [
        type(p)(flags[p.where], p.problem, p.hint) if p.where in flags else p  # a StudyError, all of them
        for p in problems
    ]


def _devices(value: Any) -> Any:
    if not isinstance(value, str) or value in ("all", "none"):
        return value
    parts = [part.strip() for part in value.split(",") if part.strip()]
    return [int(part) if part.isdecimal() and len(part) < 19 else part for part in parts]


def _named(written: Any) -> Any:
    return written.get("name") if isinstance(written, Mapping) else written
