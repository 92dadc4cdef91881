"""What a script says of its parameters, without running it; parameters in one short line."""

from __future__ import annotations

import argparse
import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptui.core.advice.draft import draft, proposed
from hptui.core.advice.draft_text import study_text
from hptui.core.search.catalog import check
from hptui.core.space.space import Space
from hptui.core.study.file import load_study
from hptui.core.study.script import Flag, Script, Suggested, read_script
from hptui.core.study.short import from_short, to_short, to_toml
from hptui.core.worker.patterns import Reader

OPTUNA = '''
import optuna
LOW = 1e-5
BATCHES = [32, 64]

def objective(trial):
    lr = trial.suggest_float("lr", LOW, 10 ** -1, log=True)
    layers = trial.suggest_int("layers", 1, 8, 1)
    batch = trial.suggest_categorical("batch", BATCHES)
    old = trial.suggest_loguniform("wd", 1e-6, 1e-2)
    val_loss = 0.0
    return val_loss

raise SystemExit("this must not be run")
'''
ARGPARSE = '''
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=1e-3)
parser.add_argument("--batch-size", "-b", type=int, default=64)
parser.add_argument("--dropout", default=0.1)
parser.add_argument("--act", choices=["relu", "gelu"], default="relu")
parser.add_argument("--amp", action="store_true")
parser.add_argument("--epochs", type=int, default=30)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--data-dir", default="/data")
args = parser.parse_args()
print(f"epoch {1} val_acc={0.5}")
'''


def test_suggested_parameters_are_found_with_their_constants() -> None:
    script = read_script(OPTUNA)

    assert script.objectives == ("objective",)
    assert script.metric == "val_loss"
    assert script.suggested == (
        Suggested("lr", 7, {"type": "float", "low": 1e-5, "high": 0.1, "log": True}),
        Suggested("layers", 8, {"type": "int", "low": 1, "high": 8}),
        Suggested("batch", 9, {"type": "categorical", "choices": [32, 64]}),
        Suggested("wd", 10, {"type": "float", "low": 1e-6, "high": 1e-2, "log": True}),
    )


def test_what_is_asked_for_now_and_then_or_computed_is_left_to_the_script() -> None:
    source = '''
def objective(trial):
    if trial.suggest_categorical("kind", ["a", "b"]) == "a":
        x = trial.suggest_float("x", 0, limit())
        y = trial.suggest_float("y", 0.0, 1.0)
    for i in range(3):
        trial.suggest_int(f"units_{i}", 1, 4)
'''
    script = read_script(source)

    assert [(one.name, one.definition is None, one.sure) for one in script.suggested] == [
        ("kind", False, True), ("x", True, False), ("y", False, False)
    ]  # fmt: skip
    found = draft("t.py", script)
    assert found.space == {} and set(found.left) == {"kind", "x", "y"}
    assert found.unsearched == ()
    assert "There is no [space]: the script states its own" in study_text(found)


def test_a_name_read_beside_a_space_that_the_script_states_begins_no_empty_space() -> None:
    script = read_script("def objective(trial):\n    lr = trial.suggest_float('lr', 0, 1)\n    trial.params['rl']\n")

    found = draft("t.py", script)

    assert found.unsearched == ("rl",)
    assert "\n[space]" not in study_text(found) and "#   rl: line 3" in study_text(found)


def test_flags_become_ranges_around_their_defaults() -> None:
    found = draft("train.py", read_script(ARGPARSE))

    assert dict(found.space) == {
        "lr": {"type": "float", "low": 1e-5, "high": 0.01, "log": True, "default": 1e-3},
        "batch-size": {"type": "categorical", "choices": [16, 32, 64, 128, 256], "default": 64},
        "dropout": {"type": "float", "low": 0.0, "high": 0.6, "default": 0.1},
        "act": {"type": "categorical", "choices": ["relu", "gelu"], "default": "relu"},
        "amp": {"type": "categorical", "choices": [False, True], "default": False},
    }
    assert set(found.left) == {"epochs", "seed", "data-dir"}
    assert (found.metric, found.direction, found.max_steps, found.function) == ("val_acc", "maximize", 30, "")


