"""A session ends when its stop rules say so, and its ledger says which."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

SCRIPT = """
def objective(trial):
    trial.suggest_float("x", 0.0, 1.0)
    return 1.0 if trial.number else 0.25
"""


def test_the_search_ends_when_the_best_stays_the_same(session: Callable[..., Any]) -> None:
    s = session(SCRIPT, "[budget]\nn_trials = 500\n[stop]\nsame_best_for = 5\n[resources]\nslots = 1\n")
    s.start()

    over = s.finish()

    assert (over["ok"], over["final"]) == (True, True)
    assert over["reason"].endswith("the best is the same for 5 trials")
    assert 6 <= len(s.trials()) < 20
    assert any("the best is the same for 5 trials" in event.reason for event in s.events("stopping"))
