"""Every sampler and pruner by name, with its options: the one place that study files, help and tests read.

A new one is a file and an entry here. Importing this loads none of them: each is imported when first made.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import EllipsisType
from typing import TYPE_CHECKING, Any, Literal

from hptui.core.errors import HptuiError, StudyError
from hptui.core.space.reading import nearest, show
from hptui.core.study.study import Chosen, Direction

if TYPE_CHECKING:
    from hptui.core.search.protocol import Pruner, Sampler
    from hptui.core.space.space import Space

CatalogKind = Literal["sampler", "pruner"]


@dataclass(frozen=True)
class Option:
    """One number that a user may set, from low to high. default None: unset unless stated."""

    meaning: str
    default: int | float | None
    low: float = -math.inf
    high: float = math.inf
    whole: bool = False  # a whole number is asked for

    @property
    def asked(self) -> str:
        """What may be written, in words: "a whole number from 1"."""
        kind = "a whole number" if self.whole else "a number"
        if self.low > -math.inf and self.high < math.inf:
            return f"{kind} from {self.low:g} to {self.high:g}"
        return f"{kind} from {self.low:g}" if self.low > -math.inf else kind

    def admits(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if not math.isfinite(value) or (self.whole and value != int(value)):
            return False
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Entry:
    line: str  # what it does
    when: str  # when to use it
    home: str  # "module:Class" below core.search
    options: Mapping[str, Option]
    also_called: tuple[str, ...] = ()  # names people know it by elsewhere; only for the hint
    max_steps: Literal["ignored", "used", "needed"] = "ignored"  # the study's budget.max_steps

    def load(self) -> Any:
        module, _, name = self.home.partition(":")
        return getattr(import_module(f"hptui.core.search.{module}"), name)


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


SAMPLERS: dict[str, Entry] = {
    "auto": Entry(
        "a model of the losses, checked by how well it predicts, in turns with others where it can't",
        "nearly always",
        "samplers.auto:Auto",
        {},
        also_called=("default", "bayesian", "hebo"),
    ),
    "gp": Entry(
        "Gaussian processes: where they expect the most improvement",
        "up to a few hundred trials that take minutes or more; smooth losses",
        "samplers.gp:GP",
        {
            "startup": Option(
                "evenly spread points first; one more than parameters, from 4 to 10", None, low=1, whole=True
            )
        },
        also_called=("bayesopt", "bo", "gaussian_process", "botorch", "skopt"),
    ),
    "random": Entry(
        "independent uniform draws; repeats no point of a finite space",
        "a baseline to compare with; many parallel trials; spaces with conditions",
        "samplers.random:Random",
        {},
    ),
    "quasi_random": Entry(
        "scrambled Sobol points: random-looking, but evenly spread",
        "a first look at a space of numbers; better than random for the same number of trials",
        "samplers.quasi_random:QuasiRandom",
        {},
        also_called=("sobol", "qmc", "quasirandom", "quasi-random"),
    ),
    "grid": Entry(
        "every combination of evenly spaced values, spread so that it may be stopped early",
        "few parameters with few values each",
        "samplers.grid:Grid",
        {"points": Option("values per continuous parameter", 5, low=1, high=1000, whole=True)},
        also_called=("gridsearch", "grid_search", "bruteforce", "brute_force"),
    ),
    "tpe": Entry(
        "propose where good points are dense and the others are not",
        "many parameters, conditions and choices; hundreds of trials; costs next to nothing",
        "samplers.tpe:TPE",
        {
            "startup": Option("quasi-random points before it begins", 10, low=1, whole=True),
            "candidates": Option("draws it chooses from", 24, low=1, high=100_000, whole=True),
        },
        also_called=("hyperopt", "parzen"),
    ),
    "cmaes": Entry(
        "a normal distribution that moves to the good points and takes the shape of the valley",
        "hundreds of trials on numbers that interact; few conditions and choices",
        "samplers.cmaes:CmaEs",
        {
            "spread": Option("the first standard deviation, as a share of each range", 0.17, low=0.01, high=1.0),
            "startup": Option("quasi-random points first; a population when it is not stated", None, low=1, whole=True),
            "population": Option("trials in a generation; 4 + 3 ln(dim) if not stated", None, low=2, whole=True),
        },
        also_called=("cma", "cma-es", "cma_es"),
    ),
    "forest": Entry(
        "expected improvement by a forest of randomised trees; needs scikit-learn",
        "many choices and conditions, losses with jumps",
        "samplers.forest:Forest",
        {
            "trees": Option("how many", 30, low=2, high=1000, whole=True),
            "startup": Option("quasi-random points first; 4 to 10 by dimension if not stated", None, low=1, whole=True),
        },
        also_called=("smac", "rf", "random_forest", "skopt"),
    ),
    "neural": Entry(
        "expected improvement by a few small networks with Bayesian last layers",
        "hundreds of trials, where a Gaussian process is too slow or too smooth",
        "samplers.neural:Neural",
        {"startup": Option("quasi-random points first; 4 to 10 by dimension if not stated", None, low=1, whole=True)},
        also_called=("dngo", "nn", "network"),
    ),
    "evolution": Entry(
        "change the best of a few of the latest trials a little (regularised evolution)",
        "thousands of cheap trials, many choices, noisy losses",
        "samplers.evolution:Evolution",
        {
            "population": Option("the latest so many trials may have children", 30, low=2, whole=True),
            "sample": Option("draws of which the best is the parent", 20, low=1, whole=True),
            "startup": Option("quasi-random points first", 10, low=1, whole=True),
        },
        also_called=("genetic", "ga", "regularised_evolution", "regularized_evolution"),
    ),
    "differential_evolution": Entry(
        "step along the differences between good points",
        "hundreds of cheap trials on numbers, rugged losses",
        "samplers.differential_evolution:DifferentialEvolution",
        {"population": Option("seats, each held by the best it has had", 6, low=4, whole=True)},
        also_called=("de",),
    ),
    "particle_swarm": Entry(
        "particles that swing between their own best point and the best of all",
        "hundreds of cheap trials on numbers, many at once",
        "samplers.particle_swarm:ParticleSwarm",
        {"population": Option("particles", 8, low=2, whole=True)},
        also_called=("pso", "swarm"),
    ),
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
