"""Pretended GPUs for the measuring itself: the stub NVML, memory that is a ledger, a stand-in for cuda.core."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from bench.card.card import ROOT

TESTS = ROOT / "tests"


def pretend(folder: Path) -> None:
    """From now on this machine has two GPUs of 8 GiB, for this process and those it starts."""
    package = folder / "cuda" / "core"
    package.mkdir(parents=True)
    (folder / "cuda" / "__init__.py").touch()
    (package / "__init__.py").touch()
    shutil.copy(TESTS / "devices" / "fake_checkpoint.py", package / "checkpoint.py")
    (folder / "ledger").mkdir()
    library = folder / "libnvidia-ml.so.1"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, TESTS / "devices" / "fake_nvml.c"], check=True)
    os.environ |= {
        "LD_LIBRARY_PATH": str(folder), "FAKE_GPUS": "2", "FAKE_TOTAL_MIB": "8192", "CARD_DEVICE": "cpu",
        "FAKE_GPU_LEDGER": str(folder / "ledger"), "FAKE_NVML_STATE": str(folder / "gpus"),
        "STAND_IN": str(folder), "HPTUI_LEASES": str(folder / "leases"),
        "PYTHONPATH": os.pathsep.join((str(folder), str(TESTS / "packing"), str(ROOT))),
    }  # fmt: skip
    os.environ.pop("CUDA_VISIBLE_DEVICES", None)
