"""What objectives may use: with real torch models and optimizers."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from hptui.core.advice.rates import rate_range
from hptui.core.training import (
    BestCheckpoint,
    Diverged,
    DivergenceGuard,
    GapMonitor,
    RateController,
    can_overfit,
    make_schedule,
    parameter_groups,
    range_test,
    scaled_rate,
)


def sgd(lr: float = 0.1) -> torch.optim.Optimizer:
    return torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=lr)


def rates_of(name: str, n: int, **options: float) -> list[float]:
    optimizer = sgd()
    schedule = make_schedule(optimizer, name, n, **options)  # type: ignore[arg-type]
    rates = []
    for _ in range(n):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return rates


def test_norms_and_biases_are_not_decayed_and_nothing_is_twice() -> None:
    embedding = nn.Linear(4, 8, bias=False)
    model = nn.Sequential(embedding, nn.LayerNorm(8), nn.Conv1d(1, 2, 3), nn.BatchNorm1d(2), nn.Linear(8, 4))
    model.append(embedding)  # shared
    model[4].weight.requires_grad_(False)

    decayed, plain = parameter_groups(model, 0.1)

    assert (decayed["weight_decay"], plain["weight_decay"]) == (0.1, 0.0)
    assert {id(p) for p in decayed["params"]} == {id(embedding.weight), id(model[2].weight)}
    wanting = {id(p) for p in model.parameters() if p.requires_grad}
    assert sorted(id(p) for group in (decayed, plain) for p in group["params"]) == sorted(wanting)
    torch.optim.AdamW([decayed, plain], lr=0.1)


def test_schedules_go_where_their_names_say() -> None:
    assert rates_of("constant", 5) == [0.1] * 5
    assert rates_of("step", 8, drops=3) == pytest.approx([0.1, 0.1, 0.01, 0.01, 1e-3, 1e-3, 1e-4, 1e-4])
    cosine = rates_of("cosine", 100, final=0.01)
    assert cosine == pytest.approx([0.001 + 0.099 * (1 + math.cos(math.pi * k / 100)) / 2 for k in range(100)])
    assert rates_of("exponential", 10, final=0.01) == pytest.approx([0.1 * 0.01 ** (k / 10) for k in range(10)])
    cycle = rates_of("onecycle", 20)
    assert cycle[0] < max(cycle) > cycle[-1]


def test_a_warm_up_rises_in_a_line_and_then_the_schedule_begins() -> None:
    rates = rates_of("cosine", 20, warmup=4)

    assert rates[:5] == pytest.approx([0.02, 0.04, 0.06, 0.08, 0.1])
    assert rates[5:] == sorted(rates[5:], reverse=True)


@pytest.mark.parametrize(("name", "n", "warmup"), [("wave", 5, 0), ("cosine", 0, 0), ("cosine", 5, 5)])
def test_a_schedule_that_cannot_be_is_refused(name: str, n: int, warmup: int) -> None:
    with pytest.raises(ValueError, match=r"."):
        make_schedule(sgd(), name, n, warmup=warmup)  # type: ignore[arg-type]


def test_the_rate_follows_the_batch_size() -> None:
    assert scaled_rate(0.1, 1024, base=256) == pytest.approx(0.4)
    assert scaled_rate(0.1, 1024, base=256, rule="sqrt") == pytest.approx(0.2)
    with pytest.raises(ValueError, match="at least 1"):
        scaled_rate(0.1, 0, base=256)


@pytest.mark.parametrize(
    ("losses", "rule", "rate"),
    [
        ([1.0] * 6, "stall", 0.05),
        ([1.0, 0.9, 5.0], "spike", 0.03),
        ([1.0, math.nan], "spike", 0.03),
        ([1.0 - 0.002 * k for k in range(6)], "slow", 0.15),
        ([0.9**k for k in range(6)], None, 0.1),
    ],
)
def test_the_controller_follows_its_rules(losses: list[float], rule: str | None, rate: float) -> None:
    controller = RateController(sgd(0.1))

    changes = [change for loss in losses if (change := controller.step(loss))]

    assert [change.rule for change in changes] == ([rule] if rule else [])
    assert controller.rate == pytest.approx(rate)
    assert controller.changes == changes


def test_the_controller_saves_a_training_from_a_rate_that_is_far_too_high() -> None:
    weight = nn.Parameter(torch.tensor([3.0]))
    optimizer = torch.optim.SGD([weight], lr=2.5)  # diverges: |1 - 2.5| > 1
    controller = RateController(optimizer)
    for _ in range(60):
        loss = (0.5 * weight**2).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        controller.step(loss.item())

    assert loss.item() < 1e-3


def test_the_best_checkpoint_is_a_copy_of_the_best_step() -> None:
    best = BestCheckpoint("maximize")
    weight = torch.zeros(1)
    for step, value in enumerate([0.1, math.nan, 0.5, 0.5, 0.2]):
        weight.fill_(step)
        best.offer(value, step, {"w": weight, "step": [step]})

    assert (best.value, best.step, float(best.state["w"]), best.state["step"]) == (0.5, 2, 2.0, [2])


def test_the_guard_raises_for_a_loss_that_will_not_come_back() -> None:
    guard = DivergenceGuard(factor=10, patience=2)
    for loss in (1.0, 0.5, 20.0, 0.5, 20.0):  # one jump is forgiven
        guard.check(loss)
    with pytest.raises(Diverged, match="40 times the lowest"):
        guard.check(20.0, step=6)
    with pytest.raises(Diverged, match="nan"):
        DivergenceGuard().check(math.nan)


def test_a_batch_that_is_learned_by_heart_is_no_measure_of_divergence() -> None:
    guard = DivergenceGuard(factor=20, patience=2)
    for loss in (1.0, 0.0, 0.01, 0.015, 0.012):
        guard.check(loss)
    guard.check(2.0)
    with pytest.raises(Diverged, match=r"the loss is 2, far above the lowest, 0$"):
        guard.check(2.0)


@pytest.mark.filterwarnings("ignore:Converting a tensor:UserWarning")
def test_losses_may_be_tensors_and_keep_no_graph() -> None:
    loss = nn.Parameter(torch.ones(())) * 2
    monitor, guard, controller, best = GapMonitor(), DivergenceGuard(), RateController(sgd()), BestCheckpoint()

    monitor.offer(loss, loss)
    guard.check(loss)
    controller.step(loss)
    best.offer(loss, 0, {})

    kept = (monitor.gap, guard.lowest, best.value, *controller._seen)
    assert not any(isinstance(each, torch.Tensor) for each in kept)


def test_a_group_that_is_frozen_or_below_the_least_rate_is_never_raised_by_a_cut() -> None:
    parts = [{"params": [nn.Parameter(torch.zeros(1))], "lr": lr} for lr in (0.1, 0.0, 1e-8)]
    optimizer = torch.optim.SGD(parts, lr=0.1)

    RateController(optimizer).step(math.nan)

    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.03, 0.0, 1e-8])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: BestCheckpoint("max"),  # type: ignore[arg-type]
        lambda: scaled_rate(0.1, 64, base=32, rule="root"),  # type: ignore[arg-type]
        lambda: make_schedule(sgd(), "exponential", 5, final=0.0),
    ],
)
def test_a_word_that_means_nothing_is_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"neither minimize nor maximize|no rule 'root'|more than 0"):
        wrong()


def test_a_growing_gap_is_overfitting() -> None:
    monitor = GapMonitor(patience=3)
    for k in range(10):
        monitor.offer(1.0 / (k + 1), max(0.5, 1.0 - 0.1 * k) if k < 6 else 0.5 + 0.1 * (k - 5))

    assert monitor.grows
    assert monitor.gap == pytest.approx(0.9 - 0.1)


def test_overfitting_is_told_once_and_noise_is_not() -> None:
    told: list[str] = []
    monitor = GapMonitor(patience=2, tell=told.append)
    for train, validation in [(1.0, 1.0), (0.5, 0.7), (0.4, 0.8), (0.3, 0.9), (0.2, 1.0), (0.1, 1.1)]:
        monitor.offer(train, validation)
    dead = GapMonitor(patience=2, tell=told.append)
    for k in range(8):
        dead.offer(2.31 - 1e-4 * k, 2.3 + 1e-4 * k)

    assert told == [
        "overfits: validation was best, 0.7, at epoch 1, and since then training went on to 0.3, a gap of 0.6"
    ]


def test_changes_of_the_rate_are_told_and_counted() -> None:
    told: list[str] = []
    controller = RateController(sgd(0.1), patience=2, tell=told.append)
    for loss in (-1.0, -1.2, -1.3, 4.0):  # a likelihood may be negative
        controller.step(loss)

    assert told == ["learning rate 0.1 -> 0.03 at step 4 (spike): the loss jumped to 4; the best of the last was -1.3"]
    assert controller.metrics == {"lr": pytest.approx(0.03), "lr_changes": 1.0}


def batch_loss(model: nn.Module, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    return nn.functional.cross_entropy(model(batch[0]), batch[1])


def test_a_model_that_can_learn_one_batch_is_told_from_one_that_cannot() -> None:
    torch.manual_seed(0)
    batch = (torch.randn(16, 8), torch.randint(0, 4, (16,)))
    able = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 4))
    unable = nn.Sequential(nn.Linear(8, 4, bias=False), nn.Softmax(dim=1))  # a softmax too many
    before = [p.clone() for p in able.parameters()]

    assert can_overfit(able, batch_loss, batch, lr=0.01)
    assert not can_overfit(unable, batch_loss, batch, lr=0.01)
    assert all(torch.equal(a, b) for a, b in zip(before, able.parameters(), strict=True))


def test_a_recurrent_model_is_tried_in_training_mode_for_cudnn_has_no_other_gradient() -> None:
    model = nn.Sequential(nn.LSTM(2, 4, num_layers=2, dropout=0.9), nn.Dropout(0.9))
    modes = []

    def loss_of(tried: nn.Module, batch: torch.Tensor) -> torch.Tensor:
        modes.append([module.training for module in tried])  # type: ignore[attr-defined]
        return tried[0](batch)[0].square().mean()  # type: ignore[index,no-any-return]

    can_overfit(model, loss_of, torch.ones(3, 1, 2), steps=1)

    assert modes == [[True, False]] * 2
    assert model[0].dropout == 0.9


def test_the_range_test_ends_where_training_diverges_and_puts_everything_back() -> None:
    torch.manual_seed(0)
    x = torch.randn(256, 8)
    y = x @ torch.randn(8, 1)
    model = nn.Linear(8, 1)
    model.eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    before = model.weight.clone()
    batches = [(x[i : i + 32], y[i : i + 32]) for i in range(0, 256, 32)]

    found = range_test(model, optimizer, lambda m, b: nn.functional.mse_loss(m(b[0]), b[1]), batches, high=100.0)

    assert torch.equal(model.weight, before)
    assert model.weight.grad is None and not model.training
    assert optimizer.param_groups[0]["lr"] == 0.5
    # the loss is a quadratic with curvature about 2/8 * |x|^2: it diverges around 1 and learns a decade or two below
    assert found.diverges is not None and 0.2 < found.diverges < 5
    assert found.low < 0.05 < found.high < found.diverges


def test_a_range_is_found_from_losses_alone() -> None:
    rates = np.logspace(-6, 1, 60)
    losses = 2.3 - 1.8 / (1 + (3e-3 / rates) ** 1.5) + np.where(rates > 0.3, (rates / 0.3) ** 2 - 1, 0)

    found = rate_range(rates, losses)

    assert 1e-3 < found.steepest < 1e-2
    assert 0.02 < found.best <= 0.35
    assert found.diverges is not None and 0.3 < found.diverges < 1.0
    assert "diverges from" in str(found)


@pytest.mark.parametrize(
    ("rates", "losses"),
    [([1e-3, 1e-2], [1.0, 1.0]), ([1, 2, 3, 4, 3], [1.0] * 5), ([1, 2, 3, 4, 5], [math.nan] * 5),
     ([1e-6, 1e-5, 1e-4, 1e-3, 1e-2], [1.0, 1.1, 2.0, 3.0, 4.0])],
)
def test_a_range_test_that_can_say_nothing_says_so(rates: list[float], losses: list[float]) -> None:
    with pytest.raises(ValueError, match="rate"):
        rate_range(rates, losses)


def test_a_range_test_whose_first_finite_loss_is_its_lowest_begins_there() -> None:
    found = rate_range([1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0], [math.nan, math.nan, math.nan, 1.0, 2.0, 3.0])

    assert (found.steepest, found.best, found.diverges) == (1e-2, 1e-2, 1e-1)
