"""One real, finished session, shared by all that read it."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

import hptui

SCRIPT = """
def objective(trial):
    x = trial.params["x"]
    if trial.number == 3:
        raise ValueError("not this one")
    for step in range(3):
        trial.report((x - 1) ** 2 + 1 / (step + 1), step, accuracy=step / 3)
    return (x - 1) ** 2
"""


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[hptui.Session]:
    """Six trials of a quadratic, started by `hptui.run`; trial 3 has failed."""
    folder: Path = tmp_path_factory.mktemp("api")
    script = folder / "quadratic.py"
    script.write_text(textwrap.dedent(SCRIPT))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HPTUI_HOME", str(folder / "home"))
        patch.chdir(folder)
        space = {"x": hptui.Float(low=-5, high=5), "layer": ["wide", "deep"]}
        yield hptui.run("quadratic.py:objective", space, n_trials=6, max_steps=3, devices="none", slots=2, seed=1)
        assert os.environ["HPTUI_HOME"] == str(folder / "home")
