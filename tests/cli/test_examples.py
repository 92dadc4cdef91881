"""The examples do what they say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def test_the_digits_are_learnt_and_the_data_is_loaded_once(user):
    done = user.hptui("run", str(EXAMPLES / "digits.toml"), "-n", "2", timeout=240)

    best = user.hptui("best", "digits", "--json").json
    metrics = {line.split(",")[1] for line in user.hptui("export", "digits", "--what", "metrics").out.splitlines()[1:]}
    ledger = user.hptui("export", "digits", "--what", "events").out
    assert done.status == 0, done
    assert best["value"] > 0.97
    assert metrics == {"val_accuracy", "val_loss", "train_loss"}
    assert user.show("digits")["trials"][0]["origin"] == "baseline"
    assert "trials are forked with everything imported" in ledger


def test_the_optuna_style_script_runs_under_both(user):
    script = str(EXAMPLES / "optuna_style.py")

    options = ("-n", "4", "--direction", "maximize", "--pruner", "median")
    here = user.hptui("run", f"{script}:objective", *options, timeout=120)
    there = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120)

    assert here.status == 0, here
    assert there.returncode == 0, there.stderr
    assert {"penalty", "alpha", "eta0"} <= set(user.show("optuna_style")["trials"][0]["params"])


def test_the_argparse_script_is_tuned_by_its_lines(user):
    python = f"{Path(sys.executable).parent}"
    done = user.hptui("run", str(EXAMPLES / "argparse.toml"), "-n", "2", env={"PATH": f"{python}:/usr/bin:/bin"})

    trials = user.show("argparse")["trials"]
    assert done.status == 0, done
    assert [(t["state"], t["step"]) for t in trials] == [("COMPLETE", 20)] * 2


def test_the_failing_study_ends_and_names_every_cause(user):
    done = user.hptui("run", str(EXAMPLES / "failing.toml"), timeout=120)

    causes = {t["params"]["how"]: (t["state"], t["cause"]) for t in user.show("failing")["trials"]}
    assert done.status == 0
    assert causes == {
        "fine": ("COMPLETE", None),
        "noise": ("COMPLETE", None),
        "none": ("COMPLETE", None),
        "raise": ("FAIL", "crash"),
        "exit": ("FAIL", "crash"),
        "segfault": ("FAIL", "crash"),
        "nan": ("FAIL", "nan"),
        "out of memory": ("FAIL", "oom"),
        "hang": ("FAIL", "timeout"),
    }
