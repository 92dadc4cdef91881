"""Population-based training: who gives way, to whose heir, and with which parameters."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hptui.core.search.catalog import make_pruner
from hptui.core.search.protocol import Breeder, Curve, Heir, Kind, Stop
from hptui.core.search.pruners.population import PopulationBased
from hptui.core.space.space import Space
from hptui.core.study.study import Chosen

SPACE = Space.parse(
    {
        "lr": {"type": "float", "low": 1e-4, "high": 1.0, "log": True},
        "width": {"type": "int", "low": 8, "high": 64},
        "optimizer": ["sgd", "adam"],
        "momentum": {"type": "float", "low": 0.0, "high": 0.99, "when": {"optimizer": "sgd"}},
    }
)
DONOR = {"lr": 0.01, "width": 30, "optimizer": "sgd", "momentum": 0.5}


def at(number: int, loss: float, step: int = 5, kind: Kind = Kind.PENDING) -> Curve:
    return Curve(number, np.array([0, step - 1, step]), np.array([9.5, 9.0, loss]), kind)


CROWD = [at(n, n / 10) for n in range(9)]


def test_the_worst_fifth_gives_way_to_heirs_of_the_best_fifth() -> None:
    pbt = PopulationBased()

    verdict = pbt.judge(at(9, 0.75), CROWD)

    assert isinstance(verdict, Stop) and verdict.heir in (Heir(0), Heir(1))
    donor = verdict.heir.donor
    assert verdict.reason == (
        f"step 5: rank 9 of 10 with 0.75, the worst 2 give way; trial {donor} has {donor / 10:g} there, "
        "and an heir goes on from it"
    )
    assert pbt.judge(at(9, 0.65), CROWD) is None
    assert pbt.judge(at(9, 0.75, step=6), CROWD) is None  # not the step to compare at
    assert isinstance(pbt.judge(at(9, np.nan), CROWD), Stop)


def test_an_heir_has_an_interval_of_its_own_before_it_is_compared() -> None:
    pbt, crowd = PopulationBased(), [at(n, n / 10, step=10) for n in range(9)]

    assert pbt.judge(Curve(9, np.array([8, 9, 10]), np.array([1.0, 1.0, 1.0])), crowd) is None
    assert isinstance(pbt.judge(Curve(9, np.arange(6, 11), np.ones(5)), crowd), Stop)


def test_who_is_alone_or_has_nobody_running_to_inherit_from_goes_on() -> None:
    pbt = PopulationBased()

    assert pbt.judge(at(9, 0.75), []) is None
    assert pbt.judge(at(9, 0.75), [at(n, n / 10, kind=Kind.COMPLETE) for n in range(9)]) is None
    assert pbt.judge(at(9, 0.75), [at(n, n / 10, kind=Kind.PRUNED) for n in range(9)]) is None
    assert pbt.judge(at(9, 0.75), [at(n, n / 10, step=8) for n in range(9)]) is None  # they were never at step 5


def test_an_heirs_numbers_are_its_donors_times_or_divided_by_the_factor() -> None:
    pbt = PopulationBased(resample=0.0)

    params, said = pbt.explore(SPACE, DONOR, 1, (4, 10))

    assert params["lr"] == pytest.approx(0.012) or params["lr"] == pytest.approx(0.01 / 1.2)
    assert params["width"] in (36, 25)
    assert params["momentum"] == pytest.approx(0.6) or params["momentum"] == pytest.approx(0.5 / 1.2)
    assert params["optimizer"] == "sgd"
    assert said.startswith("lr 0.01 → 0.0") and "width 30 → " in said and "optimizer" not in said
    assert (params, said) == pbt.explore(SPACE, DONOR, 1, (4, 10)) != pbt.explore(SPACE, DONOR, 1, (5, 10))


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize(("donor", "heirs"), [(960, {800, 1000}), (100, {83, 120}), (2, {1, 3}), (1, {1, 2})])
def test_a_whole_number_goes_to_the_nearest_or_the_next_one(donor: int, heirs: set[int], log: bool) -> None:
    space = Space.parse({"units": {"type": "int", "low": 1, "high": 1000, "log": log}})
    pbt = PopulationBased(resample=0.0)

    assert {pbt.explore(space, {"units": donor}, 1, (n, 5))[0]["units"] for n in range(30)} == heirs


@given(number=st.integers(0, 500), resample=st.sampled_from([0.0, 0.25, 1.0]), factor=st.sampled_from([1.2, 9.0]))
@settings(max_examples=60, deadline=None)
def test_an_heir_lies_in_the_space(number: int, resample: float, factor: float) -> None:
    params, _ = PopulationBased(resample=resample, factor=factor).explore(SPACE, DONOR, 1, (number, 10))

    assert SPACE.complete(params) == (params, [])
    assert ("momentum" in params) == (params["optimizer"] == "sgd")


def test_the_catalog_makes_it() -> None:
    pbt = make_pruner(Chosen(name="pbt", options={"interval": 3, "share": 0.5}), "maximize")

    assert pbt == PopulationBased(interval=3, share=0.5, sign=-1.0) and isinstance(pbt, Breeder)
