"""Real PyTorch training under a scheduler: forked with torch imported, paused with its loader workers, never hung."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

Make = Callable[..., Any]

SCRIPT = """
    import time
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    def load_data():
        return torch.arange(4096, dtype=torch.float32).reshape(-1, 1)

    def objective(trial):
        trial.set_user_attr("threads", torch.get_num_threads())
        trial.set_user_attr("draw", torch.rand(()).item())
        model = torch.nn.Linear(1, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=trial.params["lr"])
        loader = DataLoader(
            TensorDataset(trial.shared / 4096), batch_size=16, num_workers=1, timeout=2, persistent_workers=True
        )
        for step, (x,) in enumerate(loader):
            assert torch.equal(x[:, 0] * 4096, torch.arange(step * 16, step * 16 + 16, dtype=torch.float32))
            loss = ((model(x) - 2 * x) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            trial.report(loss.item(), step)
            time.sleep(0.02)
        return loss
"""

STUDY = """
    [objective]
    script = "train.py"
    shared = "load_data"
    [space]
    lr = {type = "float", low = 1e-3, high = 1e-1, log = true}
    [budget]
    n_trials = 2
    [resources]
    slots = 2
    threads = 1
"""


def test_a_loader_with_a_timeout_survives_a_longer_pause(session: Make) -> None:
    s = session(SCRIPT, STUDY)
    s.start()
    s.wait_for(0, "RUNNING")
    s.until(lambda: (s.trials()[0].step or 0) > 3)
    s.wish("pause", 0)
    paused = s.wait_for(0, "PAUSED")
    time.sleep(3.0)  # longer than the loader's timeout: the one thing that only time can show
    s.wish("resume", 0)
    s.finish(patience_s=90)

    trials = s.trials()
    assert [trials[n].state for n in (0, 1)] == ["COMPLETE", "COMPLETE"], [trials[n].reason for n in (0, 1)]
    assert [e.reason for e in s.events("paused")] == ["paused by you"]
    assert paused.step is not None and len(s.reader.curve(0, "value")) == 256
    assert {row.attrs["threads"] for row in trials.values()} == {1}
    assert trials[0].attrs["draw"] != trials[1].attrs["draw"]
    ready = s.events("server")[0].reason
    assert "forked with everything imported" in ready
    s.until(lambda: s.processes() == [], "loader workers were left behind")
