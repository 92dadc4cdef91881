"""Every sampler and pruner by name, with its options: the one place that study files, help and tests read.

A new one is a file and an entry, in `samplers.entries` or `pruners.entries`. Importing this loads none of them: each
is imported when first made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import EllipsisType
from typing import TYPE_CHECKING, Any

from hptui.core.errors import HptuiError, StudyError
from hptui.core.search.entry import Asked, Entry, Option, told
from hptui.core.search.plugins import CatalogKind, declared, plugin
from hptui.core.search.pruners.entries import PRUNERS, WRAPPABLE
from hptui.core.search.samplers.entries import SAMPLERS
from hptui.core.space.reading import nearest, show
from hptui.core.study.study import Chosen, Direction

if TYPE_CHECKING:
    from hptui.core.search.protocol import Array, Pruner, Sampler
    from hptui.core.space.space import Space

CATALOG: dict[CatalogKind, dict[str, Entry]] = {"sampler": SAMPLERS, "pruner": PRUNERS}


def entry_of(kind: CatalogKind, name: str) -> Entry:
    """What the catalog says of a sampler or pruner. Raises StudyError when there is none of this name.

    A name with a colon is that of a guest: `optuna:GPSampler` (`search.guests`).
    """
    if ":" in name:
        from hptui.core.search.guests.found import guest

        return guest(kind, name)
    entry = CATALOG[kind].get(name) or plugin(kind, name)
    if entry is None:
        raise StudyError(kind, f"there is no {kind} {show(name)}", _meant(name, CATALOG[kind], declared(kind)))
    return entry


def entries(kind: CatalogKind) -> tuple[dict[str, Entry], list[HptuiError]]:
    """Everything there is to choose, of other distributions too, and what is wrong with those that can't be used."""
    found, problems = dict(CATALOG[kind]), list[HptuiError]()
    for name in declared(kind):
        if name in found:
            problems.append(StudyError(kind, f"another distribution's {name} is not used: that name is ours"))
            continue
        try:
            found[name] = entry_of(kind, name)
        except HptuiError as problem:
            problems.append(problem)
    return found, problems


def check(kind: CatalogKind, chosen: Chosen, max_steps: int | EllipsisType | None = ...) -> list[HptuiError]:
    """Everything that is wrong with a choice, by key path (`sampler.points`); empty when it can be made.

    max_steps: the study's budget.max_steps; `...` leaves it unchecked.
    """
    try:
        entry = entry_of(kind, chosen.name)
    except HptuiError as problem:
        return [problem]
    problems: list[HptuiError] = []
    if (needed := entry.needs) is not None and needed.is_missing:
        said = f"{chosen.name} needs {needed.package}, which is not installed"
        problems.append(StudyError(kind, said, needed.install))
    options = options_of(kind, chosen)
    for name, value in chosen.options.items():
        option = options.get(name)
        if option is None:
            hint = nearest(name, options) or f"{kind} {chosen.name} has no options"
            problems.append(StudyError(f"{kind}.{name}", f"unknown option of {kind} {chosen.name}", hint))
        elif not option.admits(value):
            hint = "" if option.default is None else f"the default is {told(option.default)}"
            problems.append(StudyError(f"{kind}.{name}", f"{show(value)} is not {option.asked}", hint))
    if entry.unfit is not None and not problems:
        problems += entry.unfit(chosen.options)
    if "threshold" in (chosen.name, chosen.options.get("wraps")) and not problems:
        problems += _threshold_problems(chosen.options)
    if entry.max_steps == "needed" and max_steps is None:
        problems.append(StudyError(kind, f"{chosen.name} needs to know how far a trial can go", _MAX_STEPS))
    if "min_resource" in entry.options and isinstance(max_steps, int) and not problems:
        problems += _ladder_problems(kind, max_steps, chosen.options)
    return problems


def make_sampler(chosen: Chosen, space: Space, seed: int, grows: bool = False) -> Sampler:
    """The sampler, ready to be asked. Raises StudyError when the choice is wrong or does not fit the space.

    grows: the objective defines its space as it runs, so there may be more parameters than are known now.
    """
    _raise_first(check("sampler", chosen))
    if seed < 0:
        raise StudyError("seed", f"{seed} is negative", "use 0 or a positive whole number")
    entry = entry_of("sampler", chosen.name)
    sampler: Sampler = entry.load()(space=space, seed=seed, grows=grows, **_stated(entry, chosen.options))
    return sampler


def misfits(chosen: Chosen, space: Space, seed: int) -> list[HptuiError]:
    """Why a sampler that is right in itself can't search this space. Most take any; those are not even loaded."""
    if not space.dim or not entry_of("sampler", chosen.name).choosy:
        return []
    try:
        make_sampler(chosen, space, seed)
    except StudyError as error:
        return [error]
    return []


