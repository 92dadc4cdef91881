"""What the curves show: noise, a training that was too short or too long, over- and underfitting."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from hptui.core.advice.finding import Edit, Finding
from hptui.core.advice.rates_too_high import lower_rates
from hptui.core.advice.seen import Array, Seen, SeenTrial

GOOD_ONES = 8  # of the best trials, whose curves are looked at
LONG = 8  # reports before a curve says anything


def noisy_curves(seen: Seen) -> Iterator[Finding]:
    """Second differences against the whole way down: a smooth curve has small ones."""
    good = [t for t in _good(seen) if np.isfinite(t.losses).all()]
    noisy = [t for t in good if _noise(t.losses) > 0.15 * _way(t.losses)]
    if len(good) < 3 or len(noisy) <= len(good) / 2:
        return
    jump = np.median([_noise(t.losses) / max(_way(t.losses), 1e-300) for t in noisy])
    yield Finding(
        "noisy-curves",
        "warning",
        "",
        f"the curves of {len(noisy)} of the {len(good)} best trials jump by {jump:.0%} of their whole range per step",
        "lower the learning rate or enlarge the batch; or validate on more data",
        "a loss that jumps makes the best value a matter of luck",
        trials=_numbers(noisy),
    )


def spikes(seen: Seen) -> Iterator[Finding]:
    curves = [t for t in seen.trials if len(t.losses) >= LONG]
    spiked = [t for t in curves if _spike(t.losses)]
    if len(curves) < 10 or len(spiked) <= 0.25 * len(curves):
        return
    yield Finding(
        "spikes",
        "warning",
        "",
        f"{len(spiked)} of {len(curves)} curves have a spike (such as trial {spiked[-1].number})",
        "lower the upper end of the learning rate, warm up, or clip the gradient",
        "a spike is a step that was too long",
        lower_rates(seen),
        (spiked[-1].number,),
    )


def still_improving(seen: Seen) -> Iterator[Finding]:
    """The best trials have their best value at the very end, and were still gaining."""
    good = [t for t in _good(seen) if t.end == "complete"]
    if len(good) < 3:
        return
    rising = [t for t in good if _best_at(t) >= 0.9 and _late_gain(t.losses) > 0.03]
    if len(rising) <= 0.6 * len(good):
        return
    gain = float(np.median([_late_gain(t.losses) for t in rising]))
    longer = seen.max_steps and 2 * seen.max_steps
    yield Finding(
        "still-improving",
        "warning",
        "budget.max_steps",
        f"{len(rising)} of the {len(good)} best trials end at their best; "
        f"the last fifth of the steps brought {gain:.0%} of the gain",
        f"train longer (max_steps = {longer}) in the next round" if longer else "train longer in the next round",
        "training is compute-bound: its length limits the result more than the parameters do",
        (Edit(("budget", "max_steps"), longer),) if longer else (),
        _numbers(rising),
    )


def best_early(seen: Seen) -> Iterator[Finding]:
    good = [t for t in _good(seen) if t.end == "complete"]
    if len(good) < 3:
        return
    early = [t for t in good if _best_at(t) <= 0.5 and _worsens(t.losses)]
    if len(early) <= 0.6 * len(good):
        return
    at = int(np.median([t.steps[int(np.nanargmin(t.losses))] for t in early]))
    shorter = max(2, round(1.3 * at))
    yield Finding(
        "best-early",
        "warning",
        "budget.max_steps",
        f"{len(early)} of the {len(good)} best trials are best about step {at} and get worse after it",
        f"regularise more (weight decay, dropout), or train to step {shorter}; keep the best checkpoint",
        "what comes after the best step is spent on overfitting",
        (Edit(("budget", "max_steps"), shorter),) if seen.max_steps else (),
        _numbers(early),
    )


def overfitting(seen: Seen) -> Iterator[Finding]:
    """Training goes on getting better where validation gets worse."""
    good = [t for t in _good(seen) if np.isfinite(t.training).sum() >= LONG]
    over = [t for t in good if _worsens(t.losses) and _best_at(t) <= 0.7 and _falls(t.training)]
    if len(good) < 3 or len(over) <= len(good) / 2:
        return
    yield Finding(
        "overfitting",
        "warning",
        "",
        f"in {len(over)} of the {len(good)} best trials {seen.metric} gets worse while training still improves",
        "search weight decay, dropout or augmentation, or find more data",
        "the model learns its training set by heart",
        trials=_numbers(over),
    )


def underfitting(seen: Seen) -> Iterator[Finding]:
    """Validation is no worse than training, and both have stood still for long: capacity, not tuning."""
    good = [t for t in _good(seen) if t.end == "complete" and np.isfinite(t.training).sum() >= LONG]
    under = [t for t in good if _flat_together(t)]
    if len(good) < 3 or len(under) <= 0.6 * len(good):
        return
    yield Finding(
        "underfitting",
        "hint",
        "",
        f"in {len(under)} of the {len(good)} best trials training is no better than {seen.metric}, "
        "and neither has moved in the last half",
        "try a larger model or richer features first: this is no tuning problem",
        "parameters of the optimizer can't add what the model lacks",
        trials=_numbers(under),
    )


CURVE_FLAGS = (noisy_curves, spikes, still_improving, best_early, overfitting, underfitting)


def _numbers(trials: list[SeenTrial]) -> tuple[int, ...]:
    return tuple(trial.number for trial in trials)


def _good(seen: Seen) -> list[SeenTrial]:
    return [t for t in seen.ranked[:GOOD_ONES] if len(t.losses) >= LONG]


def _finite(losses: Array) -> Array:
    return losses[np.isfinite(losses)]


def _way(losses: Array) -> float:
    """From the worst of the first losses to the best one; 0 where none of the first is finite."""
    first = _finite(losses[: max(1, len(losses) // 4)])
    return float(first.max() - _finite(losses).min()) if len(first) else 0.0


def _noise(losses: Array) -> float:
    """The standard deviation of one report, from second differences (which a straight slope does not have)."""
    return float(np.median(np.abs(np.diff(losses, 2))) * 1.4826 / np.sqrt(6))


def _spike(losses: Array) -> bool:
    """One report far above both neighbours, beyond what the rest of the curve jumps."""
    y = _finite(losses)
    if len(y) < LONG:
        return False
    up, down = y[1:-1] - y[:-2], y[1:-1] - y[2:]
    peak = np.minimum(up, down)
    return bool(peak.max() > max(8 * _noise(y), 0.3 * (y.max() - y.min()), 1e-12))


def _best_at(trial: SeenTrial) -> float:
    """Where its best value lies, as a share of its length."""
    if not np.isfinite(trial.losses).any():
        return 1.0
    first, last = trial.steps[0], trial.steps[-1]
    return float((trial.steps[int(np.nanargmin(trial.losses))] - first) / max(last - first, 1))


def _late_gain(losses: Array) -> float:
    """The share of the whole improvement that came in the last fifth."""
    k = max(1, len(losses) // 5)
    way, before, late = _way(losses), _finite(losses[:-k]), _finite(losses[-k:])
    return float((before.min() - late.min()) / way) if way > 0 and len(late) else 0.0


def _worsens(losses: Array) -> bool:
    """Its end is worse than its best by more than noise."""
    y = _finite(losses)
    if len(y) < LONG:
        return False
    end = float(np.median(y[-max(3, len(y) // 10) :]))
    return bool(end - y.min() > max(4 * _noise(y), 0.05 * _way(y)))


def _falls(losses: Array) -> bool:
    y = _finite(losses)
    half = len(y) // 2
    return bool(len(y) >= LONG and np.median(y[-3:]) < np.median(y[half : half + 3]))


def _flat_together(trial: SeenTrial) -> bool:
    known = np.isfinite(trial.training) & np.isfinite(trial.losses)
    train, own = trial.training[known], trial.losses[known]
    if len(own) < LONG:
        return False
    half, way = len(own) // 2, max(_way(own), 1e-300)
    moved = abs(np.median(own[-3:]) - np.median(own[half : half + 3])) / way
    trained = abs(np.median(train[-3:]) - np.median(train[half : half + 3])) / max(_way(train), 1e-300)
    gap = (np.median(own[-3:]) - np.median(train[-3:])) / way
    return bool(moved < 0.02 and trained < 0.02 and gap < 0.05)
