"""Samplers and pruners of other distributions: a throwaway one is really installed, by pip, into a folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROJECT = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "corner-search"
version = "1.2"
[tool.setuptools]
py-modules = ["corner_search"]
[project.entry-points."hptui.samplers"]
corner = "corner_search:Corner"
absent = "corner_search_gone:Sampler"
shapeless = "corner_search:helper"
random = "corner_search:Corner"
[project.entry-points."hptui.pruners"]
first_step = "corner_search:FirstStep"
"""

MODULE = '''
from dataclasses import dataclass, field
from hptui.core.search.protocol import Proposal, Stop
from hptui.core.study.milestones import Every
import numpy as np


@dataclass(frozen=True)
class Corner:
    """One corner of the space after another."""

    space: object
    seed: int
    grows: bool = False
    inset: float = field(default=0.0, metadata={"meaning": "how far from the walls", "low": 0.0, "high": 0.5})

    def ask(self, history, number):
        bits = [(number >> i) & 1 for i in range(self.space.dim)]
        return Proposal(np.abs(np.array(bits, float) - self.inset), f"corner {number}")


@dataclass(frozen=True)
class FirstStep:
    """Stop every trial at its first report."""

    sign: float = 1.0
    max_steps: int | None = None

    def milestones(self):
        return Every()

    def judge(self, curve, others):
        return Stop("it has reported")


def helper():
    pass
'''

STUDY = """
[objective]
script = "train.py"
[space]
x = {{type = "float", low = 0.0, high = 10.0}}
[sampler]
name = "{sampler}"
inset = {inset}
[pruner]
name = "first_step"
[budget]
n_trials = 2
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("other")
    (folder / "source").mkdir()
    (folder / "source" / "pyproject.toml").write_text(PROJECT)
    (folder / "source" / "corner_search.py").write_text(MODULE)
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--target", str(folder / "site"), str(folder / "source")], check=True, timeout=120)
    return folder


def hptui(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "HPTUI_HOME": str(folder / "home"), "PYTHONPATH": str(folder / "site")}
    command = [sys.executable, "-m", "hptui", *args]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60)


def test_what_others_bring_is_listed_and_what_is_broken_is_said(folder: Path) -> None:
    done = hptui(folder, "samplers", "--json")

    listed: dict[str, Any] = {each["name"]: each for each in json.loads(done.stdout)}
    assert done.returncode == 0
    assert listed["corner"]["line"] == "One corner of the space after another"
    assert listed["corner"]["when"] == "as corner-search 1.2 says"
    assert listed["corner"]["options"] == [
        {"name": "inset", "meaning": "how far from the walls", "asked": "a number from 0 to 0.5", "default": 0.0}
    ]
    assert "absent" not in listed and listed["random"]["line"].startswith("independent uniform draws")
    assert "sampler absent of corner-search 1.2 is broken: it can't be imported: ModuleNotFoundError" in done.stderr
    assert "corner_search:helper is no dataclass that is a sampler, and lacks ask" in done.stderr
    assert "another distribution's random is not used: that name is ours" in done.stderr


def test_a_study_uses_them_like_our_own(folder: Path) -> None:
    (folder / "train.py").write_text("def objective(trial):\n    trial.report(1.0, 0)\n    return trial.params['x']\n")
    (folder / "study.toml").write_text(STUDY.format(sampler="corner", inset=0.25))

    done = hptui(folder, "run", "study.toml", "--headless")
    shown = json.loads(hptui(folder, "show", "--json").stdout)

    assert done.returncode in (0, 3), done
    trials = sorted((t["params"]["x"], t["proposal"]) for t in shown["trials"])
    assert trials == [(2.5, "corner 0"), (7.5, "corner 1")]


@pytest.mark.parametrize(
    ("sampler", "inset", "said"),
    [
        ("corner", 0.7, "sampler.inset: 0.7 is not a number from 0 to 0.5"),
        ("corners", 0.1, 'there is no sampler "corners"\n    hint: did you mean "corner"?'),
        ("absent", 0.1, "sampler absent of corner-search 1.2 is broken: it can't be imported"),
    ],
)
def test_what_is_wrong_with_such_a_choice_is_said(folder: Path, sampler: str, inset: float, said: str) -> None:
    (folder / "train.py").write_text("def objective(trial):\n    return 1.0\n")
    (folder / "wrong.toml").write_text(STUDY.format(sampler=sampler, inset=inset))

    done = hptui(folder, "check", "wrong.toml")

    assert done.returncode == 2
    assert said in done.stderr
