"""Every sampler and pruner by name, with its options: the one place that study files, help and tests read.

A new one is a file and an entry, here or in `samplers.entries`. Importing this loads none of them: each is imported
when first made.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import EllipsisType
from typing import TYPE_CHECKING, Any, Literal

from hptui.core.errors import HptuiError, StudyError
from hptui.core.search.entry import Entry, Option
from hptui.core.search.samplers.entries import SAMPLERS
from hptui.core.space.reading import nearest, show
from hptui.core.study.study import Chosen, Direction

if TYPE_CHECKING:
    from hptui.core.search.protocol import Pruner, Sampler
    from hptui.core.space.space import Space

CatalogKind = Literal["sampler", "pruner"]


def _steps(**more: Option) -> dict[str, Option]:
    return {
        **more,
        "n_warmup_steps": Option("never stop a trial before this step", 0, low=0, whole=True),
        "interval_steps": Option("judge every so many steps", 1, low=1, whole=True),
    }


def _peers(**more: Option) -> dict[str, Option]:
    return {
        **more,
        "n_startup_trials": Option("never stop a trial before so many are complete", 5, low=0, whole=True),
        **_steps(),
        "n_min_trials": Option("never stop where fewer complete trials have reported", 1, low=1, whole=True),
    }


def _rungs() -> dict[str, Option]:
    return {
        "min_resource": Option("the lowest step at which trials are ranked", 1, low=1, whole=True),
        "reduction_factor": Option("the best one of so many goes on", 3, low=2, high=100, whole=True),
    }


PRUNERS: dict[str, Entry] = {
    "none": Entry(
        "every trial runs to its end",
        "short trials, or losses that say little before the end",
        "pruners.none:Never",
        {},
        also_called=("nop", "off", "never"),
    ),
    "median": Entry(
        "stop a trial whose best is worse than the median of complete trials at the same step",
        "the usual choice where trials report every epoch",
        "pruners.median:Median",
        _peers(),
    ),
    "percentile": Entry(
        "stop a trial whose best is not among the best share of complete trials at the same step",
        "like median, but stricter or milder",
        "pruners.percentile:Percentile",
        _peers(percentile=Option("the share to keep, in per cent", 25.0, low=0, high=100)),
    ),
    "threshold": Entry(
        "stop a trial whose value leaves a given range or is not a number",
        "when it is known what a hopeless value looks like",
        "pruners.threshold:Threshold",
        _steps(
            lower=Option("stop below this value", None),
            upper=Option("stop above this value", None),
        ),
    ),
    "patient": Entry(
        "stop a trial that has not improved for a while",
        "trials that converge long before their last step",
        "pruners.patient:Patient",
        {
            "patience": Option("so many reports may pass without a better one", 5, low=0, whole=True),
            "min_delta": Option("worse by no more than this is not worse", 0.0, low=0),
        },
        also_called=("early_stopping",),
    ),
    "successive_halving": Entry(
        "stop a trial that is not among the best of those that have come to its rung",
        "where trials can't be held: on GPUs; many cheap trials",
        "pruners.halving:SuccessiveHalving",
        _rungs(),
        also_called=("sha", "halving", "asha_stop"),
        max_steps="used",
    ),
    "asha": Entry(
        "hold every trial at its rung; the best of a rung go on when a slot is free",
        "many trials that report every epoch, where early losses say something about late ones",
        "pruners.asha:Asha",
        _rungs(),
        also_called=("asynchronous_successive_halving", "asynchyperband"),
        max_steps="used",
    ),
    "hyperband": Entry(
        "brackets from many short trials to few full ones; a bracket's best go on when all of it have come",
        "when it is not known how much early losses say",
        "pruners.hyperband:Hyperband",
        _rungs(),
        also_called=("hyper_band",),
        max_steps="needed",
    ),
    "pasha": Entry(
        "asha, going further only while longer training still changes who is better",
        "long trainings with a clear early order",
        "pruners.pasha:Pasha",
        _rungs(),
        max_steps="needed",
    ),
}

CATALOG: dict[CatalogKind, dict[str, Entry]] = {"sampler": SAMPLERS, "pruner": PRUNERS}


def check(kind: CatalogKind, chosen: Chosen, max_steps: int | EllipsisType | None = ...) -> list[HptuiError]:
    """Everything that is wrong with a choice, by key path (`sampler.points`); empty when it can be made.

    max_steps: the study's budget.max_steps; `...` leaves it unchecked.
    """
    entries = CATALOG[kind]
    entry = entries.get(chosen.name)
    if entry is None:
        return [StudyError(kind, f"there is no {kind} {show(chosen.name)}", _meant(chosen.name, entries))]
    problems: list[HptuiError] = []
    for name, value in chosen.options.items():
        option = entry.options.get(name)
        if option is None:
            hint = nearest(name, entry.options) or f"{kind} {chosen.name} has no options"
            problems.append(StudyError(f"{kind}.{name}", f"unknown option of {kind} {chosen.name}", hint))
        elif not option.admits(value):
            hint = "" if option.default is None else f"the default is {option.default:g}"
            problems.append(StudyError(f"{kind}.{name}", f"{show(value)} is not {option.asked}", hint))
    if chosen.name == "threshold" and not problems:
        problems += _threshold_problems(chosen.options)
    if entry.max_steps == "needed" and max_steps is None:
        problems.append(StudyError(kind, f"{chosen.name} needs to know how far a trial can go", _MAX_STEPS))
    if entry.max_steps != "ignored" and isinstance(max_steps, int) and not problems:
        problems += _ladder_problems(kind, max_steps, chosen.options)
    return problems


def make_sampler(chosen: Chosen, space: Space, seed: int, grows: bool = False) -> Sampler:
    """The sampler, ready to be asked. Raises StudyError when the choice is wrong or does not fit the space.

    grows: the objective defines its space as it runs, so there may be more parameters than are known now.
    """
    _raise_first(check("sampler", chosen))
    if seed < 0:
        raise StudyError("seed", f"{seed} is negative", "use 0 or a positive whole number")
    entry = SAMPLERS[chosen.name]
    sampler: Sampler = entry.load()(space=space, seed=seed, grows=grows, **_stated(entry, chosen.options))
    return sampler


def make_pruner(chosen: Chosen, direction: Direction, max_steps: int | None = None) -> Pruner:
    """The pruner; it judges losses and words its reasons in the user's sign.

    max_steps: how far a trial can go, where the study says so.
    Raises StudyError when the choice is wrong, or needs max_steps and has none.
    """
    _raise_first(check("pruner", chosen, max_steps))
    entry = PRUNERS[chosen.name]
    options = _stated(entry, chosen.options)
    if chosen.name == "threshold" and direction == "maximize":
        turned = {"lower": "upper", "upper": "lower"}
        options = {turned.get(name, name): -v if name in turned else v for name, v in options.items()}
    if entry.max_steps != "ignored":
        options["max_steps"] = max_steps
    pruner: Pruner = entry.load()(sign=1.0 if direction == "minimize" else -1.0, **options)
    return pruner


def _stated(entry: Entry, options: Mapping[str, Any]) -> dict[str, Any]:
    """All options with a value: what the user wrote, else the default."""
    values = {name: options.get(name, option.default) for name, option in entry.options.items()}
    return {
        name: int(value) if entry.options[name].whole else float(value)
        for name, value in values.items()
        if value is not None
    }


def _meant(name: str, entries: Mapping[str, Entry]) -> str:
    names = {other: known for known, entry in entries.items() for other in (known, *entry.also_called)}
    hint = nearest(name, names)
    for other, known in names.items():
        if hint == f'did you mean "{other}"?':
            return f'did you mean "{known}"?'
    return "valid: " + ", ".join(entries)


def _threshold_problems(options: Mapping[str, Any]) -> list[HptuiError]:
    lower, upper = options.get("lower"), options.get("upper")
    if lower is None and upper is None:
        hint = "add upper = ... or lower = ..."
        return [StudyError("pruner", "threshold needs lower, upper or both", hint)]
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
]
