"""Blocks of parameters that many trainings share, with the ranges to search first: optimizers, schedules, and so on.

What a block is made of in the objective is built from `trial.params` by `hptui.core.training.build_optimizer`,
`build_schedule` and `build_layers`, which know the same names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from hptui.core.errors import StudyError
from hptui.core.space.roles import LEARNING_RATES

Group = Literal["optimizer", "schedule", "regularisation", "architecture"]
Definitions = Mapping[str, Mapping[str, Any]]

LAYERS = 4
"""How many layers the block `layers` has at most."""


@dataclass(frozen=True)
class Preset:
    """own: a parameter for each optimizer by itself, as its good values are no other's. shared: one for all that have
    it. kept: as shared, but usually not worth trials; its default is torch's own."""

    name: str
    group: Group
    about: str
    own: Definitions = field(default_factory=dict)
    shared: Definitions = field(default_factory=dict)
    kept: Definitions = field(default_factory=dict)


def _float(low: float, high: float, default: float, log: bool = False) -> dict[str, Any]:
    return {"type": "float", "low": low, "high": high, **({"log": True} if log else {}), "default": default}


def _rate(optimizer: str, default: float) -> dict[str, Any]:
    return _float(*LEARNING_RATES[optimizer], default, log=True)


_L2 = _float(1e-6, 1e-2, 1e-4, log=True)
_MOMENTUM = {"momentum": _float(0.8, 0.99, 0.9)}
_ADAM = {"beta1": _float(0.85, 0.98, 0.9), "beta2": _float(0.9, 0.9999, 0.999), "eps": _float(1e-10, 1e-3, 1e-8, True)}
_WARMUP = {"warmup_share": _float(0.0, 0.2, 0.05)}
_FINAL = {"final_share": _float(1e-4, 0.1, 0.01, log=True)}
_UNITS = {"type": "int", "low": 16, "high": 512, "log": True, "default": 128}
_LAYERS = {
    "layers": {"type": "int", "low": 1, "high": LAYERS, "default": 2},
    "units_1": _UNITS,
    **{f"units_{k}": {**_UNITS, "when": {"layers": list(range(k, LAYERS + 1))}} for k in range(2, LAYERS + 1)},
}

_ALL = (
    Preset("sgd", "optimizer", "plain gradient descent", {"lr": _rate("sgd", 0.1), "weight_decay": _L2}),
    Preset("momentum", "optimizer", "SGD with momentum: pictures, long trainings",
           {"lr": _rate("momentum", 0.01), "weight_decay": _L2}, _MOMENTUM),
    Preset("nesterov", "optimizer", "SGD with Nesterov's momentum",
           {"lr": _rate("nesterov", 0.01), "weight_decay": _L2}, _MOMENTUM),
    Preset("adagrad", "optimizer", "sparse gradients", {"lr": _rate("adagrad", 0.01), "weight_decay": _L2}),
    Preset("rmsprop", "optimizer", "recurrent networks", {"lr": _rate("rmsprop", 5e-4)},
           kept={"alpha": _float(0.9, 0.999, 0.99)}),
    Preset("adam", "optimizer", "adaptive, without weight decay (that is adamw's)", {"lr": _rate("adam", 1e-3)},
           kept=_ADAM),
    Preset("adamw", "optimizer", "Adam with decoupled weight decay: the usual first choice",
           {"lr": _rate("adamw", 1e-3), "weight_decay": _float(1e-4, 0.3, 0.01, log=True)}, kept=_ADAM),
    Preset("constant", "schedule", "the rate stays: the baseline to compare with"),
    Preset("warmup", "schedule", "rises to the rate, then stays", shared=_WARMUP),
    Preset("step", "schedule", "falls in steps", shared={
        **_WARMUP, "step_drops": {"type": "int", "low": 1, "high": 4, "default": 3},
        "step_factor": _float(0.05, 0.5, 0.1, log=True)}),
    Preset("exponential", "schedule", "falls by the same factor with each step", shared={**_WARMUP, **_FINAL}),
    Preset("cosine", "schedule", "falls along a cosine: the usual first choice", shared={**_WARMUP, **_FINAL}),
    Preset("onecycle", "schedule", "rises and falls once", shared={"cycle_rise": _float(0.1, 0.5, 0.3)}),
    Preset("dropout", "regularisation", "share of units dropped", shared={"dropout": _float(0.0, 0.6, 0.1)}),
    Preset("label_smoothing", "regularisation", "for classification",
           shared={"label_smoothing": _float(0.0, 0.2, 0.0)}),
    Preset("clipping", "regularisation", "largest norm of the gradient",
           shared={"clip_norm": _float(0.1, 10.0, 1.0, log=True)}),
    Preset("layers", "architecture", f"1 to {LAYERS} layers, and the units of each", shared=_LAYERS),
)  # fmt: skip

