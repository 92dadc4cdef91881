"""What `python -m bench.card` says where it can't measure. That it measures is seen by `--rehearse`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from fake_driver import Machine

ROOT = Path(__file__).parents[2]


def test_without_a_gpu_nothing_is_measured_and_one_line_says_why(machine: Machine) -> None:
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("CUDA_", "FAKE_"))}

    environ = clean | machine.env(2, CUDA_VISIBLE_DEVICES="-1")
    done = subprocess.run([sys.executable, "-m", "bench.card"], cwd=ROOT, env=environ, capture_output=True, text=True)

    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("bench.card: ") and line.endswith("CUDA_VISIBLE_DEVICES=-1 leaves no GPU")
