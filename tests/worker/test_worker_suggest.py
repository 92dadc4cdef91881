"""What `trial.suggest_*` answers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptui.core.errors import ObjectiveError
from hptui.core.study.trial import Cause
from hptui.core.wire.request import Function, Start
from hptui.core.wire.spool import Defined, Note, read_from
from hptui.core.worker.link import Link
from hptui.core.worker.trial import Trial


class Asked:
    """A trial in this very process, and what it wrote."""

    def __init__(self, folder: Path, params: dict[str, Any], defines: bool, seed: int = 1) -> None:
        start = Start("s", str(folder), 0, params, seed, Function("train.py"), str(folder), defines=defines)
        self.link = Link(start)
        self.trial = Trial(start, self.link, lambda: None)

    def lines(self, kind: type) -> list[Any]:
        return [line for line in read_from(self.link.folder.spool, 0)[0] if isinstance(line, kind)]


def test_the_studys_values_are_used(tmp_path: Path) -> None:
    asked = Asked(tmp_path, {"lr": 1, "depth": 3.0, "opt": "sgd"}, defines=False)
    trial = asked.trial

    values = (
        trial.suggest_float("lr", 0.5, 2),
        trial.suggest_int("depth", 1, 5),
        trial.suggest_categorical("opt", ["adam", "sgd"]),
    )

    assert values == (1.0, 3, "sgd")
    assert [type(v) for v in values] == [float, int, str]
    assert asked.lines(Defined) == [] and asked.lines(Note) == []


def test_a_value_outside_the_asked_range_is_used_and_noted_once(tmp_path: Path) -> None:
    asked = Asked(tmp_path, {"lr": 5.0, "opt": "lion"}, defines=False)

    assert [asked.trial.suggest_float("lr", 0, 1) for _ in range(3)] == [5.0] * 3
    assert asked.trial.suggest_categorical("opt", ("adam", "sgd")) == "lion"
    assert [note.text for note in asked.lines(Note)] == [
        "lr: the study gives 5.0, but the script asks otherwise: 5.0 is outside 0 .. 1",
        "opt: the study gives 'lion', but the script asks otherwise: \"lion\" is not among the choices",
    ]


@pytest.mark.parametrize(
    ("ask", "problem"),
    [
        (lambda t: t.suggest_float("opt", 0, 1), "the study gives 'sgd', the script asks for a float"),
        (lambda t: t.suggest_int("lr", 0, 1), "the study gives 0.5, the script asks for a whole number"),
        (
            lambda t: t.suggest_float("lrr", 0, 1),
            "the script asks for this parameter, and the study's space does not have it",
        ),
        (lambda t: t.suggest_float("lr", 1, 0), "low (1) is above high (0)"),
        (lambda t: t.suggest_float("lr", 0, 1, log=True), "low (0) is not positive, and log asks for that"),
        (lambda t: t.suggest_float("lr", 0.1, 1, log=True, step=0.1), "step and log exclude each other"),
        (lambda t: t.suggest_float("lr", 0, 1, step=-1), "step (-1) is not positive"),
        (lambda t: t.suggest_float("lr", "a", 1), "low ('a') is not a number"),
        (lambda t: t.suggest_float("lr", 0, math.inf), "high (inf) is not finite"),
        (lambda t: t.suggest_int("lr", 0.5, 1), "low (0.5) is not a whole number"),
        (lambda t: t.suggest_categorical("opt", []), "there are no choices"),
        (lambda t: t.suggest_int("n", 1, 10**400), "high is too large for a number"),
        (lambda t: t.suggest_categorical("opt", 3), "'int' object is not iterable"),
    ],
)
def test_a_question_that_cannot_be_answered_says_why(tmp_path: Path, ask: Any, problem: str) -> None:
    asked = Asked(tmp_path, {"lr": 0.5, "opt": "sgd"}, defines=False)

    with pytest.raises((ObjectiveError, TypeError)) as caught:
        ask(asked.trial)

    assert getattr(caught.value, "problem", str(caught.value)) == problem


def define(trial: Trial, reverse: bool = False) -> dict[str, Any]:
    questions = {
        "lr": lambda: trial.suggest_float("lr", 1e-5, 1e-1, log=True),
        "dropout": lambda: trial.suggest_float("dropout", 0.0, 0.5, step=0.1),
        "depth": lambda: trial.suggest_int("depth", 1, 9, step=2),
        "units": lambda: trial.suggest_int("units", 4, 512, log=True),
        "opt": lambda: trial.suggest_categorical("opt", ["adam", None, True, (1, 2)]),
    }
    names = list(reversed(questions)) if reverse else list(questions)
    return {name: questions[name]() for name in names}


def test_draws_depend_on_the_seed_and_the_name_alone(tmp_path: Path) -> None:
    first = define(Asked(tmp_path / "a", {}, True).trial)
    again = define(Asked(tmp_path / "b", {}, True).trial, reverse=True)
    other = define(Asked(tmp_path / "c", {}, True, seed=2).trial)

    assert first == again != other


def test_what_was_asked_is_written_with_its_definition(tmp_path: Path) -> None:
    asked = Asked(tmp_path, {"depth": 3}, True)
    values = define(asked.trial)
    define(asked.trial)

    written = asked.lines(Defined)
    assert {k: v for line in written for k, v in line.definitions.items()} == {
        "lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": True},
        "dropout": {"type": "float", "low": 0.0, "high": 0.5, "step": 0.1},
        "depth": {"type": "int", "low": 1, "high": 9, "step": 2},
        "units": {"type": "int", "low": 4, "high": 512, "log": True},
        "opt": {"type": "categorical", "choices": ["adam", None, True, [1, 2]]},
    }
    assert len(written) == 5
    json_opt = list(values["opt"]) if isinstance(values["opt"], tuple) else values["opt"]
    assert {k: v for line in written for k, v in line.params.items()} == {**values, "opt": json_opt}
    assert asked.trial.params == values and values["depth"] == 3


@given(seed=st.integers(0, 2**63 - 1))
def test_draws_stay_in_range(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    asked = Asked(tmp_path_factory.mktemp("draws"), {}, True, seed)
    got = define(asked.trial)
    asked.link.close()

    assert 1e-5 <= got["lr"] <= 1e-1
    assert got["dropout"] in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
    assert got["depth"] in (1, 3, 5, 7, 9)
    assert 4 <= got["units"] <= 512
    assert got["opt"] in ("adam", None, True, (1, 2))


def test_a_choice_comes_back_as_the_very_object(tmp_path: Path) -> None:
    class Relu:
        pass

    pairs = [(1, 2), (3, 4)]
    asked = Asked(tmp_path, {"pair": [3, 4], "act": Relu.__qualname__}, False)

    assert asked.trial.suggest_categorical("pair", pairs) is pairs[1]
    assert asked.trial.suggest_categorical("act", [int, Relu]) is Relu
    assert asked.trial.params == {"pair": (3, 4), "act": Relu}


def test_a_choice_of_more_than_64_bits_is_kept_as_text_for_no_message_holds_it(tmp_path: Path) -> None:
    asked = Asked(tmp_path, {"hash": str(10**30)}, False)

    assert asked.trial.suggest_categorical("hash", [1, 10**30]) == 10**30


def test_optunas_older_names_ask_the_same(tmp_path: Path) -> None:
    asked = Asked(tmp_path, {}, True)
    asked.trial.suggest_uniform("a", 0, 1)
    asked.trial.suggest_loguniform("b", 0.1, 1)
    asked.trial.suggest_discrete_uniform("c", 0, 1, 0.25)

    assert [next(iter(line.definitions.values())) for line in asked.lines(Defined)] == [
        {"type": "float", "low": 0.0, "high": 1.0},
        {"type": "float", "low": 0.1, "high": 1.0, "log": True},
        {"type": "float", "low": 0.0, "high": 1.0, "step": 0.25},
    ]


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (
            lambda t: t.report(0.1, 1.5),
            TypeError,
            "The `step` argument is of type '<class 'float'>' but supposed to be an int.",
        ),
        (
            lambda t: t.report(0.1, None),
            TypeError,
            "The `step` argument is of type '<class 'NoneType'>' but supposed to be an int.",
        ),
        (lambda t: t.report(0.1, -1), ValueError, "The `step` argument is -1 but cannot be negative."),
        (lambda t: t.report(0.1, 10**400), ValueError, "The `step` argument is 2**53 or more, and no step."),
        (
            lambda t: t.report("x", 1),
            TypeError,
            "The `value` argument is of type '<class 'str'>' but supposed to be a float.",
        ),
        (
            lambda t: t.report(0.1, 1, acc=[1]),
            TypeError,
            "The metric `acc` is of type '<class 'list'>' but supposed to be a float.",
        ),
    ],
)
def test_a_report_of_the_wrong_type_is_refused(tmp_path: Path, call: Any, error: type[Exception], text: str) -> None:
    asked = Asked(tmp_path, {}, False)

    with pytest.raises(error) as caught:
        call(asked.trial)

    assert str(caught.value) == text


def test_an_optuna_objective_runs_unchanged(standin: Any, tmp_path: Path) -> None:
    script = tmp_path / "tune.py"
    script.write_text(
        """
