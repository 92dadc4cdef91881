"""Past sessions: what they lend, while they agree."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from wider_problems import Array, floats, searched

from hptui.core.search.assemble import assemble
from hptui.core.search.catalog import SAMPLERS
from hptui.core.search.observe import PastTrials
from hptui.core.search.protocol import Exhausted, History, Proposal
from hptui.core.search.samplers.warm import Past
from hptui.core.space.space import Space
from hptui.core.store.reader import Reader
from hptui.core.study.session import SessionFolder
from hptui.core.study.study import Chosen, Goal

ONE = (Goal("loss"),)
BEST = np.array([0.3, 0.35, 0.25, 0.4])


def bowl(x: Array) -> float:
    return float(np.sum((x - BEST) ** 2 * [1, 2, 4, 1]))


def past(sign: float = 1.0, scale: float = 7.0) -> list[PastTrials]:
    """Random trials and some near a best one that is not quite this one's; on another scale."""
    rng = np.random.default_rng(1)
    points = np.vstack([rng.random((40, 4)), np.clip(BEST + 0.05 + 0.08 * rng.standard_normal((15, 4)), 0, 1)])
    params = [{f"x{i}": float(v) for i, v in enumerate(point)} for point in points]
    losses = [100 + sign * scale * bowl(np.clip(point - 0.05, 0, 1)) for point in points]
    return [PastTrials("old", params, losses)]


def trials_to(goal: float, seed: int, pasts: list[PastTrials], most: int = 70) -> int:
    y = searched(assemble(Chosen(name="tpe"), floats(4), seed, ONE, pasts=pasts), bowl, 4, most).y
    return int(np.argmax(y <= goal)) + 1 if (y <= goal).any() else most


def test_a_past_that_agrees_saves_trials_and_a_reversed_one_costs_less_than_twice_as_many() -> None:
    """Geometric means over seeds, with TPE: the trials until a loss of 0.03."""

    def mean(pasts: list[PastTrials]) -> float:
        return float(np.exp(np.mean([np.log(trials_to(0.03, seed, pasts)) for seed in range(5)])))

    none, same, reversed_ = mean([]), mean(past()), mean(past(-1.0))

    assert same < 0.7 * none
    assert reversed_ < 2.0 * none


def test_the_first_points_are_the_pasts_best_ones() -> None:
    [told] = past()
    sampler, history = assemble(Chosen(name="tpe"), floats(4), 0, ONE, pasts=[told]), History.empty(4)

    first = sampler.ask(history, 0)

    assert isinstance(first, Proposal)
    assert first.why == "past session old: the best of its 55 trials"
    best = told.params[int(np.argmin(told.losses))]
    np.testing.assert_allclose(first.x, list(best.values()))


def test_how_much_a_past_counts_is_said_and_found_anew() -> None:
    agreeing = assemble(Chosen(name="tpe"), floats(4), 0, ONE, pasts=past())
    reversed_ = assemble(Chosen(name="tpe"), floats(4), 0, ONE, pasts=past(-1.0))
    history = searched(assemble(Chosen(name="random"), floats(4), 5, ONE), bowl, 4, 25)

    yes, no = (sampler.ask(history, 25) for sampler in (agreeing, reversed_))

    assert isinstance(yes, Proposal) and isinstance(no, Proposal)
    assert "old at " in yes.why or "past session old" in yes.why
    assert "old" not in no.why


@pytest.mark.parametrize("name", SAMPLERS)
def test_any_sampler_answers_with_a_past(name: str) -> None:
    sampler = assemble(Chosen(name=name), floats(4), 0, ONE, pasts=past())

    history = searched(sampler, bowl, 4, 8)

    assert len(history) == 8 and np.all((history.x >= 0) & (history.x <= 1))


def test_points_of_a_past_are_not_taken_for_tried_in_a_finite_space() -> None:
    space = Space.parse({"n": {"type": "int", "low": 1, "high": 4}})
    told = [PastTrials("old", [{"n": v} for v in (1, 2, 3, 4)], [4.0, 3.0, 2.0, 1.0])]
    sampler, tried = assemble(Chosen(name="random"), space, 0, ONE, pasts=told), []
    while True:
        n = len(tried)
        x = np.array([space.point({"n": v}) for v in tried]).reshape(n, 1)
        y = np.array([5.0 - v for v in tried])
        answer = sampler.ask(History(x, y, np.zeros(n, np.int64), np.arange(n), np.full(n, -1)), n)
        if isinstance(answer, Exhausted):
            break
        tried.append(space.values(answer.x)["n"])

    assert tried[0] == 4 and sorted(tried) == [1, 2, 3, 4]


def test_what_the_past_did_not_have_counts_as_at_its_default_and_what_lies_outside_is_left_out() -> None:
    space = Space.parse(
        {
            "lr": {"type": "float", "low": 0.0, "high": 1.0},
            "new": {"type": "float", "low": 0.0, "high": 1.0, "default": 0.25},
            "momentum": {"type": "float", "low": 0.0, "high": 1.0, "when": {"o": "sgd"}},
            "o": ["sgd", "adam"],
        }
    )
    params: list[dict[str, Any]] = [{"lr": 0.5, "o": "adam", "gone": 3}, {"lr": 7.0, "o": "sgd"}, {"other": 1}]

    found = Past.of("old", params, [1.0, 2.0, 3.0], space)

    assert found is not None
    np.testing.assert_array_equal(found.x, [[0.5, 0.25, np.nan, 0.75]])
    assert Past.of("old", params[1:], [2.0, 3.0], space) is None


STUDY = """
name = "{name}"
sampler = "random"
{more}
[objective]
script = "train.py"
[space]
x = {{type = "float", low = -1.0, high = 2.0}}
{space}
[budget]
n_trials = 4
"""


def test_a_session_begins_where_another_ended_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("def objective(trial):\n    return trial.params['x'] ** 2\n")
    home, more = tmp_path / "home", '[warm_start]\nsessions = ["first"]'
    (tmp_path / "a.toml").write_text(STUDY.format(name="first", more="", space=""))
    (tmp_path / "b.toml").write_text(
        STUDY.format(name="second", more=more, space='y = {type = "float", low = 0.0, high = 1.0}')
    )

    def run(study: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "hptui", "run", study, "--headless"]
        env = {**os.environ, "HPTUI_HOME": str(home)}
        return subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60)

    early = run("b.toml")
    assert early.returncode == 1 and "warm_start.sessions: first: there is no session of this name" in early.stderr
    assert run("a.toml").returncode == 0
    assert run("b.toml").returncode == 0

    with Reader(SessionFolder(home / "sessions" / "first")) as reader:
        best = reader.best(1)[0]
    with Reader(SessionFolder(home / "sessions" / "second")) as reader:
        events, trial = reader.events(), reader.trial(0)
    said = f"begins with what first found: 4 trials, best {best.value:.6g}, 1 of 2 parameters in common"
    assert said in [event.reason for event in events if event.kind == "warm-start"]
    assert trial is not None and trial.proposal == "random: past session first: the best of its 4 trials"
    assert trial.params["x"] == pytest.approx(best.params["x"])