def make_pruner(
    chosen: Chosen,
    direction: Direction,
    max_steps: int | None = None,
    space: Space | None = None,
    seed: int = 0,
    points: Array | None = None,
) -> Pruner:
    """The pruner; it judges losses and words its reasons in the user's sign.

    max_steps: how far a trial can go, where the study says so. space, seed: of the study. points: (c, d) the only
    ones that trials may have, where that is so. Only a pruner that learns from points looks at these.
    Raises StudyError when the choice is wrong, or needs max_steps and has none.
    """
    _raise_first(check("pruner", chosen, max_steps))
    sign = 1.0 if direction == "minimize" else -1.0
    entry = entry_of("pruner", chosen.name)
    options = _stated(entry, chosen.options)
    if entry.learns:
        if max_steps is None:  # nobody knows where a curve ends
            never: Pruner = PRUNERS["none"].load()(sign=sign)
            return never
        options |= {"space": space, "seed": seed, "points": points}
    if chosen.name == "threshold" and direction == "maximize":
        options = _turned(options)
    if wrapped := options.pop("wraps", None):
        own = {name: value for name, value in chosen.options.items() if name in PRUNERS[wrapped].options}
        options["wrapped"] = make_pruner(Chosen(name=wrapped, options=own), direction)
    if entry.max_steps != "ignored":
        options["max_steps"] = max_steps
    pruner: Pruner = entry.load()(sign=sign, **options)
    return pruner


def by_curves(sampler: Sampler, chosen: Chosen, pruner: Pruner) -> Sampler:
    """`auto` as it asks the pruner's model of all curves, where there is one; any other sampler as it is."""
    from hptui.core.search.pruners.thaw import Thaw

    if not isinstance(pruner, Thaw) or chosen.name != "auto":
        return sampler
    from hptui.core.search.samplers.thaw import NewPoints

    return NewPoints(sampler, pruner.mind)


def taught(sampler: Sampler, chosen: Chosen, pruner: Pruner) -> Sampler:
    """The sampler as it learns from curves that have not ended, where the pruner has a model of them."""
    from hptui.core.search.pruners.thaw import Thaw

    if not isinstance(pruner, Thaw) or chosen.name == "random":
        return sampler
    from hptui.core.search.samplers.thaw import Taught

    return Taught(sampler, pruner.mind)


def _stated(entry: Entry, options: Mapping[str, Any]) -> dict[str, Any]:
    """All options with a value: what the user wrote, else the default."""
    values = {name: options.get(name, option.default) for name, option in entry.options.items()}
    return {name: entry.options[name].made(value) for name, value in values.items() if value is not None}


def _turned(options: dict[str, Any]) -> dict[str, Any]:
    """A threshold's bounds as losses, of a metric to maximise."""
    turned = {"lower": "upper", "upper": "lower"}
    out = {turned.get(name, name): -v if name in turned else v for name, v in options.items()}
    if "by_step" in out:
        out["by_step"] = tuple((step, -limit) for step, limit in out["by_step"])
    return out


def options_of(kind: CatalogKind, chosen: Chosen) -> Mapping[str, Asked]:
    """Those of the choice, and of the rule that it wraps. Raises StudyError when there is none of its name."""
    wrapped = chosen.options.get("wraps") if kind == "pruner" and chosen.name == "patient" else None
    own = entry_of(kind, chosen.name).options
    return {**own, **PRUNERS[wrapped].options} if wrapped in WRAPPABLE else own


def _meant(name: str, entries: Mapping[str, Entry], more: Iterable[str]) -> str:
    names = {other: known for known, entry in entries.items() for other in (known, *entry.also_called)}
    names |= {other: other for other in more}
    hint = nearest(name, names)
    for other, known in names.items():
        if hint == f'did you mean "{other}"?':
            return f'did you mean "{known}"?'
    return "valid: " + ", ".join([*entries, *more])


def _threshold_problems(options: Mapping[str, Any]) -> list[HptuiError]:
    lower, upper = options.get("lower"), options.get("upper")
    if lower is None and upper is None and "by_step" not in options:
        hint = "add upper = ... or lower = ..., or by_step = {5 = 0.15, 10 = 0.1}"
        return [StudyError("pruner", "threshold needs lower, upper or by_step", hint)]
    if lower is not None and upper is not None and lower > upper:
        problem = f"lower ({lower:g}) is above upper ({upper:g})"
        return [StudyError("pruner.lower", problem, "swap the two numbers")]
    return []


_MAX_STEPS = "add max_steps = ..., the number of steps of a full training, to [budget]"


def _ladder_problems(kind: CatalogKind, max_steps: int, options: Mapping[str, Any]) -> list[HptuiError]:
    first = int(options.get("min_resource", 1))
    if first < max_steps - 1 or max_steps < 1:  # a budget that is wrong itself is told elsewhere
        return []
    problem = f"min_resource ({first}) leaves no rung below budget.max_steps ({max_steps})"
    return [StudyError(f"{kind}.min_resource", problem, "rungs are steps before the last one")]


def _raise_first(problems: list[HptuiError]) -> None:
    if problems:
        raise problems[0]


__all__ = [
    "CATALOG",
    "PRUNERS",
    "SAMPLERS",
    "CatalogKind",
    "Entry",
    "Option",
    "check",
    "make_pruner",
    "make_sampler",
    "misfits",
    "options_of",
]
