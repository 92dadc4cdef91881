"""`hptui replicate` and `hptui trust`, as a user runs them."""

from __future__ import annotations

import pytest

NOISY = """
import random

def objective(trial):
    for step in range(3):
        trial.report(trial.params["x"] + random.Random(trial.seed).gauss(0, 0.001), step)
        if trial.should_prune():
            import hptui
            raise hptui.TrialPruned
    trial.report_test(trial.params["x"] + 0.5)
    return trial.params["x"] + random.Random(trial.seed).gauss(0, 0.001)
"""


def test_the_best_are_repeated_and_the_result_is_told_with_its_interval(user):
    study = user.study(script=NOISY, n_trials=8, more='[round]\nscientific = ["x"]\n[test]\nmetric = "test_x"\n')
    assert user.hptui("run", study).status == 0
    best = user.hptui("best", "study", "-k", "2", "--format", "json").json
    before = user.hptui("trust", "study")
    assert "nothing is repeated yet: hptui replicate study" in before.out

    asked = user.hptui("replicate", "study", "-k", "2", "--seeds", "3", "--json").json

    assert [answer["answer"] for answer in asked] == ["wished"] * len(asked)
    assert len(asked) in (4, 6)  # the baseline as well, where the study has one
    user.wait_until(lambda: user.finished() and all(row.ended_at for row in user.rows()))
    told = user.hptui("trust", "study", "--json").json
    several = [one for one in told["repeated"] if len(one["values"]) == 3 and not one["baseline"]]
    assert sorted(one["params"]["x"] for one in several) == sorted(one["params"]["x"] for one in best)
    assert all(0 < one["half"] < 0.1 for one in several)
    text = user.hptui("trust", "study").out
    assert "instead of" in text and "±" in text
    assert "test_x of the best (trial" in text and set(told["compared"]) == {"x"}
    assert told["held_out"]["test"] == pytest.approx(told["held_out"]["value"] + 0.5, abs=0.01)
    launched = user.hptui("launch", "study", "--goal", "is it so?", "--json").json
    assert (launched["name"], launched["trial"]) == ("study-r2", told["repeated"][0]["numbers"][0])
    assert user.hptui("check", "study-r2.toml").status == 0
    assert user.hptui("rounds", "study").out.startswith("study  finished, ")
    again = user.hptui("replicate", "study", "-k", "2", "--seeds", "3")
    assert (again.status, "have 3 runs each already" in again.err) == (0, True)


def test_values_are_isolated_and_another_pruner_is_tried_on_what_was_stored(user):
    assert user.hptui("run", user.study(script=NOISY, n_trials=8)).status == 0

    assert len(user.hptui("trust", "study", "--isolate", "x", "--json").json["isolated"]) >= 2
    refused = user.hptui("trust", "study", "--isolate", "z")
    assert (refused.status, "has no parameter 'z'" in refused.err) == (1, True)
    told = user.hptui("what-if", "study", "--pruner", "median", "-o", "n_startup_trials=1", "--json").json

    assert len(told["trials"]) == 8 and told["kept"] is True
    assert told["reports"] < told["known"]
    cut_all = user.hptui("what-if", "study", "--pruner", "threshold", "-o", "by_step=0:-1e9,1:-1e9", "--json").json
    assert (cut_all["kept"], cut_all["best"]) == (False, None)
    ranked = user.hptui("what-if", "study", "--by", "best", "--json").json
    assert len(ranked["places"]) == 8 and ranked["agreement"] > 0.9
    assert "ranked by the last value: " in user.hptui("what-if", "study", "--by", "last").out
    turned = user.hptui("what-if", "study", "--by", "best", "--direction", "maximize", "--json").json
    assert turned["agreement"] < -0.9
    unknown = user.hptui("what-if", "study", "--metric", "valeu")
    assert (unknown.status, 'did you mean "value"' in unknown.err) == (1, True)
    assert user.hptui("what-if", "study").status == 2
    refused = user.hptui("what-if", "study", "--pruner", "medain")
    assert (refused.status, 'did you mean "median"' in refused.err) == (2, True)
