"""Red flags come into the ledger while a session runs, each once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hptui.core.scheduler.advising import Adviser
from hptui.core.scheduler.thinker_wire import Notice

SCRIPT = """
def objective(trial):
    return (1.3 - trial.params["x"]) ** 2
"""
STUDY = """
    sampler = "random"
    [space]
    x = {type = "float", low = 0.0, high = 1.0}
    [budget]
    n_trials = 40
"""


def test_the_ledger_tells_of_a_best_at_the_edge_once(session: Callable[..., Any]) -> None:
    s = session(SCRIPT, STUDY)
    s.start()
    s.finish()

    told = [event for event in s.events("advice") if event.data["rule"] == "best-at-edge"]
    assert len(told) == 1
    assert told[0].data["about"] == "space.x"
    assert told[0].reason.endswith("extend x to 2")
    assert "best-at-edge" in s.reader.fact("advised")


def test_it_looks_seldom_and_says_nothing_twice() -> None:
    adviser = Adviser(["duplicates"], 0)
    looks = [k for k in range(1, 101) if adviser.one_more()]
    notices = [Notice("duplicates", "", "a", ""), Notice("spikes", "", "b", "c")]

    assert looks == [20, 27, 36, 47, 62, 81]
    first, second = adviser.news(1.0, notices), adviser.news(2.0, notices)
    assert [event.row().reason for event in first] == ["b; c"]  # type: ignore[union-attr]
    assert second == []
