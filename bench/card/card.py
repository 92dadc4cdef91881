"""Sessions on the card, and what the driver says of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from bench.speed.running import Bench
from hptui.core.devices.inventory import Device
from hptui.core.devices.nvml import Absent, GpuReading, Nvml
from hptui.core.store.create import create_session
from hptui.core.store.reader import Reader
from hptui.core.store.rows import TrialRow

ROOT = Path(__file__).resolve().parents[2]

_STUDY = """
name = "{name}"
sampler = "random"
pruner = "none"
[objective]
script = "objectives.py"
function = "{function}"
[space]
x = {{ type = "float", low = 0.0, high = 1.0 }}
[budget]
n_trials = {n_trials}
[resources]
devices = ["{device}"]
{resources}
"""


@dataclass(frozen=True)
class Card(Bench):
    """device: the GPU that is measured. rehearsal: it is pretended, and everything is short."""

    device: Device
    rehearsal: bool = False

    def begin(self, name: str, function: str, n_trials: int, resources: str) -> str:
        """A session on the card that waits for its scheduler; its name."""
        text = _STUDY.format(
            name=name, function=function, n_trials=n_trials, device=self.device.id, resources=resources
        )
        here = str(Path(__file__).parent)
        facts = {
            "name": name, "id": self.session_id(name), "direction": "minimize", "metric": "value",
            "n_trials": n_trials, "script_folder": here, "cwd": here, "created_at": time.time(),
        }  # fmt: skip
        create_session(self.folder(name), text, facts)
        return name

    def trials(self, name: str) -> list[TrialRow]:
        with Reader(self.folder(name)) as reader:
            return list(reader.trials())

    def used_bytes(self) -> int:
        """Of its memory, by everybody. Raises RuntimeError when the driver does not tell."""
        nvml = Nvml.open()
        if isinstance(nvml, Absent):
            raise RuntimeError(nvml.reason)
        try:
            seen = nvml.read(self.device.id)
        finally:
            nvml.close()
        if not isinstance(seen, GpuReading) or seen.memory_used_bytes is None:
            raise RuntimeError(f"the driver does not tell its memory: {seen}")
        return seen.memory_used_bytes
