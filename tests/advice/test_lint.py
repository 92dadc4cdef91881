"""Each rule on the smallest study that breaks it, and on one that does not."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from hptui.core.advice.finding import Edit
from hptui.core.advice.following import followed
from hptui.core.advice.lint import lint
from hptui.core.advice.rewrite import rewrite
from hptui.core.space.roles import Role, role_of
from hptui.core.study.file import load_study
from hptui.core.study.study import Study

LR = 'lr = {type = "float", low = 1e-5, high = 0.1, log = true, default = 1e-3}'
HEAD = '[objective]\ncommand = "train"\n[space]\n'


def study_of(space: str, rest: str = "") -> Study:
    return load_study(f"{rest}\n{HEAD}{space}\n", where="s.toml", folder=None)


def rules(space: str, rest: str = "") -> set[str]:
    return {finding.rule for finding in lint(study_of(space, rest))}


TRIALS = "budget = {n_trials = 40, max_steps = 30}"

CASES: list[tuple[str, tuple[str, str], tuple[str, str]]] = [
    # rule, (space, rest) that breaks it, (space, rest) that does not
    ("linear-where-log-belongs", ('lr = {type = "float", low = 1e-4, high = 0.1}', ""), (LR, "")),
    (
        "linear-where-log-belongs",
        ('weight_decay = {type = "float", low = 0.0, high = 0.1}', ""),
        ('momentum = {type = "float", low = 0.0, high = 0.99}', ""),
    ),
    ("narrow-learning-rate", ('lr = {type = "float", low = 5e-3, high = 1e-2, log = true}', ""), (LR, "")),
    (
        "learning-rate-off",
        ('lr = {type = "float", low = 0.1, high = 10.0, log = true}\noptimizer = ["adam", "adamw"]', ""),
        ('lr = {type = "float", low = 0.01, high = 1.0, log = true}\noptimizer = ["sgd"]', ""),
    ),
    ("wide-dropout", ('dropout = {type = "float", low = 0.0, high = 0.9}', ""), ("dropout = [0.0, 0.3, 0.6]", "")),
    ("batch-size-alone", ("batch_size = [32, 64]", ""), (f"batch_size = [32, 64]\n{LR}", "")),
    (
        "coupled-weight-decay",
        (f'optimizer = ["sgd", "adam"]\n{LR}\nwd = {{type = "float", low = 1e-5, high = 0.1, log = true}}', ""),
        (
            'optimizer = ["sgd", "adam"]\n'
            'wd = {type = "float", low = 1e-5, high = 0.1, log = true, when = {optimizer = "sgd"}}',
            "",
        ),
    ),
    ("grid-explosion", ("a = [1,2,3,4,5]\nb = [1,2,3,4,5]\nc = [1,2,3,4,5]", 'sampler = "grid"'),
     ("a = [1,2,3,4,5]\nb = [1,2,3,4,5]", 'sampler = "grid"')),
    ("steps-searched", ('epochs = {type = "int", low = 5, high = 50}', ""), (LR, "budget = {max_steps = 50}")),
    ("seed-searched", ("seed = [0, 1, 2]", ""), (LR, "")),
    (
        "too-many-parameters",
        ("a = [1, 2]\nb = [1, 2]\nc = [1, 2]\nd = [1, 2]\ne = [1, 2]", TRIALS),
        ("a = [1, 2]\nb = [1, 2]\nc = [1, 2]\nd = [1, 2]", TRIALS),
    ),
    ("no-baseline", ("a = [1, 2]", ""), (LR, "")),
    ("learning-rate-first", ("dropout = [0.0, 0.3]", ""), ("max_depth = [3, 6, 9]", "")),
    ("learning-rate-first", (f'optimizer = ["sgd", "adam"]\n{LR}', 'round = {fixed = ["lr"]}'),
     ('optimizer = ["sgd", "adam"]\nlr_adam = [1e-3, 1e-2, 1e-1]', "")),
    ("shared-learning-rate", (f'{LR}\noptimizer = ["sgd", "adam"]', ""), (f'{LR}\noptimizer = ["adam", "adamw"]', "")),
    ("log-where-linear-belongs", ('dropout = {type = "float", low = 0.01, high = 0.5, log = true}', ""),
     ('momentum = {type = "float", low = 0.5, high = 0.9, log = true}', "")),
    ("odd-batch-sizes", (f"batch_size = [32, 100]\n{LR}", ""), (f"batch_size = [4, 6, 64, 96]\n{LR}", "")),
    ("odd-batch-sizes", (f'bs = {{type = "int", low = 16, high = 256, default = 50}}\n{LR}', ""),
     (f'bs = {{type = "int", low = 16, high = 256, step = 16}}\n{LR}', "")),
    ("unfair-comparison",
     (f'optimizer = ["sgd", "adam"]\n{LR}', 'round = {scientific = ["optimizer"], fixed = ["lr"]}'),
     (f'optimizer = ["sgd", "adam"]\n{LR}', 'round = {scientific = ["optimizer"]}')),
    ("thin-comparison", (f"a = [1, 2]\n{LR}", 'budget = {n_trials = 19}\nround = {scientific = ["a"]}'),
     (f"a = [1, 2]\n{LR}", 'budget = {n_trials = 20}\nround = {scientific = ["a"]}')),
    ("adaptive-comparison", (f"a = [1, 2]\n{LR}", 'round = {scientific = ["a"]}'),
     (f"a = [1, 2]\n{LR}", 'sampler = "quasi_random"\nround = {scientific = ["a"]}')),
    ("several-questions", ("a = [1, 2]\nb = [1, 2]\nc = [1, 2]", 'round = {scientific = ["a", "b", "c"]}'),
     ("a = [1, 2]\nb = [1, 2]\nc = [1, 2]", 'round = {scientific = ["a", "b"]}')),
    ("stops-too-early", (LR, "stop = {same_best_for = 8}"), (LR, "stop = {same_best_for = 20}")),
    ("every-trial-in-full", (LR, TRIALS + '\npruner = "none"'), (LR, TRIALS + '\npruner = "median"')),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "breaks", "keeps"), CASES, ids=[case[0] for case in CASES])
def test_a_rule_speaks_where_it_is_broken_and_nowhere_else(
    rule: str, breaks: tuple[str, str], keeps: tuple[str, str]
) -> None:
    assert rule in rules(*breaks)
    assert rule not in rules(*keeps)


def test_a_sound_study_is_left_alone() -> None:
    space = f'{LR}\nbatch_size = {{type = "categorical", choices = [32, 64], default = 32}}'

    assert lint(study_of(space, TRIALS + '\npruner = "median"')) == []


def test_a_space_that_defines_itself_is_not_judged() -> None:
    text = '[objective]\nscript = "train.py"\n'

    assert lint(load_study(text, where="s.toml", folder=None)) == []


def test_advice_is_said_with_its_numbers() -> None:
    found = {f.rule: f for f in lint(study_of('lr = {type = "float", low = 5e-3, high = 1e-2, log = true}'))}

    narrow = found["narrow-learning-rate"]
    assert narrow.says == "lr covers a factor of 2 (0.005 to 0.01), less than one decade"
    assert narrow.edits == (
        Edit(("space", "lr", "low"), 1e-5), Edit(("space", "lr", "high"), 0.1), Edit(("space", "lr", "log"), True),
    )  # fmt: skip


def test_a_grid_that_is_too_large_says_how_many_days_it_takes() -> None:
    study = study_of("a = [1,2,3,4,5]\nb = [1,2,3,4,5]\nc = [1,2,3,4,5]", 'sampler = "grid"')

    (grid,) = [f for f in lint(study, trial_s=1800) if f.rule == "grid-explosion"]

    assert grid.says == "the grid has up to 125 points over 3 parameters, 2.6 days at 1800 s each"


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_advice_that_is_taken_is_not_given_again(case: tuple[str, tuple[str, str], tuple[str, str]]) -> None:
    rule, (space, rest), _ = case
    text = f"{rest}\n# kept\n{HEAD}{space}\n"
    edits = [edit for f in lint(load_study(text, where="s.toml", folder=None)) if f.rule == rule for edit in f.edits]
    if not edits:
        return

    new = rewrite(text, edits)

    if "[space]\n" + space == new[new.index("[space]") :].strip() or not msgspec.toml.decode(new)["space"]:
        return  # the only parameter was taken out: nothing is left to read
    assert rule not in {finding.rule for finding in lint(load_study(new, where="s.toml", folder=None))}
    assert "# kept" in new


@pytest.mark.parametrize(
    ("text", "edit", "value"),
    [
        ('sampler = "random"', Edit(("sampler", "n"), 3), {"n": 3}),
        ('[sampler]\nname = "grid"\npoints = 4', Edit(("sampler",), "auto"), {"name": "auto"}),
        ("", Edit(("sampler",), "auto"), "auto"),
    ],
)
def test_short_spellings_are_changed_as_what_they_stand_for(text: str, edit: Edit, value: Any) -> None:
    read = msgspec.toml.decode(rewrite(f"{text}\n[objective]\ncommand = 'x'\n", [edit]))

    assert read["sampler"] == value
    assert read["objective"] == {"command": "x"}


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("lr", Role.LEARNING_RATE), ("model.learningRate", Role.LEARNING_RATE), ("base_lr", Role.LEARNING_RATE),
        ("lr_schedule", Role.SCHEDULE), ("batch-size", Role.BATCH_SIZE), ("bs", Role.BATCH_SIZE),
        ("n_epochs", Role.STEPS), ("max_steps", Role.STEPS), ("warmup_steps", Role.WARMUP), ("seed", Role.SEED),
        ("weight_decay", Role.WEIGHT_DECAY), ("beta2", Role.MOMENTUM), ("dropout_rate", Role.DROPOUT),
        ("hidden_units", Role.WIDTH), ("adam_eps", Role.EPSILON), ("max_grad_norm", Role.CLIPPING),
        ("activation", Role.ACTIVATION), ("optimizer", Role.OPTIMIZER), ("alpha", Role.OTHER),
    ],
)  # fmt: skip
def test_a_name_tells_what_a_parameter_is(name: str, role: Role) -> None:
    assert role_of(name) is role


@pytest.mark.parametrize(
    "space",
    [
        'lr = {type = "float", low = 0.1, high = 0.5, step = 0.1}',
        'lr = {type = "int", low = 1, high = 2, log = true}',
        'dropout = {type = "int", low = 1, high = 3}',
        'lr = [0.1, 0.2, 0.3, 0.4]\nbeta = {type = "float", low = 0.0, high = 0.9, when = {lr = [0.1]}}',
    ],
)
def test_a_study_that_takes_any_advice_can_be_read(space: str) -> None:
    text = f"{HEAD}{space}\n"
    edits = [edit for finding in lint(load_study(text, where="s.toml", folder=None)) for edit in finding.edits]

    load_study(rewrite(text, followed(text, edits)), where="s.toml", folder=None)
