"""With the real torch: it takes seconds to import, so one server does all."""

from __future__ import annotations

from pathlib import Path

from worker_standin import Standin

from hptui.core.wire.request import Ready
from hptui.core.wire.spool import Attr

SCRIPT = """
import sys
import numpy as np
import torch
import hptui

def load_data():
    return torch.randn(4000, 500) @ torch.randn(500, 64)  # threads, were they not kept away

def objective(trial):
    trial.set_user_attr("preloaded", "torch._dynamo" in sys.modules)
    trial.set_user_attr("draw", torch.rand(1).item())
    trial.set_user_attr("threads", torch.get_num_threads())
    data = trial.shared
    model = torch.nn.Linear(64, 1).to(trial.device)
    optimizer = torch.optim.Adam(model.parameters(), lr=trial.params["lr"])
    state = trial.checkpoint.load()
    if state is not None:
        model.load_state_dict(state["model"])
        trial.set_user_attr("loaded", True)
    for step in range(3):
        loss = (model(data) ** 2).mean()
        optimizer.zero_grad(); loss.backward(); optimizer.step()
        trial.report(loss, torch.tensor(step))
    trial.checkpoint.save({"model": model.state_dict()})
    return loss
"""


def test_torch_trains_in_forked_trials_on_shared_data(standin: Standin, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(SCRIPT)
    ready = standin.boot(script, shared="load_data", function="objective")
    assert isinstance(ready, Ready)
    assert (ready.level, ready.shared, ready.torch, ready.reason) == ("script", True, True, "")

    starts = [standin.request(n, {"lr": 0.1}, seed=seed, threads=2) for n, seed in enumerate((1, 1, 2))]
    pids = [standin.start(start).pid for start in starts]
    assert [standin.exited(pid) for pid in pids] == [0, 0, 0], standin.log()
    standin.run(standin.request(0, {"lr": 0.1}, threads=2))

    first, again, other = ({a.key: a.value for a in standin.of(Attr, n)} for n in range(3))
    assert first["threads"] == again["threads"] == 2 and first["preloaded"]
    assert again["draw"] == first["draw"] != other["draw"]
    assert first["loaded"] and "loaded" not in again
    assert (standin.trial(0).checkpoints / "last.pt").exists()