import optuna

def objective(trial):
    x = trial.suggest_float("x", -10, 10)
    kind = trial.suggest_categorical("kind", ["a", "b"])
    n = trial.suggest_int("n", 1, 3) if kind == "a" else 0
    for step in range(5):
        trial.report((x - 2) ** 2 / (step + 1), step)
        if trial.should_prune():
            raise optuna.TrialPruned()
    trial.set_user_attr("n", n)
    return (x - 2) ** 2

if __name__ == "__main__":
    study = optuna.create_study()
    study.optimize(objective, n_trials=20)
"""
    )
    standin.boot(script)
    ends = [standin.end(standin.request(number, seed=number, defines=True)) for number in range(4)]

    assert [end.outcome for end in ends] == ["complete"] * 4
    assert len({end.value for end in ends}) == 4
    names = [[n for line in standin.of(Defined, number) for n in line.params] for number in range(4)]
    assert all(n[:2] == ["x", "kind"] for n in names)


def test_asked_without_a_space_that_has_it_fails_as_a_crash(standin: Any, tmp_path: Path) -> None:
    script = tmp_path / "tune.py"
    script.write_text("def objective(trial):\n    return trial.suggest_float('x', 0, 1)\n")
    standin.boot(script)

    end = standin.end(standin.request())

    assert (end.outcome, end.cause) == ("fail", Cause.CRASH)
    assert "leave [space] out" in end.detail
