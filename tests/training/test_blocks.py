"""What a preset states is what the objective builds."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import nn

from hptui.core.advice.presets import PRESETS, compose
from hptui.core.errors import ObjectiveError
from hptui.core.space.space import Space
from hptui.core.training import build_layers, build_optimizer, build_schedule, clip_gradients, units_of

OPTIMIZERS = [name for name, preset in PRESETS.items() if preset.group == "optimizer"]
SCHEDULES = [name for name, preset in PRESETS.items() if preset.group == "schedule"]
CLASSES = {
    "sgd": torch.optim.SGD, "momentum": torch.optim.SGD, "nesterov": torch.optim.SGD, "adagrad": torch.optim.Adagrad,
    "rmsprop": torch.optim.RMSprop, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW,
}  # fmt: skip
ALL = Space.parse({**compose(list(PRESETS)).space, **compose(list(PRESETS)).kept})


def defaults(**chosen: object) -> dict[str, object]:
    """The defaults of all presets together, with these choices."""
    definitions = {n: {**d, "default": chosen.get(n, d["default"])} for n, d in ALL.definitions().items()}
    return Space.parse(definitions).defaults()


@pytest.mark.parametrize(("optimizer", "schedule"), [*itertools.product(OPTIMIZERS, SCHEDULES)])
def test_every_optimizer_trains_under_every_schedule_at_the_presets_defaults(optimizer: str, schedule: str) -> None:
    torch.manual_seed(0)
    params = defaults(optimizer=optimizer, schedule=schedule)
    model = build_layers(params, 4, 2)
    x, y = torch.randn(32, 4), torch.randint(0, 2, (32,))

    built = build_optimizer(model, params)
    plan = build_schedule(built, params, 12)
    losses = []
    for _ in range(12):
        loss = nn.functional.cross_entropy(model(x), y)
        losses.append(loss.item())
        built.zero_grad()
        loss.backward()
        clip_gradients(model.parameters(), params)
        built.step()
        plan.step()

    assert type(built) is CLASSES[optimizer]
    assert losses[-1] < losses[0]


def test_each_number_of_a_block_arrives_where_torch_has_it() -> None:
    model = nn.Linear(2, 2)

    adamw = build_optimizer(model, {
        "optimizer": "adamw", "adamw_lr": 0.003, "adamw_weight_decay": 0.2, "beta1": 0.95, "beta2": 0.99, "eps": 1e-6,
    }).param_groups  # fmt: skip
    nesterov = build_optimizer(model, {"lr": 0.1, "weight_decay": 1e-3, "momentum": 0.85}, "nesterov").param_groups
    rmsprop = build_optimizer(model, {"optimizer": "rmsprop", "lr": 0.1, "alpha": 0.9}).param_groups

    assert [(g["lr"], g["weight_decay"], g["betas"], g["eps"]) for g in adamw] == [
        (0.003, 0.2, (0.95, 0.99), 1e-6), (0.003, 0.0, (0.95, 0.99), 1e-6),
    ]  # fmt: skip
    assert [(g["weight_decay"], g["momentum"], g["nesterov"]) for g in nesterov] == [
        (1e-3, 0.85, True), (0.0, 0.85, True),
    ]  # fmt: skip
    assert rmsprop[0]["alpha"] == 0.9


def test_the_rates_of_a_schedule_follow_its_numbers() -> None:
    def rates(**params: object) -> list[float]:
        optimizer = torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=1.0)
        plan, seen = build_schedule(optimizer, params, 10), []
        for _ in range(10):
            seen.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            plan.step()
        return seen

    assert rates(schedule="warmup", warmup_share=0.2) == pytest.approx([1 / 3, 2 / 3] + [1.0] * 8)
    assert rates(schedule="step", step_drops=1, step_factor=0.5) == pytest.approx([1.0] * 5 + [0.5] * 5)
    assert rates(schedule="exponential", final_share=1e-4) == pytest.approx([10 ** (-0.4 * k) for k in range(10)])
    assert rates() == [1.0] * 10
    one = rates(schedule="onecycle", cycle_rise=0.5)
    assert one.index(max(one)) == 4
    assert torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0).param_groups[0]["momentum"] == 0
    sgd = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    build_schedule(sgd, {"schedule": "onecycle"}, 4)
    assert sgd.param_groups[0]["momentum"] == 0  # plain SGD stays plain


def test_layers_are_as_wide_as_their_units() -> None:
    params = {"layers": 2, "units_1": 7, "units_2": 5, "units_3": 3, "dropout": 0.2}

    model = build_layers(params, 4, 2)

    assert units_of(params) == (7, 5)
    assert [(m.in_features, m.out_features) for m in model if isinstance(m, nn.Linear)] == [(4, 7), (7, 5), (5, 2)]
    assert [m.p for m in model if isinstance(m, nn.Dropout)] == [0.2, 0.2]


@pytest.mark.parametrize("params", [{"optimizer": "adamw"}, {"optimizer": "lion", "lr": 0.1}, {"lr": 0.1}])
def test_a_block_that_names_no_optimizer_is_told_so(params: dict[str, object]) -> None:
    with pytest.raises(ObjectiveError, match=r"neither lr nor adamw_lr|there is no optimizer"):
        build_optimizer(nn.Linear(1, 1), params)
