"""Red flags of a session, and a few good signs. Each needs evidence that chance alone rarely gives."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from hptui.core.advice.curve_flags import CURVE_FLAGS
from hptui.core.advice.finding import Edit, Finding
from hptui.core.advice.rates_too_high import lower_rates
from hptui.core.advice.regions import REGION_FLAGS
from hptui.core.advice.seen import Seen, SeenTrial

ENOUGH = 20  # trials before most rules speak
# rules that compare with finished trials; those with rungs are meant to cut nearly all
_COMPARING = ("", "median", "percentile", "threshold", "patient", "wilcoxon")


def red_flags(seen: Seen) -> list[Finding]:
    """Everything the rules see, in their order; rules that need curves are silent where none were read."""
    return [finding for flag in FLAGS for finding in flag(seen)]


def all_alike(seen: Seen) -> Iterator[Finding]:
    """The first trials cover the space: when even they hardly differ, the space is too small or not used."""
    first = seen.complete[:ENOUGH]
    if len(first) < 10:
        return
    low, middle, high = np.quantile([t.loss for t in first], [0.05, 0.5, 0.95])
    if high - low > 0.005 * max(abs(middle), 1e-12):
        return
    yield Finding(
        "all-alike",
        "warning",
        "space",
        f"nine in ten of the first {len(first)} values lie within {(high - low) / max(abs(middle), 1e-12):.2%} "
        f"of {seen.value(middle)}",
        "widen the space; and check that the objective really uses its parameters",
        "trials that can't be told apart teach nothing",
    )


def nearly_all_pruned(seen: Seen) -> Iterator[Finding]:
    ended = [t for t in seen.ended if t.end in ("pruned", "complete")]
    pruned = sum(t.end == "pruned" for t in ended)
    if len(ended) < ENOUGH or pruned <= 0.9 * len(ended) or seen.pruner not in _COMPARING:
        return
    yield Finding(
        "nearly-all-pruned",
        "warning",
        "pruner",
        f"{pruned} of {len(ended)} trials were pruned ({pruned / len(ended):.0%})",
        "look at what was cut (the pruning view); then a milder pruner (keep the best 75 %), or a space with more good "
        "points",
        "a pruner that cuts nearly everything also cuts slow starters, and the sampler learns from little",
        (Edit(("pruner",), {"name": "percentile", "percentile": 75.0, "n_startup_trials": 10}),),
        tuple(t.number for t in reversed(ended) if t.end == "pruned")[:1],
    )


def one_step_deaths(seen: Seen) -> Iterator[Finding]:
    dead = [t for t in seen.ended if t.end in ("nan", "failed") and t.step <= 1]
    if len(dead) < 3 or len(dead) < 0.15 * len(seen.ended):
        return
    yield Finding(
        "one-step-deaths",
        "warning",
        "space",
        f"{len(dead)} of {len(seen.ended)} trials died within one step (the last: trial {dead[-1].number})",
        "lower the upper end of the learning rate, and read the log of one of them",
        "a trial that dies at once diverged or has a bug: neither says anything about tuning",
        lower_rates(seen),
        (dead[-1].number,),
    )


def baseline_wins(seen: Seen) -> Iterator[Finding]:
    baseline = [t for t in seen.complete if t.origin == "baseline"]
    others = [t for t in seen.complete if t.origin not in ("baseline", "retry")]
    tried = [t for t in seen.ended if t.origin not in ("baseline", "retry")]
    if not baseline or not others or len(tried) < ENOUGH:
        return
    best = min(others, key=_loss)
    if _loss(best) < _loss(baseline[0]):
        return
    yield Finding(
        "baseline-wins",
        "warning",
        "space",
        f"none of {len(tried)} tuned trials beats the baseline ({seen.value(baseline[0].loss)}; the best of them, "
        f"trial {best.number}, has {seen.value(best.loss)})",
        f"check that the space holds the baseline with room around it, and allow more trials ({2 * len(seen.trials)})",
        "a search that loses to the defaults searches in the wrong place",
        (Edit(("budget", "n_trials"), 2 * len(seen.trials)),),
        (best.number,),
    )


def duplicates(seen: Seen) -> Iterator[Finding]:
    asked = [t for t in seen.trials if t.origin == "sampler" and t.params]
    same = Counter(json.dumps(dict(t.params), sort_keys=True, default=str) for t in asked)
    again = sum(n - 1 for n in same.values())
    if len(asked) < ENOUGH or again <= 0.1 * len(asked):
        return
    yield Finding(
        "duplicates",
        "hint",
        "space",
        f"{again} of {len(asked)} trials repeat parameters that were tried before",
        "the space is nearly used up: stop, or widen it",
        "the same parameters again only measure the noise",
    )


def sampler_stuck(seen: Seen) -> Iterator[Finding]:
    """The latest points lie in one spot, without a better value from any of them."""
    k = 15
    asked = [t for t in seen.complete if t.origin == "sampler"]
    if len(asked) < 2 * k or not seen.space.dim:
        return
    x = _points(asked)
    apart, before = _spread(x[-k:]), _spread(x[:k])
    best_before = min(_loss(t) for t in asked[:-k])
    if before <= 0 or apart > 0.1 * before or min(_loss(t) for t in asked[-k:]) < best_before:
        return
    yield Finding(
        "sampler-stuck",
        "hint",
        "sampler",
        f"the last {k} trials lie within {apart / before:.0%} of the spread of the first ones, and none was better",
        "end the session, or go on with quasi_random elsewhere",
        "the sampler believes that it has found the optimum",
        (Edit(("sampler",), "quasi_random"),),
        tuple(t.number for t in asked[-1:]),
    )


def converged(seen: Seen) -> Iterator[Finding]:
    """The best is old, and the few best hardly differ: what is left to gain is less than that."""
    k = 30
    done = [t for t in seen.ended if t.end in ("complete", "pruned", "nan", "infeasible")]
    if len(done) < 2 * k or len(seen.ranked) < ENOUGH:
        return
    best = seen.ranked[0]
    since = sum(t.number > best.number for t in done)
    near = _loss(seen.ranked[4]) - _loss(best)
    usual = float(np.median([_loss(t) for t in seen.complete[:ENOUGH]])) - _loss(best)
    if since < k or near > 0.01 * usual:
        return
    yield Finding(
        "converged",
        "good",
        "",
        f"trial {best.number} ({seen.value(best.loss)}) has been the best for {since} of {len(done)} trials, and the "
        f"five best lie within {near / usual if usual else 0:.1%} of the way from the first trials",
        "stop here, and repeat the best few with other seeds",
        "what many trials did not improve, more of the same rarely will",
        trials=(best.number,),
    )


def alone_at_the_top(seen: Seen) -> Iterator[Finding]:
    """The best leads by more than twice what the next ten differ by, and was tried once."""
    if len(seen.ranked) <= ENOUGH:
        return
    best, *others = seen.ranked
    lead, spread = _loss(others[0]) - _loss(best), _loss(others[9]) - _loss(others[0])
    if spread <= 0 or lead <= 2 * spread or any(dict(best.params) == dict(one.params) for one in others):
        return
    yield Finding(
        "alone-at-the-top",
        "hint",
        "",
        f"trial {best.number} ({seen.value(best.loss)}) leads the next by {lead:.3g}; the ten after it differ by "
        f"{spread:.3g} in all",
        "repeat it with other seeds, then search around it: there is luck in it, or a place that was tried once",
        "where good points lie, there are others near them",
        trials=(best.number,),
    )


Flag = Callable[[Seen], Iterator[Finding]]
FLAGS: tuple[Flag, ...] = (
    all_alike, nearly_all_pruned, one_step_deaths, baseline_wins, duplicates, sampler_stuck, converged,
    alone_at_the_top,
    *REGION_FLAGS, *CURVE_FLAGS,
)  # fmt: skip


def _loss(trial: SeenTrial) -> float:
    return math.inf if trial.loss is None else trial.loss


def _points(trials: Sequence[SeenTrial]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """(n, d); an inactive parameter stands in its middle."""
    return np.array([[0.5 if u is None else u for u in t.x] for t in trials], dtype=float)


def _spread(x: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> float:
    """The root mean square distance from the middle."""
    return float(np.sqrt(((x - x.mean(axis=0)) ** 2).sum(axis=1).mean()))
