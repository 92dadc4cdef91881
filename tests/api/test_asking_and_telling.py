from __future__ import annotations

import sys
from typing import Any

import msgspec
import numpy as np
import pytest

import hptui
from hptui.core.api.asking import Told
from hptui.core.search.assemble import assemble
from hptui.core.search.observe import Observation, Observations
from hptui.core.search.protocol import Kind, Proposal
from hptui.core.space.space import Space
from hptui.core.study.study import Chosen, Goal

SPACE: dict[str, Any] = {
    "lr": hptui.Float(low=1e-5, high=0.1, log=True),
    "act": ["relu", "tanh"],
    "slope": {"type": "float", "low": 0.0, "high": 1.0, "when": {"act": ["relu"]}},
}


def loss(params: Any) -> float:
    return abs(params["lr"] - 1e-3) + params.get("slope", 0.5)


def tuned(seed: int, n: int = 14, sampler: str = "tpe") -> hptui.AskTell:
    asking = hptui.ask_tell(SPACE, sampler, seed=seed)
    for _ in range(n):
        asked = asking.ask()
        asking.tell(asked, loss(asked.params))
    return asking


def test_the_same_seed_asks_the_same_points() -> None:
    assert tuned(3).told == tuned(3).told
    assert tuned(3).told != tuned(4).told


def test_it_asks_what_a_session_with_this_history_would_ask() -> None:
    asking = tuned(5)
    space = Space.parse({name: msgspec.to_builtins(each) for name, each in SPACE.items()})
    seen = Observations(space.dim)
    for told in asking.told:
        x = tuple(None if u != u else float(u) for u in space.point(told.params))
        seen.add(Observation(told.number, x, told.values[0], Kind.COMPLETE, 0))
    proposal = assemble(Chosen(name="tpe"), space, 5, [Goal("value")]).ask(seen.history(), 14)

    assert isinstance(proposal, Proposal)
    assert asking.ask().params == space.values(proposal.x)


def test_points_may_be_open_together_and_told_in_any_order() -> None:
    asking = hptui.ask_tell(SPACE, "random", direction="maximize")
    first, second, third = asking.ask(), asking.ask(), asking.ask()
    asking.tell(third, 3.0)
    asking.tell(first.number, 1.0)
    asking.tell(second, outcome="failed")

    assert [(told.number, told.values, told.outcome) for told in asking.told] == [
        (0, (1.0,), "complete"), (1, (None,), "failed"), (2, (3.0,), "complete"),
    ]  # fmt: skip
    assert asking.best is not None and asking.best.number == 2


def test_a_point_that_breaks_a_constraint_is_never_the_best() -> None:
    asking = hptui.ask_tell(SPACE, "random")
    for value, memory in ((1.0, 0.5), (2.0, 0.0), (3.0, -1.0)):
        asking.tell(asking.ask(), value, constraints={"memory": memory})

    assert asking.best is not None and asking.best.values == (2.0,)


def test_several_objectives_are_told_together() -> None:
    asking = hptui.ask_tell(SPACE, "tpe", metric=["loss", "speed"], direction=["minimize", "maximize"])
    for k in range(12):
        asking.tell(asking.ask(), (k, -k))

    assert asking.best is None and asking.told[3].values == (3.0, -3.0)
    with pytest.raises(hptui.HptuiError, match="1 values for 2 objectives: loss, speed"):
        asking.tell(asking.ask(), 1.0)


def test_points_of_ones_own_come_next() -> None:
    asking = hptui.ask_tell({"x": hptui.Int(low=0, high=9, default=4)}, "random")
    asking.enqueue({"x": 7})

    assert [(asking.ask().params, asking.ask().params)] == [({"x": 4}, {"x": 7})]


def test_a_finite_space_ends_and_says_so() -> None:
    asking = hptui.ask_tell({"k": [1, 2]}, "grid")
    for _ in range(2):
        asking.tell(asking.ask(), 0.0)

    with pytest.raises(hptui.SpaceExhausted, match="all 2 grid points were tried"):
        asking.ask()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: hptui.ask_tell(SPACE, "tp"), 'did you mean "tpe"'),
        (lambda: hptui.ask_tell(SPACE, {"name": "tpe", "startups": 3}), "startup"),
        (lambda: hptui.ask_tell({"x": {"type": "float", "low": 1.0, "high": 0.0}}), "space"),
        (lambda: hptui.ask_tell({}), "it has no parameters"),
        (lambda: hptui.ask_tell({"x": [object()]}), "space: a value is neither number, text nor list"),
        (lambda: hptui.ask_tell(SPACE, direction="max"), '"max" is neither minimize nor maximize'),  # type: ignore[arg-type]
        (lambda: hptui.ask_tell(SPACE).tell(0, 1.0), "point 0 was never asked for"),
        (lambda: tuned(0, 1).tell(0), "a complete point needs a value"),
        (lambda: tuned(0, 1).tell(0, float("nan")), "nan is no value"),
        (lambda: tuned(0, 1).tell(0, 1.0, outcome="done"), "there is no outcome 'done'"),  # type: ignore[arg-type]
    ],
)
def test_what_is_wrong_is_said_at_once(call: Any, says: str) -> None:
    with pytest.raises(hptui.HptuiError, match=says):
        call()


def test_numbers_of_numpy_are_numbers_and_what_is_enqueued_first_is_no_default() -> None:
    space = {"x": {"type": "float", "low": np.float64(0), "high": np.float32(1)}, "n": np.arange(3)}
    asking = hptui.ask_tell(space, {"name": "random"})
    asking.enqueue({"x": 0.5, "n": 2})

    asked = asking.ask()
    asking.tell(np.int64(0), np.array([[1.0]]), constraints={"fits": float("nan")})

    assert (asked.params, asked.why) == ({"x": 0.5, "n": 2}, "as given")
    assert asking.told == [Told(0, asked.params, (1.0,), "complete", {"fits": sys.float_info.max})]
