"""Two searches that end at the same place, and two that do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from hptui.core.review.columns import columns
from hptui.core.review.compare import Contender
from hptui.core.review.found_again import agreements
from hptui.core.store.rows import TrialRow

SPACE = {
    "lr": {"type": "float", "low": 1e-4, "high": 1.0, "log": True},
    "act": {"type": "categorical", "choices": ["relu", "tanh"]},
    "slope": {"type": "float", "low": 0.0, "high": 1.0, "when": {"act": ["relu"]}},
}


def searched(name: str, seed: int, best: Sequence[object], n: int = 40, metric: str = "loss") -> Contender:
    """Random trials, and one that is the best of them."""
    rng = np.random.default_rng(seed)
    acts = ["relu", "tanh"]
    points = [(float(10 ** rng.uniform(-4, 0)), str(rng.choice(acts)), float(rng.random())) for _ in range(n)]
    rows = []
    for number, (lr, act, slope) in enumerate([*points, best]):  # type: ignore[list-item]
        params = {"lr": lr, "act": act, **({"slope": slope} if act == "relu" else {})}
        rows.append(TrialRow(number, "COMPLETE", params, value=0.0 if number == n else 1.0 + number))
    return Contender(name, metric, "minimize", "random", "none", 0.0, SPACE, columns(rows, SPACE), rows[-1])


def test_bests_at_the_same_place_are_told_and_others_are_not() -> None:
    here = searched("a", 0, (0.01, "relu", 0.5))
    near, far = searched("b", 1, (0.012, "relu", 0.52)), searched("c", 2, (0.5, "tanh", 0.0))

    same, not_same, _ = agreements([here, near, far])

    assert (same.first, same.second, same.same) == ("a", "b", True) and "found the same best" in str(same)
    assert not not_same.same and "no nearer than" in str(not_same)


def test_the_share_is_that_of_all_pairs() -> None:
    a, b = searched("a", 3, (0.01, "relu", 0.5)), searched("b", 4, (0.03, "relu", 0.4))
    rates = [np.log10([row["lr"] for row in params(one)]) for one in (a, b)]
    slopes = [[row.get("slope") for row in params(one)] for one in (a, b)]
    wide = np.ptp(np.concatenate(rates))
    known = [s for s in slopes[0] + slopes[1] if s is not None]

    def apart(i: int, j: int) -> float:
        first, second = slopes[0][i], slopes[1][j]
        if first is None or second is None:
            slope = float((first is None) != (second is None))
        else:
            slope = ((first - second) / (max(known) - min(known))) ** 2
        acts = float(params(a)[i]["act"] != params(b)[j]["act"])
        return float(((rates[0][i] - rates[1][j]) / wide) ** 2) + acts + slope

    pairs = [apart(i, j) for i in range(41) for j in range(41)]
    (found,) = agreements([a, b])

    assert found.share == pytest.approx(np.mean(np.array(pairs) <= apart(40, 40) + 1e-12))


def params(of: Contender) -> list[dict[str, object]]:
    lr, act, slope = of.columns.dimensions
    return [
        {"lr": lr.values[k], "act": act.choices[int(act.values[k])],
         **({"slope": slope.values[k]} if np.isfinite(slope.values[k]) else {})}
        for k in range(len(of.columns))
    ]  # fmt: skip


def test_choices_that_are_listed_in_another_order_are_the_same_choices() -> None:
    a, b = searched("a", 3, (0.01, "relu", 0.5)), searched("b", 4, (0.03, "relu", 0.4))
    act = {"type": "categorical", "choices": ["gelu", "tanh", "relu"]}
    turned = {**SPACE, "act": act}
    rows = [
        TrialRow(n, "COMPLETE", told, value=float(loss))
        for n, (told, loss) in enumerate(zip(params(b), b.columns.loss, strict=True))
    ]
    other = replace(b, space=turned, columns=columns(rows, turned))

    assert [one.share for one in agreements([a, other])] == [one.share for one in agreements([a, b])]
    rate = {**SPACE, "lr": {"type": "categorical", "choices": [0.01, 0.03]}}
    assert agreements([a, replace(b, space=rate, columns=columns(rows, rate))]) == []


def test_searches_that_ask_something_else_are_not_compared() -> None:
    best = (0.01, "relu", 0.5)

    assert agreements([searched("a", 0, best), searched("b", 1, best, metric="accuracy")]) == []
    assert agreements([searched("a", 0, best), searched("b", 1, best, n=8)]) == []
