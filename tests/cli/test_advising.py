"""`hptui advise` and `hptui lr-find`, as a user runs them."""

from __future__ import annotations

import tomllib

from hptui.core.space.space import Space
from hptui.tui.commands.lr_find import beside

BAD = """
name = "bad"
sampler = "random"
[objective]
script = "train.py"
[space]
lr = { type = "float", low = 0.1, high = 0.2, default = 0.15 }  # my range
momentum = { type = "float", low = 0.0, high = 0.99, default = 0.9 }
[budget]
n_trials = 40
"""

BOWL = """
import math

def objective(trial):
    lr = trial.params["lr"]
    if lr > 0.5:
        return math.nan
    loss = 2.3 - 2 / (1 + (3e-3 / lr) ** 1.5)
    trial.report(loss, 0)
    return loss
"""

AT_THE_EDGE = """
def objective(trial):
    return (trial.params["lr"] - 0.3) ** 2 + 0.001 * trial.params["momentum"]
"""


def test_advice_on_a_study_is_said_and_taken(user):
    user.write("train.py", BOWL)
    user.write("bad.toml", BAD)

    said = user.hptui("advise", "bad.toml", "--fix", "better.toml", "--trial-time", "30min")

    assert said.status == 0, said
    assert "lr covers a factor of 2 (0.1 to 0.2), less than one decade" in said.out
    assert "sampler auto, pruner none" in said.out
    better = (user.folder / "better.toml").read_text()
    assert tomllib.loads(better)["space"]["lr"] == {
        "type": "float", "low": 1e-5, "high": 2.0, "log": True, "default": 0.15
    }  # fmt: skip
    assert "# my range" in better
    assert user.hptui("check", "better.toml").status == 0
    again = user.hptui("advise", "bad.toml", "--fix", "better.toml")
    assert (again.status, "is there already" in again.err) == (2, True)


def test_advice_is_one_json_document(user):
    user.write("train.py", BOWL)
    user.write("bad.toml", BAD)

    document = user.hptui("advise", "bad.toml", "--json").json

    assert set(document) == {"findings", "plan"}
    assert {f["rule"] for f in document["findings"]} == {"narrow-learning-rate"}
    assert document["plan"]["sampler"] == "auto"


def test_the_edge_that_a_session_ran_into_is_extended_in_its_next_study(user):
    user.write("train.py", AT_THE_EDGE)
    user.write("edge.toml", BAD.replace('"bad"', '"edge"'))
    assert user.hptui("run", "edge.toml").status == 0

    said = user.hptui("advise", "edge", "--fix", "next.toml", "--only", "best-at-edge")

    assert said.status == 0, said
    assert "at the upper end (0.2)" in said.out and "less than one decade" in said.out  # its study's fault as well
    lr = tomllib.loads((user.folder / "next.toml").read_text())["space"]["lr"]
    assert lr["low"] == 0.1 and lr["high"] > 0.2


def test_a_range_of_learning_rates_is_found_with_short_trials(user):
    user.write("train.py", BOWL)
    user.write("bad.toml", BAD)

    found = user.hptui("lr-find", "bad.toml", "-k", "15", "--fix", "found.toml")

    assert found.status == 0, found
    assert "diverges from 1: search" in found.out
    lr = tomllib.loads((user.folder / "found.toml").read_text())["space"]["lr"]
    assert (lr["log"], lr["low"] < 1e-3 < 0.1 < lr["high"]) == (True, True)
    again = user.hptui("lr-find", "bad.toml", "-k", "15", "--json", "--write")
    document = again.json
    assert (document["session"], document["losses"][-1], len(document["rates"])) == ("bad-lr-2", None, 15)
    written = (user.folder / "bad.toml").read_text()
    assert tomllib.loads(written)["space"]["lr"] == lr
    assert "# my range" in written and "wrote bad.toml: space.lr.low = " in again.err


def test_the_sweep_of_a_conditional_rate_lets_it_be():
    space = Space.parse({
        "optimizer": ["sgd", "adamw"],
        "sgd_lr": {"type": "float", "low": 0.1, "high": 1.0, "when": {"optimizer": "sgd"}},
        "adamw_lr": {"type": "float", "low": 1e-4, "high": 1e-3, "when": {"optimizer": "adamw"}},
    })  # fmt: skip

    assert beside(space, "adamw_lr") == {"optimizer": "adamw"}


def test_a_space_without_a_learning_rate_and_trials_that_cannot_run_are_told_so(user):
    user.write("train.py", "import not_here\n" + BOWL)
    user.write("bad.toml", BAD)
    nothing = user.hptui("lr-find", "bad.toml", "-k", "5")

    assert nothing.status == 2
    assert "no trial ran: ModuleNotFoundError: No module named 'not_here'" in nothing.err
    user.write("other.toml", BAD.replace("lr =", "alpha ="))

    refused = user.hptui("lr-find", "other.toml")

    assert refused.status == 2
    assert "which parameter is the learning rate? the space has none" in refused.err
    assert "--param alpha" in refused.err