PRESETS: Mapping[str, Preset] = {preset.name: preset for preset in _ALL}

SETS: Mapping[str, tuple[str, ...]] = {
    "regularisation": ("dropout", "label_smoothing", "clipping"),
    "regularization": ("dropout", "label_smoothing", "clipping"),
    "optimizers": tuple(p.name for p in _ALL if p.group == "optimizer"),
    "schedules": tuple(p.name for p in _ALL if p.group == "schedule"),
}
"""Names that stand for several."""


@dataclass(frozen=True)
class Block:
    """Parameters as a study states them. kept: those to leave alone at first."""

    space: dict[str, dict[str, Any]]
    kept: dict[str, dict[str, Any]]
    groups: frozenset[Group]


NO_BLOCK = Block({}, {}, frozenset())


def names_of(text: str) -> tuple[str, ...]:
    """The presets of `adamw, cosine,regularisation`, each once. Raises StudyError for one that is none."""
    from hptui.core.space.reading import nearest

    words = [word for word in text.replace(",", " ").split() if word]
    for word in words:
        if word not in PRESETS and word not in SETS:
            hint = nearest(word, [*PRESETS, *SETS]) or f"there are {', '.join(PRESETS)}"
            raise StudyError("--preset", f'there is no preset "{word}"', hint)
    return tuple(dict.fromkeys(name for word in words for name in SETS.get(word, (word,))))


def compose(names: Sequence[str]) -> Block:
    """The parameters of the presets together.

    Of several optimizers (or schedules) one is chosen by the parameter `optimizer` (`schedule`), and what belongs to
    some of them is active only with those: `sgd_lr` and `adamw_lr`, but one `momentum` for all that have one.
    """
    chosen = [PRESETS[name] for name in dict.fromkeys(names)]
    space: dict[str, dict[str, Any]] = {}
    kept: dict[str, dict[str, Any]] = {}
    for group in ("optimizer", "schedule", "regularisation", "architecture"):
        members = [preset for preset in chosen if preset.group == group]
        if not members:
            continue
        gate = group if group in ("optimizer", "schedule") else ""
        if gate:
            choices = [preset.name for preset in members]
            space[gate] = {"type": "categorical", "choices": choices, "default": choices[0]}
        for preset in members:
            for name, definition in preset.own.items():
                own = f"{preset.name}_{name}" if len(members) > 1 else name
                space[own] = _gated(definition, gate, [preset.name], members)
        for table, parts in ((space, [p.shared for p in members]), (kept, [p.kept for p in members])):
            for name, definition in _together(parts):
                users = [p.name for p, part in zip(members, parts, strict=True) if name in part]
                table[name] = _gated(definition, gate, users, members)
    return Block(space, kept, frozenset(preset.group for preset in chosen))


def conditions_kept(space: dict[str, dict[str, Any]], before: Definitions) -> dict[str, dict[str, Any]]:
    """`space`, written anew in short lines, with the conditions that `before` has as far as they still can hold.

    A parameter whose condition names no value that is left goes; one whose parent is gone is always active.
    """
    kept: dict[str, dict[str, Any]] = {}
    for name, definition in space.items():
        when = {p: v for p, v in before.get(name, {}).get("when", {}).items() if p in space}
        left = {parent: [v for v in values if _may_be(space[parent], v)] for parent, values in when.items()}
        if all(left.values()):
            kept[name] = {**definition, **({"when": left} if left else {})}
    return kept


def _may_be(parent: Mapping[str, Any], value: Any) -> bool:
    return value in parent["choices"] if "choices" in parent else bool(parent["low"] <= value <= parent["high"])


def _together(parts: Iterable[Definitions]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    return {name: definition for part in parts for name, definition in part.items()}.items()


def _gated(definition: Mapping[str, Any], gate: str, users: list[str], members: list[Preset]) -> dict[str, Any]:
    if not gate or len(users) == len(members):
        return dict(definition)
    return {**definition, "when": {gate: users}}
