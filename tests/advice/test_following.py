"""What follows from an edit of a study's space, so that the study can be read again."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hptui.core.advice.finding import Edit
from hptui.core.advice.following import followed
from hptui.core.advice.rewrite import rewrite
from hptui.core.study.file import load_study

SPACE = """
[space]
lr = {type = "float", low = 0.0, high = 1.0, default = 0.0, prior = {center = 0.5}}
batch = {type = "int", low = 1, high = 100, default = 50}
optimizer = {type = "categorical", choices = ["sgd", "adam"], default = "sgd"}
momentum = {type = "float", low = 0.0, high = 0.9, when = {optimizer = ["sgd"]}, default = 0.5}
narrow = {type = "float", low = 0.0, high = 1.0, when = {batch = [7]}}
below = {type = "float", low = 0.0, high = 1.0, when = {batch = [7, 16]}}
[round]
nuisance = ["optimizer", "lr"]
[[enqueue]]
lr = 0.9
batch = 7
optimizer = "adam"
narrow = 0.1
below = 0.2
[[enqueue]]
batch = 99
"""
HEAD = 'metric = "loss"\n[objective]\ncommand = "x {lr}"\n[budget]\nn_trials = 3\n'
POWERS = {"type": "categorical", "choices": [16, 32, 64], "default": 32}


@pytest.mark.parametrize(
    ("edits", "key", "expected"),
    [
        ([Edit(("space", "lr", "low"), 0.1), Edit(("space", "lr", "high"), 0.4)], ("space", "lr", "default"), 0.1),
        ([Edit(("space", "lr", "high"), 0.4)], ("space", "lr", "prior", "center"), 0.4),
        ([Edit(("space", "lr", "high"), 0.4)], ("enqueue",), [
            {"lr": 0.4, "batch": 7, "optimizer": "adam", "narrow": 0.1, "below": 0.2}, {"batch": 99}]),
        ([Edit(("space", "optimizer"), None)], ("space", "momentum", "when"), None),
        ([Edit(("space", "optimizer"), None)], ("round", "nuisance"), ["lr"]),
        ([Edit(("space", "batch"), POWERS)], ("space", "narrow"), None),
        ([Edit(("space", "batch"), POWERS)], ("space", "below", "when"), {"batch": [16]}),
        ([Edit(("space", "batch"), POWERS)], ("enqueue",), [
            {"lr": 0.9, "batch": 16, "optimizer": "adam", "below": 0.2}, {"batch": 64}]),
        ([Edit(("space", "optimizer"), {"type": "categorical", "choices": ["adam"]})], ("enqueue",), [
            {"lr": 0.9, "batch": 7, "optimizer": "adam", "narrow": 0.1, "below": 0.2}]),  # the other one lacks it now
        ([Edit(("space", "batch"), {"type": "float", "low": 1.0, "high": 99.0})], ("space", "below", "when"), None),
        ([Edit(("budget", "n_trials"), 9)], ("budget", "n_trials"), 9),
    ],
)  # fmt: skip
def test_what_does_not_fit_an_edit_follows_it(edits: list[Edit], key: tuple[str, ...], expected: Any) -> None:
    text = HEAD + SPACE
    load_study(text, where="s.toml", folder=None)

    made = rewrite(text, all_of := followed(text, edits))

    load_study(made, where="s.toml", folder=None)
    found: Any = msgspec.toml.decode(made)
    for part in key:
        found = found.get(part) if found is not None else None
    assert found == expected
    assert followed(text, all_of) == all_of and all_of[: len(edits)] == edits
