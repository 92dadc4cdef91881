"""A training that decides by itself: what it decided is in the ledger and beside its curves."""

from __future__ import annotations

import csv
from pathlib import Path

STUDY = Path(__file__).resolve().parents[2] / "examples" / "guarded.toml"


def test_what_controller_monitor_and_guard_decide_is_told(user):
    assert user.hptui("run", str(STUDY), "-n", "3", "--pruner", "none", timeout=240).status == 0

    diverged, cut, overfit = user.show("guarded")["trials"]
    events = list(csv.DictReader(user.hptui("export", "guarded", "--what", "events").out.splitlines()))
    told = {n: [e["reason"] for e in events if e["kind"] == "told" and e["trial"] == str(n)] for n in range(3)}
    rows = list(csv.DictReader(user.hptui("export", "guarded", "--what", "metrics").out.splitlines()))
    curves = {(int(r["trial"]), r["metric"]): [] for r in rows}
    for row in rows:
        curves[int(row["trial"]), row["metric"]].append(float(row["value"]))

    assert (diverged["state"], diverged["cause"]) == ("FAIL", "nan")
    assert "the loss is " in diverged["reason"] and " times the lowest" in diverged["reason"]

    assert cut["state"] == "COMPLETE"
    assert any(line.startswith("learning rate 3 -> 0.9 at step 2 (spike): the loss jumped to ") for line in told[1])
    assert len([line for line in told[1] if line.startswith("learning rate")]) == curves[1, "lr_changes"][-1]
    assert curves[1, "lr"][-1] < 3.0 == curves[1, "lr"][0]

    assert overfit["state"] == "COMPLETE"
    assert sum(line.startswith("overfits: validation was best, ") for line in told[2]) == 1
    assert overfit["value"] == min(curves[2, "val_loss"]) == curves[2, "val_loss"][overfit["attrs"]["best_epoch"]]
    assert curves[2, "gap"][-1] > curves[2, "gap"][0]
