"""Blocks of parameters: what a set of presets comes to, and how it gets into a study file."""

from __future__ import annotations

import pytest

from hptui.core.advice.draft import draft
from hptui.core.advice.draft_text import study_text
from hptui.core.advice.lint import lint
from hptui.core.advice.presets import PRESETS, compose, conditions_kept, names_of
from hptui.core.errors import StudyError
from hptui.core.search.catalog import check
from hptui.core.space.space import Space
from hptui.core.study.file import load_study
from hptui.core.study.script import read_script
from hptui.core.study.short import from_short, to_short
from hptui.core.study.study import Study

OBJECTIVE = """
def objective(trial):
    p = trial.params
    width = trial.suggest_int("width", 4, 64, log=True)
    if p["lr"] > 1:
        depth = trial.suggest_int("depth", 1, width)
    return 0.0
"""


def study_of(source: str, *presets: str) -> Study:
    text = study_text(draft("train.py", read_script(source), presets))
    return load_study(text, where="train.toml", folder=None, check_choice=check)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_a_sound_space_with_a_baseline(name: str) -> None:
    block = compose([name])
    space = Space.parse({**block.space, **block.kept})

    assert set(space.defaults()) <= set(space.parameters)
    assert all("default" in definition for definition in (*block.space.values(), *block.kept.values()))


def test_no_preset_breaks_a_rule_of_ours() -> None:
    for names in (*((name,) for name in PRESETS), tuple(PRESETS)):
        study = study_of("def objective(trial):\n    return 0.0\n", *names)
        alone = {"learning-rate-first"} if not any(PRESETS[name].group == "optimizer" for name in names) else set()
        assert {finding.rule for finding in lint(study)} <= {"too-many-parameters"} | alone, names


def test_several_optimizers_have_rates_of_their_own_and_share_what_means_the_same() -> None:
    space = compose(["momentum", "nesterov", "adamw"]).space

    assert space["optimizer"] == {
        "type": "categorical", "choices": ["momentum", "nesterov", "adamw"], "default": "momentum"
    }  # fmt: skip
    assert {name: definition["when"]["optimizer"] for name, definition in space.items() if "when" in definition} == {
        "momentum_lr": ["momentum"], "momentum_weight_decay": ["momentum"],
        "nesterov_lr": ["nesterov"], "nesterov_weight_decay": ["nesterov"],
        "adamw_lr": ["adamw"], "adamw_weight_decay": ["adamw"],
        "momentum": ["momentum", "nesterov"],
    }  # fmt: skip


def test_units_exist_for_as_many_layers_as_there_are() -> None:
    space = Space.parse(compose(["layers"]).space)

    for layers in range(1, 5):
        params = {"layers": layers, **{f"units_{k}": 32 for k in range(1, layers + 1)}}
        assert space.values(space.point(params)) == params


def test_names_are_split_and_a_wrong_one_is_told_with_the_nearest() -> None:
    assert names_of("adamw, cosine regularisation,dropout") == (
        "adamw", "cosine", "dropout", "label_smoothing", "clipping"
    )  # fmt: skip
    with pytest.raises(StudyError, match="cosine") as wrong:
        names_of("adamw,cosin")
    assert 'there is no preset "cosin"' in str(wrong.value)


def test_presets_complete_the_space_of_a_function() -> None:
    text = study_text(draft("train.py", read_script(OBJECTIVE), ("adamw", "cosine")))
    study = load_study(text, where="train.toml", folder=None, check_choice=check)

    assert list(study.space) == [
        "optimizer", "lr", "weight_decay", "schedule", "warmup_share", "final_share", "width",
    ]  # fmt: skip
    assert "# optimizer = build_optimizer(model, trial.params)" in text.replace("#   ", "# ")
    assert "#   depth: line 6: its range is computed, and beside presets it needs a range" in text
    assert '# depth = { type = "float", low = , high = }' in text
    assert "# beta1 = {" in text


def test_a_program_gets_what_it_has_flags_for() -> None:
    flags = """
import argparse
p = argparse.ArgumentParser()
p.add_argument("--lr", type=float, default=0.02)
p.add_argument("--weight-decay", type=float, default=5.0)
p.add_argument("--optimizer", choices=["adam", "adamw", "lion"], default="adam")
"""
    found = draft("train.py", read_script(flags), ("adamw", "dropout"))

    assert {name: (d.get("low"), d["default"]) for name, d in found.space.items()} == {
        "optimizer": (None, "adamw"), "lr": (1e-5, 1e-3), "weight-decay": (1e-4, 0.01),
    }  # fmt: skip
    assert found.left == {"dropout": "of a preset; the script has no flag --dropout"}


def test_conditions_stay_as_far_as_they_can_still_hold() -> None:
    before = compose(["sgd", "adam", "layers"]).space
    typed = {name: {k: v for k, v in d.items() if k != "when"} for name, d in before.items()}
    typed["optimizer"] = {"type": "categorical", "choices": ["adam"]}
    typed["layers"] = {"type": "int", "low": 1, "high": 2}

    kept = conditions_kept(typed, before)

    assert set(before) - set(kept) == {"sgd_lr", "sgd_weight_decay", "units_3", "units_4"}
    assert kept["adam_lr"]["when"] == {"optimizer": ["adam"]}
    assert kept["units_2"]["when"] == {"layers": [2]}
    Space.parse(kept)


def test_every_preset_survives_the_form() -> None:
    """The form has a line of text for each parameter, and keeps conditions beside it."""
    for name in PRESETS:
        space = compose([name, "sgd", "cosine"]).space
        typed = {parameter: from_short(to_short(definition)) for parameter, definition in space.items()}
        kept = conditions_kept(typed, space)
        assert Space.parse(kept).definitions().keys() == Space.parse(space).definitions().keys()
        assert Space.parse(kept).defaults() == Space.parse(space).defaults()
