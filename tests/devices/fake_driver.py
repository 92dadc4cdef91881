"""A stub NVML, its GPUs' state, and processes that ask it through the real bindings."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SOURCE = Path(__file__).parent / "fake_nvml.c"
UUID = "GPU-fa4e0000-0000-0000-0000-00000000000{}".format
MIG_UUID = "MIG-fa4e0000-0000-0000-0000-0000000000{}{}".format


def python(code: str, env: dict[str, str]) -> Any:
    """What `code`, run in a process of its own with NVML as `env` has it, leaves in `answer`."""
    script = f"import pickle, sys\n{code}\nsys.stdout.buffer.write(pickle.dumps(answer))"
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("CUDA_", "FAKE_"))}
    done = subprocess.run([sys.executable, "-c", script], env=clean | env, capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return pickle.loads(done.stdout)


@dataclass(frozen=True)
class Machine:
    """A fake driver with GPUs whose state is a file."""

    library: Path
    state: Path

    def set(self, *gpus: str) -> None:
        """One line per GPU: used_mib util temp pid pid_mib lost total_mib mode mig. Replaced at once."""
        new = self.state.with_suffix(".new")
        new.write_text("".join(f"{line}\n" for line in gpus))
        new.rename(self.state)

    def env(self, gpus: int, **more: str) -> dict[str, str]:
        fake = {"FAKE_GPUS": str(gpus), "FAKE_NVML_STATE": str(self.state)}
        return {"LD_LIBRARY_PATH": str(self.library), **fake, **more}
