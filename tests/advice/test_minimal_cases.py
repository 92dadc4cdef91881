"""For each red flag the smallest session that raises it, and the one beside it that must not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from hptui.core.advice.finding import Finding
from hptui.core.advice.flags import red_flags
from hptui.core.advice.seen import End, Seen, SeenTrial
from hptui.core.space.space import Space

SPACE = Space.parse({"lr": {"type": "float", "low": 1e-4, "high": 1.0, "log": True}})
SPREAD = [((k * 0.618) % 1.0) for k in range(80)]  # evenly over the range, in no order


def trial(number: int, loss: float | None, x: float | None = None, end: End = "complete", step: int = 9) -> SeenTrial:
    x = SPREAD[number % 80] if x is None else x
    origin = "baseline" if number == 0 else "sampler"
    return SeenTrial(number, end, SPACE.values([x]), (x,), loss, origin, step)


def seen(trials: Sequence[SeenTrial], pruner: str = "median") -> Seen:
    return Seen(SPACE, tuple(trials), 1.0, "val_loss", 20, pruner)


def of_losses(losses: Sequence[float]) -> Seen:
    return seen([trial(k, loss) for k, loss in enumerate(losses)])


def of_ends(bad: int, n: int, end: End, step: int = 0) -> Seen:
    return seen([trial(k, None if end == "nan" else 1.0 + k, end=end, step=step) for k in range(bad)]
                + [trial(k, 1.0 + k) for k in range(bad, n)])  # fmt: skip


def curves(val: Callable[[np.ndarray], np.ndarray], train: Callable[[np.ndarray], np.ndarray] | None = None) -> Seen:
    """Ten complete trials with these curves over steps 0 to 1."""
    t = np.linspace(0, 1, 20)

    def one(k: int) -> SeenTrial:
        losses = val(t) + 0.01 * k
        training = np.empty(0) if train is None else train(t)
        return replace(trial(k, float(losses[-1])), step=19, steps=np.arange(20.0), losses=losses, training=training)

    return seen([one(k) for k in range(10)])


def beyond(end: End, orderly: bool) -> Seen:
    """Ten of forty trials end so: those with the highest rates, or every fourth."""
    order = np.argsort(SPREAD[:40])
    bad = set(order[-10:].tolist() if orderly else order[::4].tolist())
    return seen([trial(k, None if k in bad else 1.0 + k, end=end if k in bad else "complete") for k in range(40)])


def repeats(n: int) -> Seen:
    return seen([trial(k, 1.0 + k, x=SPREAD[1] if k > 20 - n else None) for k in range(21)])


def settled(better: bool) -> Seen:
    """Fifteen trials spread out, fifteen at one spot; the last of all is the best or not."""
    first = [trial(k, 1.0 + k, x=k / 16) for k in range(1, 16)]
    last = [trial(k, 5.0 + k, x=0.5 + 0.001 * (k % 2)) for k in range(16, 31)]
    return seen([*first, *last[:-1], replace(last[-1], loss=0.5 if better else 40.0)])


def old_best(at: int) -> Seen:
    """Sixty trials far from the five best, which lie close together around trial `at`."""
    losses = [10.0 + k % 7 for k in range(60)]
    for k in range(5):
        losses[at - k] = 1.0 + 0.001 * k
    return of_losses(losses)


def edge(optimum: float) -> Seen:
    return seen([trial(k, (SPREAD[k] - optimum) ** 2) for k in range(40)])


def spiked(n: int) -> Seen:
    quiet = curves(lambda t: np.exp(-8 * t))
    up = np.where(np.arange(20) == 12, 2.0, 0.0)
    return replace(quiet, trials=tuple(replace(t, losses=t.losses + up * (t.number < n)) for t in quiet.trials))


def wiggle(t: np.ndarray, size: float) -> np.ndarray:
    return np.exp(-6 * t) + size * (-1.0) ** np.arange(len(t))


def down(t: np.ndarray) -> np.ndarray:
    return np.exp(-8 * t)


def down_and_up(t: np.ndarray) -> np.ndarray:
    return np.exp(-8 * t) + np.maximum(t - 0.4, 0)


CASES: dict[str, tuple[Seen, Seen]] = {
    "all-alike": (of_losses([1 + 0.0003 * k for k in range(12)]), of_losses([1 + 0.003 * k for k in range(12)])),
    "nearly-all-pruned": (of_ends(19, 20, "pruned"), of_ends(18, 20, "pruned")),
    "one-step-deaths": (of_ends(3, 20, "nan"), of_ends(3, 21, "nan")),
    "baseline-wins": (of_losses([0.5] + [0.6] * 20), of_losses([0.5] + [0.6] * 19 + [0.49])),
    "duplicates": (repeats(3), repeats(2)),
    "sampler-stuck": (settled(False), settled(True)),
    "converged": (old_best(20), old_best(45)),
    "alone-at-the-top": (of_losses([10.0 + 0.1 * k for k in range(20)] + [7.0]),
                         of_losses([10.0 + 0.1 * k for k in range(20)] + [9.0])),
    "best-at-edge": (edge(1.1), edge(0.5)),
    "nan-region": (beyond("nan", True), beyond("nan", False)),
    "infeasible-frontier": (beyond("infeasible", True), beyond("infeasible", False)),
    "noisy-curves": (curves(lambda t: wiggle(t, 0.4)), curves(lambda t: wiggle(t, 0.02))),
    "spikes": (spiked(3), spiked(2)),
    "still-improving": (curves(lambda t: 1 - t), curves(down)),
    "best-early": (curves(down_and_up), curves(down)),
    "overfitting": (curves(down_and_up, down), curves(down_and_up, down_and_up)),
    "underfitting": (curves(lambda t: np.exp(-30 * t), lambda t: np.exp(-30 * t)),
                     curves(lambda t: np.exp(-30 * t), lambda t: np.exp(-30 * t) - 0.3)),
}  # fmt: skip


def finding(rule: str, of: Seen) -> Finding | None:
    return next((one for one in red_flags(of) if one.rule == rule), None)


@pytest.mark.parametrize("rule", CASES)
def test_a_flag_is_raised_by_its_smallest_case_and_not_by_the_one_beside_it(rule: str) -> None:
    raises, is_quiet = CASES[rule]

    raised = finding(rule, raises)

    assert raised is not None and raised.says and raised.do and raised.why
    assert finding(rule, is_quiet) is None
    assert all(number in {t.number for t in raises.trials} for number in raised.trials)


def test_every_flag_that_there_is_has_its_case() -> None:
    from bench.advice import PLANTED

    assert set(CASES) == set(PLANTED)


def test_learning_rates_are_lowered_unless_the_best_lies_up_there() -> None:
    dying = of_ends(3, 20, "nan")

    best = [trial(19, 0.1, x=x) for x in (0.5, 0.95)]
    taken, kept = (finding("one-step-deaths", replace(dying, trials=(*dying.trials[:19], one))) for one in best)

    assert taken is not None and [(edit.path, edit.value) for edit in taken.edits] == [("space.lr.high", 0.333)]
    assert kept is not None and kept.edits == ()


@pytest.mark.parametrize(
    ("name", "high", "wider"),
    [("dropout", 0.6, 0.7), ("momentum", 0.99, 0.995), ("subsample", 1.0, None), ("gain", 3.0, 6.0), ("lr", 1.0, 2.0)],
)
def test_a_share_is_not_extended_beyond_1(name: str, high: float, wider: float | None) -> None:
    space = Space.parse({name: {"type": "float", "low": 0.0, "high": high}})
    ended = [SeenTrial(k, "complete", space.values([x]), (x,), (x - 1.1) ** 2) for k, x in enumerate(SPREAD[:40])]

    raised = finding("best-at-edge", Seen(space, tuple(ended)))

    assert raised is not None
    assert [edit.value for edit in raised.edits] == ([] if wider is None else [wider])


@pytest.mark.parametrize("log", [False, True])
def test_the_end_of_whole_numbers_is_moved_to_the_last_one_that_runs(log: bool) -> None:
    space = Space.parse({"batch": {"type": "int", "low": 1, "high": 64, "log": log}})
    at = [(x, space.values([x])["batch"]) for x in SPREAD[:60]]
    ends: list[End] = ["infeasible" if batch > 32 else "complete" for _, batch in at]
    tried = [SeenTrial(k, ends[k], {"batch": batch}, (x,), 1.0 + k) for k, (x, batch) in enumerate(at)]

    raised = finding("infeasible-frontier", Seen(space, tuple(tried)))

    last = min(batch for _, batch in at if batch > 32) - 1
    assert raised is not None and [(edit.path, edit.value) for edit in raised.edits] == [("space.batch.high", last)]
    assert f"with batch above {last} can't run" in raised.says


@pytest.mark.filterwarnings("error")
def test_curves_that_begin_without_a_number_are_looked_at_in_silence() -> None:
    late = curves(lambda t: np.where(t < 0.5, np.nan, 1 - t))

    assert finding("still-improving", late) is None
