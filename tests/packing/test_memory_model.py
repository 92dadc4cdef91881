"""How much memory a trial needs, learned from others: against brute force, SciPy and what it is for."""

from __future__ import annotations

import math
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t

from hptui.core.scheduler.gpus import CONTEXT_BYTES, peak_of
from hptui.core.scheduler.memory import QUANTILE, Lesson, MemoryModel, student
from hptui.core.scheduler.pace import WINDOW_S, Pace
from hptui.core.worker.gpu_peak import torch_peak_bytes

GIB = 1 << 30


def taught(peaks: dict[tuple[float, ...], float]) -> MemoryModel:
    model = MemoryModel()
    for number, (x, peak) in enumerate(peaks.items()):
        model = model.learned(Lesson(x, round(peak)), number)
    return model


@pytest.mark.parametrize("freedom", [4.0, 5.0, 8.0, 30.0, 200.0])
def test_the_quantile_of_students_distribution(freedom: float) -> None:
    assert student(freedom) == pytest.approx(t.ppf(QUANTILE, freedom), rel=2e-3)


def test_the_posterior_is_that_of_bayesian_regression() -> None:
    """Against the predictive distribution written out with one row at a time (Murphy 2012, 7.69 to 7.76)."""
    rng = np.random.default_rng(3)
    points = rng.random((6, 2))
    peaks = np.exp(1.0 + points @ [0.7, -0.3]) * GIB
    model = taught({tuple(x): peak for x, peak in zip(points.tolist(), peaks.tolist(), strict=True)})

    y = np.log(np.round(peaks))
    centre = y.mean()
    z = np.column_stack([np.ones(6), points - 0.5])
    precision = np.diag([1e-2, (0.1 / math.log(4)) ** 2, (0.1 / math.log(4)) ** 2])
    b = np.zeros(3)
    for row, target in zip(z, y - centre, strict=True):
        precision = precision + np.outer(row, row)
        b = b + row * target
    mean = np.linalg.solve(precision, b)
    scale = 2.0 * 0.1**2 + 0.5 * (((y - centre) ** 2).sum() - mean @ precision @ mean)
    new = np.array([1.0, 0.4, -0.2])
    sd = math.sqrt(scale / 5.0 * (1 + new @ np.linalg.solve(precision, new)))
    expected = math.exp(centre + new @ mean + t.ppf(QUANTILE, 10.0) * sd)

    assert model.upper_bytes((0.9, 0.3)) == pytest.approx(expected, rel=1e-3)


def test_nothing_is_said_before_the_first_lesson_and_little_is_trusted_after_it() -> None:
    assert MemoryModel().upper_bytes((0.5,)) is None
    one = taught({(0.1,): GIB}).upper_bytes((0.9,))
    assert one is not None and one > 3 * GIB


def test_products_of_parameters_are_learned() -> None:
    """Batch size times width: 19 of 20 new trials stay below what was said, and little is given away."""
    rng = np.random.default_rng(1)

    def needs(x: np.ndarray) -> float:
        return GIB * 8 ** x[0] * 4 ** x[1] * math.exp(rng.normal(0, 0.03))

    model = taught({tuple(x): needs(x) for x in rng.random((30, 3))})
    new = rng.random((400, 3))
    ratios = np.array([(model.upper_bytes(tuple(x)) or 0) / needs(x) for x in new])

    assert (ratios < 1).mean() <= 0.08
    assert np.median(ratios) < 1.2


@settings(max_examples=30)
@given(peak=st.integers(1 << 20, 1 << 37), u=st.floats(0, 1), lessons=st.integers(1, 12))
def test_what_never_varies_is_trusted_more_with_every_lesson(peak: int, u: float, lessons: int) -> None:
    model, before = MemoryModel(), math.inf
    for number in range(lessons):
        model = model.learned(Lesson((u,), peak), number)
        upper = model.upper_bytes((u,))
        assert upper is not None and peak <= upper <= before * 1.001
        before = upper


def test_a_trial_that_is_learned_from_again_counts_once() -> None:
    model = MemoryModel().learned(Lesson((0.5,), GIB), 7).learned(Lesson((0.5,), 2 * GIB), 7)

    assert model.lessons == {7: Lesson((0.5,), 2 * GIB)}
    assert model.learned(Lesson((0.5,), 0), 8) == model


def test_torchs_own_word_counts_with_cudas_share() -> None:
    assert peak_of({}) == 0
    assert peak_of({"gpu_memory_peak_bytes": GIB, "torch_peak_bytes": 4 * GIB}) == 4 * GIB + CONTEXT_BYTES
    assert peak_of({"gpu_memory_peak_bytes": 6 * GIB, "torch_peak_bytes": 4 * GIB}) == 6 * GIB


@pytest.mark.parametrize(
    ("cuda", "peak"),
    [
        (SimpleNamespace(is_initialized=lambda: False), None),
        (SimpleNamespace(is_initialized=lambda: True, device_count=lambda: 2,
                         max_memory_reserved=lambda device: (5, 9)[device]), 9),
        (SimpleNamespace(is_initialized=lambda: True, device_count=lambda: 1 // 0), None),
    ],
)  # fmt: skip
def test_torch_is_asked_only_once_it_has_used_a_gpu(
    cuda: Any, peak: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))

    assert torch_peak_bytes() == peak


def steady(pace: Pace, start: int, steps: dict[int, int], rates: dict[int, int], seconds: int = 14) -> Pace:
    """The pace after looks once a second at trials that do so many steps a second; `steps` goes on."""
    for second in range(seconds):
        pace = pace.seen(float(start + second), dict(steps))
        for number, rate in rates.items():
            steps[number] += rate
    return pace


def test_one_trial_too_many_is_seen_by_the_steps_of_all() -> None:
    steps = {1: 0, 2: 0}
    pace = steady(Pace(), 0, steps, {1: 10, 2: 10})
    steps[3] = 0
    pace = steady(pace, 14, steps, {1: 5, 2: 5, 3: 5})

    assert pace.limit(30.0) == (2, "20 steps/s with 2, 15 with 3")
    assert pace.limit(2000.0) is None


def test_a_trial_that_adds_to_the_pace_is_no_trial_too_many() -> None:
    steps = {1: 0, 2: 0}
    pace = steady(Pace(), 0, steps, {1: 10, 2: 10})
    steps[3] = 0
    pace = steady(pace, 14, steps, {1: 8, 2: 8, 3: 8})

    assert pace.limit(30.0) is None
    assert WINDOW_S < 14
