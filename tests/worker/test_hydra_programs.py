"""A program of Hydra as an objective: `command = "python train.py {overrides}"`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hptui.core.worker.arguments import command_line

PARAMS: dict[str, Any] = {"optimizer.lr": 1e-3, "model": "big", "note": "it's {x}, \\'", "shape": [1, 2], "fast": True,
                          "word": "true", "rest": None}  # fmt: skip
PLACES = {"trial": "7", "seed": "3"}

TRAIN = """
import hydra, json
from omegaconf import OmegaConf
@hydra.main(config_path="conf", config_name="config", version_base=None)
def main(cfg):
    print(json.dumps(OmegaConf.to_container(cfg)))
main()
"""


def words(*command: str, arguments: str = "flags") -> list[str]:
    return command_line(command, arguments, PARAMS, PLACES, "params.json")


@pytest.mark.parametrize("arguments", ["flags", "placeholders", "json"])
def test_a_word_for_overrides_becomes_a_word_for_each_parameter_and_nothing_is_appended(arguments: str) -> None:
    got = words("train", "{overrides}", "hydra.run.dir=runs/{trial}", arguments=arguments)

    assert (got[:3], got[-1]) == (["train", "optimizer.lr=0.001", "model=big"], "hydra.run.dir=runs/7")
    assert got[4:-1] == ["shape=[1,2]", "fast=true", "word='true'", "rest=null"]


def test_only_a_whole_word_is_for_overrides() -> None:
    assert words("train", "x{overrides}")[:3] == ["train", "x{overrides}", "--optimizer.lr"]


def test_hydra_itself_reads_them_as_the_values_that_they_were(tmp_path: Path) -> None:
    pytest.importorskip("hydra", reason="pip install hydra-core")
    (tmp_path / "train.py").write_text(TRAIN)
    (tmp_path / "conf" / "model").mkdir(parents=True)
    (tmp_path / "conf" / "model" / "small.yaml").write_text("width: 2\n")
    (tmp_path / "conf" / "model" / "big.yaml").write_text("width: 64\n")
    values = "note: '', shape: [], fast: false, word: '', rest: 1, optimizer: {lr: 0.1}"
    (tmp_path / "conf" / "config.yaml").write_text(f"{{defaults: [_self_, {{model: small}}], {values}}}")
    command = words(sys.executable, "train.py", "{overrides}", "hydra.run.dir=runs/{trial}")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr

    expected = {key: value for key, value in PARAMS.items() if "." not in key}
    assert json.loads(done.stdout) == {**expected, "model": {"width": 64}, "optimizer": {"lr": 1e-3}}
    assert (tmp_path / "runs" / "7" / ".hydra" / "overrides.yaml").exists()
