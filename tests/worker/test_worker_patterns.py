"""Numbers in printed lines, and parameters on command lines."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import pytest

from hptui.core.errors import ObjectiveError
from hptui.core.worker.arguments import command_line
from hptui.core.worker.patterns import Found, Reader

EPOCH = r"epoch (?P<step>\d+) val_loss (?P<value>\S+)"


def read(printed: str, *patterns: str, metric: str = "value") -> list[Found]:
    reader = Reader(patterns, metric)
    found = [reader.read(line) for line in printed.splitlines()]
    return [f for f in (*found, reader.rest()) if f is not None]


@pytest.mark.parametrize(
    ("printed", "patterns", "expected"),
    [
        ("hello\nepoch 3 val_loss 0.41\n", [EPOCH], [Found(3, 0.41)]),
        ("hptui: step=3 value=0.5 acc=0.9", [], [Found(3, 0.5, {"acc": 0.9})]),
        ("10%|## | hptui: step=3 value=5e-1", [EPOCH], [Found(3, 0.5)]),
        ("\x1b[2mepoch\x1b[0m 3 val_loss \x1b[32m0.41\x1b[0m", [EPOCH], [Found(3, 0.41)]),
        ("loss: 3\nloss: 2,\nloss: 1%", [r"loss: (?P<value>\S+)"], [Found(0, 3.0), Found(1, 2.0), Found(2, 1.0)]),
        ("epoch 5\nloss 3\nloss 2\nepoch 6\nloss 1", [r"epoch (?P<step>\d+)", r"loss (?P<value>\d+)"],
         [Found(5, 3.0), Found(5, 2.0), Found(6, 1.0)]),
        ("epoch 1 train 0.5\nepoch 1 val 0.7", [r"epoch (?P<step>\d+)", r"train (?P<train>\S+)", r"val (?P<value>\S+)"],
         [Found(1, 0.7, {"train": 0.5})]),
        ("epoch 1 acc 0.5", [r"epoch (?P<step>\d+) acc (?P<acc>\S+)"], [Found(1, None, {"acc": 0.5})]),
        ("epoch 1 val_loss nan", [EPOCH], [Found(1, math.nan)]),
    ],
)  # fmt: skip
def test_lines_are_read_as_reports(printed: str, patterns: list[str], expected: list[Found]) -> None:
    assert repr(read(printed, *patterns)) == repr(expected)


def test_the_metrics_own_name_is_its_value() -> None:
    assert read("hptui: step=1 val_loss=0.5", metric="val_loss") == [Found(1, 0.5)]
    assert read("val_loss 0.5", r"val_loss (?P<val_loss>\S+)", metric="val_loss") == [Found(0, 0.5)]


def test_a_result_is_kept_apart() -> None:
    reader = Reader([r"final (?P<result>\S+)"], "value")

    assert reader.read("final 0.25") is None
    assert reader.result == 0.25


def test_a_match_that_is_no_number_is_told() -> None:
    reader = Reader([r"loss (?P<value>\S+)"], "value")

    assert reader.read("loss function: mse") is None
    assert reader.oddities == ["the pattern's group value matched 'function:', which is not a number"]


def test_a_group_that_never_matches_a_number_is_told_of_once_for_a_program_prints_thousands_of_lines() -> None:
    reader = Reader([r"step (?P<step>\S+): (?P<value>\S+)"], "value")

    found = [reader.read(f"step {k}/900: 0.5") for k in range(3)]

    assert [each and (each.step, each.value) for each in found] == [(0, 0.5), (1, 0.5), (2, 0.5)]
    assert reader.oddities == ["the pattern's group step matched '0/900', which is not a number"]


@pytest.mark.parametrize("pattern", ["(?P<value>", "loss .*"])
def test_a_pattern_that_finds_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(ObjectiveError):
        Reader([pattern], "value")


PARAMS: dict[str, Any] = {
    "lr": 0.01,
    "name": "sgd",
    "fast": True,
    "slow": False,
    "none": None,
    "sizes": [3, 4],
    "shift": -1.0,
}
PLACES = {"trial": "7", "seed": "3", "device": "cuda", "checkpoint_dir": "/c"}


@pytest.mark.parametrize(
    ("command", "arguments", "expected"),
    [
        (["train", "--out={checkpoint_dir}/{trial}"], "flags",
         ["train", "--out=/c/7", "--lr", "0.01", "--name", "sgd", "--fast", "--sizes", "[3, 4]", "--shift=-1.0"]),
        (["train", "lr={lr}", "{name}-{seed}", "${HOME}", '{"a": 1}', "{fast}"], "placeholders",
         ["train", "lr=0.01", "sgd-3", "${HOME}", '{"a": 1}', "true"]),
        (["train", "--config", "{params}"], "json", ["train", "--config", "/p.json"]),
        (["train"], "json", ["train", "/p.json"]),
    ],
)  # fmt: skip
def test_parameters_are_put_on_the_command_line(command: list[str], arguments: str, expected: list[str]) -> None:
    assert command_line(command, arguments, PARAMS, PLACES, "/p.json") == expected


def test_an_unknown_placeholder_offers_the_nearest() -> None:
    with pytest.raises(ObjectiveError) as caught:
        command_line(["{lrr}"], "placeholders", PARAMS, PLACES, "/p.json")

    assert (caught.value.problem, caught.value.hint) == ("{lrr} is no parameter of the study", 'did you mean "lr"?')


def test_the_helper_prints_a_line_that_is_understood_and_imports_nothing_heavy() -> None:
    code = (
        "import sys, hptui\n"
        "hptui.report(step=3, value=0.5, acc=0.9)\n"
        "hptui.report(1)\n"
        "print(hptui.params(lr=0.5))\n"
        "print([m for m in ('numpy', 'torch', 'msgspec') if m in sys.modules])\n"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert printed.splitlines() == ["hptui: step=3 value=0.5 acc=0.9", "hptui: value=1.0", "{'lr': 0.5}", "[]"]
    assert read(printed) == [Found(3, 0.5, {"acc": 0.9}), Found(3, 1.0)]
