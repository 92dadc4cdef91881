"""From the text of a study file to a Study, and what is said of wrong ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hptui.core.errors import StudyError, StudyErrors
from hptui.core.study.file import baseline, load_study
from hptui.core.study.study import Budget, Chosen, Objective, Resources, Study

FULL = """
name = "digits"
direction = "maximize"
metric = "accuracy"
seed = 7

[objective]
script = "train.py"
shared = "load_data"
preload = ["sklearn"]

[space]
optimizer = ["adam", "sgd"]
lr = {type = "float", low = 1e-5, high = 1e-1, log = true}
momentum = {type = "float", low = 0, high = 1, when = {optimizer = "sgd"}, default = 0.9}

[sampler]
name = "grid"
points = 4

[pruner]
name = "median"
n_warmup_steps = 3

[budget]
n_trials = 50
wall_clock = "2 h"
trial_time = "10 min"
max_steps = 30

[resources]
slots = 2
devices = [0, 1]

[[enqueue]]
optimizer = "sgd"
lr = 0.01

[[enqueue]]
optimizer = "adam"
lr = 0.001
"""

SMALL = '[objective]\nscript = "train.py"\n'
PROGRAM = '[objective]\ncommand = "x"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "train.py").write_text("def objective(trial): return 0.0\n")
    return tmp_path


def load(text: str, folder: Path | None = None, **more: Any) -> Study:
    return load_study(text, where="my studies/first try.toml", folder=folder, **more)


def problems(text: str, folder: Path | None = None, **more: Any) -> list[str]:
    """Each problem as `where: problem (hint)`."""
    with pytest.raises(StudyErrors) as caught:
        load(text, folder, **more)
    return [f"{p.where}: {p.problem}" + (f" ({p.hint})" if p.hint else "") for p in caught.value.problems]


def test_a_study_file_says_all_that_a_study_is(folder: Path):
    assert load(FULL, folder) == Study(
        name="digits",
        objective=Objective(script="train.py", shared="load_data", preload=["sklearn"]),
        space={
            "optimizer": {"type": "categorical", "choices": ["adam", "sgd"]},
            "lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": True},
            "momentum": {
                "type": "float",
                "low": 0.0,
                "high": 1.0,
                "when": {"optimizer": ["sgd"]},
                "default": 0.9,
            },
        },
        direction="maximize",
        metric="accuracy",
        sampler=Chosen(name="grid", options={"points": 4}),
        pruner=Chosen(name="median", options={"n_warmup_steps": 3}),
        budget=Budget(n_trials=50, wall_clock_s=7200.0, trial_time_s=600.0, max_steps=30),
        resources=Resources(slots=2, devices=[0, 1]),
        seed=7,
        enqueue=[
            {"optimizer": "sgd", "lr": 0.01, "momentum": 0.9},
            {"optimizer": "adam", "lr": 0.001},
        ],
    )


def test_a_script_alone_is_a_study_named_after_its_file(folder: Path):
    assert load(SMALL, folder) == Study(name="first-try", objective=Objective(script="train.py"))


def test_a_sampler_and_a_pruner_may_be_plain_names(folder: Path):
    study = load('sampler = "grid"\npruner = "median"\n' + SMALL, folder)

    assert (study.sampler, study.pruner) == (Chosen(name="grid"), Chosen(name="median"))


def test_a_command_needs_no_script():
    text = '[objective]\ncommand = "./train --lr {lr}"\narguments = "placeholders"\n[space]\nlr = [0.1, 0.2]'

    assert load(text).objective == Objective(command="./train --lr {lr}", arguments="placeholders")


def test_overrides_go_before_what_is_written(folder: Path):
    more = {
        "name": "second",
        "direction": "minimize",
        "slots": 3,
        "devices": "1,GPU-abc",
        "seed": 0,
        "sampler": "random",
        "pruner": "median",
        "n_trials": 9,
    }

    study = load(FULL, folder, overrides=more)

    assert (study.name, study.direction, study.seed) == ("second", "minimize", 0)
    assert study.resources == Resources(slots=3, devices=[1, "GPU-abc"])
    assert study.sampler == Chosen(name="random")
    assert study.pruner == Chosen(name="median", options={"n_warmup_steps": 3})
    assert study.budget.n_trials == 9
    assert load(FULL, folder, overrides=dict.fromkeys(more)) == load(FULL, folder)


def test_a_wrong_override_is_blamed_on_its_flag(folder: Path):
    assert problems(SMALL, folder, overrides={"slots": 0, "n_trials": -5, "direction": "minimise", "devices": ""}) == [
        '--direction: expected "minimize" or "maximize" or a list of "minimize" or "maximize", '
        'not "minimise" (did you mean "minimize"?)',
        "-n: -5 is too small (use a positive whole number)",
        "--slots: 0 is too small (use a positive whole number)",
        '--devices: the list is empty (write "none" for no GPU, or leave it out for all)',
    ]


def test_every_problem_of_a_study_is_said_at_once(folder: Path):
    text = """
        nmae = "x"
        direction = "minimise"
        seed = "seven"
        n_trials = 5
        sampler = {points = 3}
        [objective]
        scirpt = "train.py"
        [space]
        lr = {type = "float", low = 0.1, high = 0.001, log = true}
        width = {type = "int", low = 0, high = 64, log = true}
        optimizer = []
        depth = {type = "integer", low = 1, high = 4}
        [budget]
        n_trials = 0
        wall_clock = "2 parsecs"
        trial_time = 0
        n_trails = 10
        [resources]
        slots = "two"
        [[enqueue]]
        lr = 0.01
    """

    assert problems(text, folder) == [
        'nmae: unknown key (did you mean "name"?)',
        "n_trials: unknown key (it goes under [budget])",
        'direction: expected "minimize" or "maximize" or a list of "minimize" or "maximize", '
        'not "minimise" (did you mean "minimize"?)',
        'seed: expected a whole number, not "seven"',
        'objective.scirpt: unknown key (did you mean "script"?)',
        'budget.n_trails: unknown key (did you mean "n_trials"?)',
        'resources.slots: expected a whole number, not "two"',
        'objective: it has neither script nor command (add script = "train.py", or command = "./train", '
        "which is given --lr 0.01 and so on)",
        "space.lr: low (0.1) is not below high (0.001) (swap the two numbers)",
        "space.width.low: low (0) must be positive when log = true (start at 1)",
        "space.optimizer.choices: the list is empty (name at least one choice)",
        'space.depth.type: "integer" is no type of parameter (did you mean "int"?)',
        'sampler: "name" is missing (add name = "auto")',
        'budget.wall_clock: "2 parsecs" is no duration ("parsecs" is no unit (ms, s, min, h, days, weeks))',
        "budget.n_trials: 0 is too small (use a positive whole number)",
        "budget.trial_time: 0 s is not positive",
    ]


def test_a_key_under_the_wrong_table_is_sent_where_it_goes(folder: Path) -> None:
    text = """
        [objective]
        script = "train.py"
        n_trials = 3
        [space]
        x = [1, 2]
        metric = [1, 2]
        sampler = "tpe"
        [budget]
        slots = 2
        direction = "maximize"
    """
    above = "it goes to the top of the file, above the first [table]"

    assert problems(text, folder) == [
        "objective.n_trials: unknown key (it goes under [budget])",
        "budget.slots: unknown key (it goes under [resources])",
        f"budget.direction: unknown key ({above})",
        f'space.sampler: expected a table or a list of choices, not "tpe" ({above})',
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "objective: it has neither script nor command"),
        ('objective = "train.py"', 'objective: expected a table, not "train.py"'),
        (SMALL + 'command = "x"', "objective: it has both script and command"),
        (SMALL + 'pattern = "x"', "objective.pattern: goes with command, and this has a script"),
        (SMALL + 'function = "a.b"', 'objective.function: "a.b" can\'t be a function\'s name'),
        (SMALL + 'env = {A = 1}', "objective.env: expected a table of text, not"),
        ('[objective]\nscript = "train"', 'objective.script: "train" is not a Python file'),
        ('[objective]\ncommand = ""', "objective.command: it is empty"),
        ('[objective]\ncommand = []', "objective.command: it is empty"),
        ('[objective]\ncommand = "a \\"b"', "objective.command: no closing quotation"),
        ('[objective]\ncommand = 3', "objective.command: expected text or a list of text, not 3"),
        (PROGRAM, "space: it is missing (a program can't define its space as it runs"),
        (PROGRAM + 'shared = "f"', "objective.shared: goes with script, and this has a command"),
        (PROGRAM + 'pattern = "(?P<value"', "is no regular expression: missing >"),
        (PROGRAM + 'pattern = "loss (.*)"', "objective.pattern: 'loss (.*)' has no named group"),
        (SMALL + "[space]", "space: it has no parameters"),
        (SMALL + "[space]\nlr = 0.1", "space.lr: expected a table or a list of choices, not 0.1"),
        ('space = "all"\n' + SMALL, 'space: expected a table, not "all"'),
        ("sampler = 3\n" + SMALL, "sampler: expected text or a table, not 3"),
        (SMALL + "[pruner]\nname = 3", "pruner.name: expected text, not 3"),
        ("seed = -1\n" + SMALL, "seed: -1 is too small (use 0 or a positive whole number)"),
        ("seed = 99999999999999999999\n" + SMALL, "seed: a whole number of more than 19 digits is too large"),
        ("seed = true\n" + SMALL, "seed: expected a whole number, not true"),
        (f"seed = {'9' * 310}\n" + SMALL, "seed: a whole number of more than 19 digits is too large"),
        (f"enqueue = [{{x = [[1{'0' * 400}]]}}]\n" + SMALL, "enqueue[0].x[0][0]: a whole number of more than 19"),
        (f"seed = {'9' * 5000}\n" + SMALL, "not TOML: a whole number has thousands of digits"),
        (SMALL + f"[budget]\nwall_clock = '{'9' * 400} s'\n", "is too long (write it as in 90 s"),
        (SMALL + "[budget]\ngpu_hours = inf\n", "budget.gpu_hours: inf is no positive number"),
        (SMALL + f"[resources]\ngpu_memory = '{'9' * 310} GiB'\n", "is too large (write it as in 6 GiB"),
        ('metric = " "\n' + SMALL, "metric: it is empty"),
        ('name = "../up"\n' + SMALL, 'name: "../up" can\'t be a session folder\'s name'),
        (SMALL + "[resources]\ngpus = inf", "resources.gpus: inf is neither whole nor below 1"),
        (SMALL + "[resources]\nslots = 10_001", "resources.slots: 10001 is too large (10000 at most)"),
        (SMALL + "[budget]\nmax_steps = 0", "budget.max_steps: 0 is too small"),
        (SMALL + '[budget]\nwall_clock = "soon"', 'budget.wall_clock: "soon" is no duration (write'),
        (SMALL + '[budget]\nwall_clock_s = 9', 'budget.wall_clock_s: unknown key (did you mean "wall_clock"'),
        (SMALL + "[resources]\ndevices = [0, 0]", "resources.devices: 0 is there twice"),
        (SMALL + "[resources]\ndevices = [-1]", "resources.devices: -1 is no GPU's index"),
        (SMALL + '[resources]\ndevices = ["first"]', 'resources.devices: "first" is neither an index nor a UUID'),
        (SMALL + '[resources]\ndevices = "some"', 'resources.devices: expected "all" or "none" or a list'),
        ("enqueue = 3\n" + SMALL, "enqueue: expected a list of table, not 3"),
    ],
)  # fmt: skip
def test_a_wrong_study_file_says_what_is_wrong(text: str, problem: str):
    assert problem in "\n".join(problems(text))


def test_enqueued_points_outside_the_space_are_named_by_place():
    space = """
        [space]
        optimizer = ["adam", "sgd"]
        lr = {type = "float", low = 1e-5, high = 1e-1, log = true}
        momentum = {type = "float", low = 0, high = 1, when = {optimizer = "sgd"}}
    """
    points = """
        [[enqueue]]
        optimizer = "adam"
        lr = 0.5
        [[enqueue]]
        optimizer = "sdg"
        lrr = 0.01
        [[enqueue]]
        optimizer = "adam"
        momentum = 0.9
    """

    give = "(give every active parameter a value here, or a default in the space)"
    assert problems(SMALL + space + points) == [
        "enqueue[0].lr: 0.5 is outside 1e-05 .. 0.1",
        'enqueue[1].lrr: there is no such parameter (did you mean "lr"?)',
        'enqueue[1].optimizer: "sdg" is not among the choices (did you mean "sgd"?)',
        f"enqueue[1]: nothing is said of lr {give}",
        'enqueue[2].momentum: is not active here, only when optimizer is "sgd"',
        f"enqueue[2]: nothing is said of lr {give}",
    ]


def test_what_runs_is_looked_for_on_disk_unless_there_is_no_folder(tmp_path: Path):
    text = SMALL + 'cwd = "data"'

    assert problems(text, tmp_path) == [
        f"objective.script: there is no file {tmp_path}/train.py (the path is relative to the study file)",
        f"objective.cwd: there is no folder {tmp_path}/data",
    ]
    assert load(text, None).objective.script == "train.py"


@pytest.mark.parametrize(
    ("text", "where", "problem"),
    [
        ('seed = 3\nname = "a\n', "first try.toml:2:10", "not TOML: illegal character '\\n'"),
        ("seed = \n", "first try.toml:1:8", "not TOML: invalid value"),
        ("seed = 3\nseed = 4", "first try.toml:2", "not TOML: cannot overwrite a value"),
        ("[space\nlr = 3", "first try.toml:1:7", "not TOML: expected ']' at the end of a table declaration"),
    ],
)
def test_what_is_not_toml_is_shown_by_line_and_column(text: str, where: str, problem: str):
    with pytest.raises(StudyErrors) as caught:
        load(text)

    (only,) = caught.value.problems
    assert (only.where, only.problem) == (where, problem)
    assert only.hint.startswith(f"line {where.split(':')[1]} reads: ")


def test_sampler_and_pruner_are_checked_by_whoever_knows_them(folder: Path):
    def check(kind: str, chosen: Chosen, max_steps: int | None) -> list[Any]:
        return [StudyError(f"{kind}.{name}", "unknown option") for name in chosen.options]

    text = SMALL + '[sampler]\nname = "grid"\npoitns = 3\n[pruner]\nname = "median"\nwarmup = 1'

    assert problems(text, folder, check_choice=check) == [
        "sampler.poitns: unknown option",
        "pruner.warmup: unknown option",
    ]


def test_all_problems_are_printed_under_the_file_with_their_hints():
    with pytest.raises(StudyErrors) as caught:
        load("sede = 3\n" + SMALL + "[budget]\nn_trials = 0")

    assert str(caught.value) == (
        "my studies/first try.toml: 2 problems\n"
        "  sede: unknown key\n"
        '    hint: did you mean "seed"?\n'
        "  budget.n_trials: 0 is too small\n"
        "    hint: use a positive whole number"
    )
    assert caught.value.exit_status == 2


def test_the_baseline_is_the_first_enqueued_point_else_the_defaults(folder: Path):
    defaults = SMALL + '[space]\na = {type = "int", low = 0, high = 10, default = 3}\nb = ["x", "y"]\n'

    assert baseline(load(FULL, folder)) == {"optimizer": "sgd", "lr": 0.01, "momentum": 0.9}
    assert baseline(load(defaults)) == {"a": 3, "b": "x"}
    assert baseline(load(defaults + '[[enqueue]]\nb = "y"')) == {"b": "y", "a": 3}
    assert baseline(load(SMALL + '[space]\nb = ["x", "y"]')) is None
    assert baseline(load(SMALL)) is None


def test_points_may_be_enqueued_before_the_objective_has_said_its_space(folder: Path):
    study = load(SMALL + "[[enqueue]]\nlr = 0.1", folder)

    assert (study.space, baseline(study)) == ({}, {"lr": 0.1})


@pytest.mark.parametrize("path", sorted(Path(__file__).parents[2].glob("examples/*.toml")), ids=lambda p: p.stem)
def test_the_examples_are_right(path: Path):
    assert load_study(path.read_text(), where=str(path), folder=path.parent).name
