"""The real NVML bindings against a stub driver: no GPU needed, a C compiler is."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from fake_driver import SOURCE, Machine


@pytest.fixture(scope="session")
def build_library(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A folder with a libnvidia-ml.so.1 built with these macros defined."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler (cc) to build the stub NVML with")

    def build(*macros: str) -> Path:
        folder = tmp_path_factory.mktemp("nvml")
        output = folder / "libnvidia-ml.so.1"
        defines = [f"-D{macro}" for macro in macros]
        subprocess.run([compiler, "-shared", "-fPIC", *defines, "-o", str(output), str(SOURCE)], check=True)
        return folder

    return build


@pytest.fixture(scope="session")
def whole_library(build_library: Callable[..., Path]) -> Path:
    return build_library()


@pytest.fixture
def machine(whole_library: Path, tmp_path: Path) -> Machine:
    return Machine(whole_library, tmp_path / "gpus")