@pytest.mark.parametrize(("source", "line", "metric", "step", "value", "others"), [
    ('print(f"Epoch {e + 1}/{n}: train_loss {a:.4f} val_acc {b:.4f}")', "Epoch 3/9: train_loss 0.25 val_acc 0.93",
     "val_acc", 3, 0.93, {"train_loss": 0.25}),
    ('print("step %5d, loss = %.4f, 90%% val loss = %.4f" % (s, a, b))', "step    12, loss = 0.5, 90% val loss = nan",
     "val_loss", 12, math.nan, {"loss": 0.5}),
    ('log.info("top1_acc: {:.2%} (lr {:g})".format(a, lr))', "INFO top1_acc: 93.40% (lr 1e-05)", "top1_acc", 0, 93.4,
     {"lr": 1e-5}),
    ('print("validation error:", x)', "validation error: inf", "validation_error", 0, math.inf, {}),
    ('for e in r:\n    print("loss " + str(x))\nprint(f"best loss {y} of {n} runs")', "loss 0.5", "loss", 0, 0.5, {}),
])  # fmt: skip
def test_what_a_program_prints_is_read_by_the_pattern_that_is_drafted(
    source: str, line: str, metric: str, step: int, value: float, others: dict[str, float]
) -> None:
    found = draft("train.py", read_script(f"{ARGPARSE}\n{source}"))
    study = load_study(study_text(found), where="train.toml", folder=None, check_choice=check)
    patterns = study.objective.pattern
    assert patterns is not None and study.metric == metric

    report = Reader([patterns] if isinstance(patterns, str) else patterns, metric).read(line)

    assert report is not None and (report.step, report.others) == (step, others)
    assert report.value == value or (report.value != report.value and value != value)


@pytest.mark.parametrize("source", [OPTUNA, ARGPARSE])
def test_a_drafted_study_is_a_study(source: str) -> None:
    found = draft("train.py", read_script(source))

    study = load_study(study_text(found), where="train.toml", folder=None, check_choice=check)

    assert Space.parse(study.space).names == tuple(found.space)
    assert (study.sampler.name, study.pruner.name) == (found.sampler, found.pruner)


def test_parameters_read_from_the_trial_are_named_as_missing() -> None:
    source = "def objective(trial):\n    p = trial.params\n    return p['lr'] + trial.params['b']"
    found = draft("t.py", read_script(source))

    assert set(found.left) == {"lr", "b"}
    assert '# lr = { type = "float"' in study_text(found)


NAMES = ["lr", "momentum", "alpha", "weight-decay", "dropout"]


@given(st.floats(1e-9, 1e9) | st.floats(-1e3, 0), st.sampled_from(NAMES))
def test_a_proposed_range_holds_its_default(default: float, name: str) -> None:
    definition = proposed(Flag(name, 1, "float", default))

    assert definition is not None
    if "default" in definition:
        assert definition["low"] <= definition["default"] == default <= definition["high"]
    else:  # no logarithmic range holds the zero that switches decay off
        assert (default, name) == (0, "weight-decay")
    Space.parse({"p": definition})


def test_the_flags_found_are_those_that_argparse_takes() -> None:
    """Against argparse itself, run on the same lines."""
    parser = argparse.ArgumentParser()
    for line in ARGPARSE.splitlines():
        if line.startswith("parser.add_argument"):
            exec(line, {"parser": parser})

    assert {flag.name.replace("-", "_"): flag.default if flag.kind != "bool" else False
            for flag in read_script(ARGPARSE).flags} == vars(parser.parse_args([]))  # fmt: skip


@given(st.text(max_size=60))
def test_any_text_is_a_script_or_a_syntax_error(text: str) -> None:
    with contextlib.suppress(SyntaxError, ValueError):
        assert isinstance(read_script(text), Script)


@pytest.mark.parametrize(
    ("text", "definition"),
    [
        ("1e-5 .. 0.1 log", {"type": "float", "low": 1e-5, "high": 0.1, "log": True}),
        ("8..64 step 8, 16", {"type": "int", "low": 8, "high": 64, "step": 8, "default": 16}),
        ("0.0 .. 1", {"type": "float", "low": 0.0, "high": 1}),
        ("adam | sgd", {"type": "categorical", "choices": ["adam", "sgd"]}),
        ("16 | 32, 32", {"type": "categorical", "choices": [16, 32], "default": 32}),
        ("true | false", {"type": "categorical", "choices": [True, False]}),
    ],
)
def test_a_short_line_is_a_definition_and_back(text: str, definition: dict[str, object]) -> None:
    assert from_short(text) == definition
    assert from_short(to_short(definition)) == definition


@pytest.mark.parametrize("text", ["", "1..", "a .. b", "1 .. 2 lgo", "x | y, z", "fast"])
def test_a_wrong_short_line_says_what_is_wrong(text: str) -> None:
    with pytest.raises(ValueError, match=r"write|is none of|is not a number"):
        from_short(text)


def test_a_definition_is_written_as_toml() -> None:
    assert to_toml({"type": "categorical", "choices": ["a", True]}) == '["a", true]'
    assert to_toml({"type": "float", "low": 0.0, "high": 1.0}) == '{ type = "float", low = 0.0, high = 1.0 }'
