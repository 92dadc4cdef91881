"""What a past session gave, read from the reasons that the sampler itself writes."""

from __future__ import annotations

import math

import numpy as np

from hptui.core.review.warm import contributions, told
from hptui.core.search.observe import Observation, Observations
from hptui.core.search.protocol import Kind, Proposal
from hptui.core.search.samplers.tpe import TPE
from hptui.core.search.samplers.warm import Past, Warm
from hptui.core.space.space import Space
from hptui.core.store.rows import TrialRow

ONE = {"type": "float", "low": 0.0, "high": 1.0}
SPACE = Space.parse({"lr": ONE, "wd": ONE})


def loss_at(x: np.ndarray) -> float:
    return float((x[0] - 0.3) ** 2 + 0.1 * x[1])


def test_what_the_sampler_says_of_a_past_session_is_counted() -> None:
    points = np.random.default_rng(0).random((30, 2))
    past = Past("digits-1", points, np.array([loss_at(x) for x in points]))
    sampler, seen, rows = Warm(TPE(SPACE, 0), SPACE, 0, (past,)), Observations(2), []
    for number in range(14):
        proposal = sampler.ask(seen.history(), number)
        assert isinstance(proposal, Proposal)
        loss = loss_at(proposal.x)
        seen.add(Observation(number, tuple(proposal.x), loss, Kind.COMPLETE))
        rows.append(TrialRow(number, "COMPLETE", {}, proposal=proposal.why, value=loss))
    facts = {"pasts": [{"name": "digits-1", "losses": past.loss.tolist(), "best": float(past.loss.min())}]}

    [found] = contributions(facts, rows, 1.0)

    assert [number for number, _ in found.firsts] == [0, 1, 2] and found.trials == 30
    assert found.counted > 0 and 0 < found.latest <= 1
    assert found.led is (min(rows, key=lambda row: row.value).number in (0, 1, 2))
    assert told(found).startswith(f"past session digits-1 lent 30 trials, best {past.loss.min():.6g}; its best points")


def test_one_that_nobody_heard_says_so() -> None:
    facts = {"pasts": [{"name": "other", "losses": [0.5], "best": 0.5}]}

    [found] = contributions(facts, [TrialRow(0, "FAIL", {}, proposal="startup")], 1.0)

    assert (found.firsts, found.led, found.counted, math.isnan(found.latest)) == ((), False, 0, True)
    assert told(found) == "past session other lent 1 trials, best 0.5; no other proposal heard it"
    assert contributions({}, [], 1.0) == []
