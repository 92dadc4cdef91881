"""Machines with pretended GPUs: the stub driver over a ledger that trials allocate from. Real schedulers and trials."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from real_sessions import session

__all__ = ["pretended", "session", "stub_library"]
HERE = Path(__file__).parent
STUB = HERE.parent / "devices" / "fake_nvml.c"


@pytest.fixture(scope="session")
def stub_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler (cc) to build the stub NVML with")
    folder = tmp_path_factory.mktemp("nvml")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", folder / "libnvidia-ml.so.1", STUB], check=True)
    return folder


@pytest.fixture
def pretended(
    stub_library: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Path]:
    """`pretended(gpus=1, total_mib=8192)`: from now on this machine has such GPUs. Returns their ledger."""

    def make(gpus: int = 1, total_mib: int = 8192, **more: str) -> Path:
        ledger = tmp_path / "ledger"
        ledger.mkdir(exist_ok=True)
        environ = {
            "LD_LIBRARY_PATH": str(stub_library), "FAKE_GPUS": str(gpus), "FAKE_TOTAL_MIB": str(total_mib),
            "FAKE_GPU_LEDGER": str(ledger), "FAKE_NVML_STATE": str(tmp_path / "gpus"), "PYTHONPATH": str(HERE), **more,
        }  # fmt: skip
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        return ledger

    return make
