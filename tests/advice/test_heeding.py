"""Whether an objective uses what it is given, told from one parameter moved at a time."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from hptui.core.advice.heeding import heeds, moves, not_tried
from hptui.core.advice.sanity import Ran
from hptui.core.devices.inventory import Device, Inventory, Place
from hptui.core.space.space import Space
from hptui.tui.commands.check_run import on_gpu

BASE = Ran({"lr": 0.01, "act": "relu"}, "COMPLETE", ((1.0, 0, 0.9), (2.0, 1, 0.7)), 0.7)
OTHER = replace(BASE, reports=((1.0, 0, 0.9), (2.0, 1, 0.6)))
NAN = replace(BASE, state="FAIL", cause="nan", reason="returned NaN", reports=((1.0, 0, math.nan),))


def test_each_active_parameter_is_moved_a_quarter_of_its_range_and_those_that_matter_come_first() -> None:
    space = Space.parse(
        {
            "act": ["relu", "gelu"],
            "lr": {"type": "float", "low": 1e-4, "high": 1.0, "log": True, "default": 0.1},
            "k": {"type": "int", "low": 1, "high": 2, "default": 1},
            "held": {"type": "float", "low": 0.5, "high": 0.5, "default": 0.5},
            "momentum": {"type": "float", "low": 0.0, "high": 1.0, "default": 0.4, "when": {"act": "gelu"}},
        }
    )

    assert moves(space) == [("lr", 0.01), ("act", "gelu"), ("k", 2)]
    many = Space.parse({f"p{k}": {"type": "float", "low": 0.0, "high": 1.0, "default": 0.9} for k in range(20)})
    assert [value for _, value in moves(many)] == [0.65] * 8


@pytest.mark.parametrize(
    ("tried", "ok", "level", "says"),
    [
        ([("lr", 0.1, OTHER), ("act", "gelu", OTHER)], True, "warning", "all 2 change what is reported"),
        ([("lr", 0.1, NAN)], True, "warning", "lr changes what is reported; lr = 0.1 fails: returned NaN"),
        ([("lr", 0.1, OTHER), ("act", "gelu", BASE)], False, "hint",
         "nothing changes with act (relu to gelu); the others do"),
        ([("lr", 0.1, BASE), ("act", "gelu", BASE)], False, "warning",
         "nothing changes with lr (0.01 to 0.1), act (relu to gelu)"),
    ],
)  # fmt: skip
def test_a_parameter_that_changes_nothing_is_named(
    tried: list[tuple[str, object, Ran]], ok: bool, level: str, says: str
) -> None:
    found = heeds(BASE, BASE, tried)

    assert (found.ok, found.level, found.says) == (ok, level, says)


def test_an_objective_that_differs_from_itself_can_not_be_asked() -> None:
    assert heeds(BASE, OTHER, [("lr", 0.1, OTHER)]).ok is None
    shorter = replace(BASE, reports=BASE.reports[:1])  # it was cut off by the clock
    same_nan = replace(NAN, reports=((1.0, 0, float("nan")),))
    assert heeds(BASE, shorter, [("lr", 0.1, OTHER)]).ok and heeds(NAN, same_nan, [("lr", 0.1, BASE)]).ok
    assert not_tried(3, "2 min").says == "not tried: 3 more trials of 2 min"


def test_memory_on_a_gpu_says_how_many_trials_it_holds() -> None:
    gib = 2**30
    gpus = tuple(Device(f"GPU-{k}", "H100", "gpu", k, total * gib) for k, total in enumerate((80, 40)))

    on_two = Inventory(gpus, (Place("GPU-0", 0), Place("GPU-1", 0)), 4)
    assert on_gpu(3 * gib, on_two) == "3 GiB of the GPU's 40 GiB: it holds 13 such trials"
    assert on_gpu(3 * gib, Inventory((Device("cpu", "cpu", "cpu"),), (Place("cpu", 0),), 4)) == "3 GiB of the GPU"
