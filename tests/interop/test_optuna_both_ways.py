"""Optuna's own studies in, ours out, with the real package on the other side."""

from __future__ import annotations

import json
import math
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from hptui.core.errors import SessionError
from hptui.core.interop.found import Found, FoundTrial, make_session
from hptui.core.interop.optuna_read import definition, read_optuna
from hptui.core.interop.optuna_write import write_optuna
from hptui.core.store.reader import Reader
from hptui.core.study.session import SessionFolder
from hptui.core.study.study import CONSTRAINTS, Goal

optuna.logging.set_verbosity(optuna.logging.ERROR)


def objective(trial: optuna.Trial) -> float:
    lr = trial.suggest_float("lr", 1e-5, 1e-1, log=True)
    layers = trial.suggest_int("layers", 1, 4)
    optimizer = trial.suggest_categorical("optimizer", ["sgd", "adam", None])
    if optimizer == "sgd":
        trial.suggest_float("momentum", 0.0, 0.9, step=0.1)
    trial.set_user_attr("host", "box")
    if trial.number == 4:
        raise ValueError
    for step in range(4):
        value = lr * layers + 1 / (step + 1)
        trial.report(math.nan if (trial.number, step) == (1, 2) else value, step)
        if trial.number == 3 and step == 2:
            raise optuna.TrialPruned
    return value


def study_in(storage: Any, name: str = "cnn", **direction: Any) -> optuna.Study:
    sampler = optuna.samplers.RandomSampler(seed=3)
    study = optuna.create_study(storage=storage, study_name=name, sampler=sampler, **direction)
    study.optimize(objective, n_trials=6, catch=(ValueError,))
    study.enqueue_trial({"lr": 0.01})
    return study


@pytest.mark.parametrize("journal", [False, True])
def test_a_study_is_read_whole_and_never_touched(tmp_path: Path, journal: bool) -> None:
    path = tmp_path / "storage"
    study = study_in(JournalStorage(JournalFileBackend(str(path))) if journal else f"sqlite:///{path}")
    before = path.read_bytes(), sorted(tmp_path.iterdir())

    found = read_optuna(f"sqlite:///{path}" if not journal else str(path))

    assert (path.read_bytes(), sorted(tmp_path.iterdir())) == before
    assert found.goals == (Goal("value", "minimize"),)
    assert found.definitions == {
        "lr": {"type": "float", "low": 1e-5, "high": 0.1, "log": True},
        "layers": {"type": "int", "low": 1, "high": 4},
        "optimizer": {"type": "categorical", "choices": ["sgd", "adam", None]},
        "momentum": {"type": "float", "low": 0.0, "high": 0.9, "step": 0.1},
    }  # fmt: skip
    assert found.left_out == ("trial 6 was only enqueued",)
    for theirs, ours in zip(study.trials[:6], found.trials[:6], strict=True):
        assert ours.state == theirs.state.name
        assert dict(ours.params) == theirs.params
        assert ours.values == (tuple(theirs.values or ()) if ours.state == "COMPLETE" else ())
        assert str(dict(ours.curve)) == str(theirs.intermediate_values)  # nan is not equal to itself
        assert ours.attrs == theirs.user_attrs
        assert theirs.datetime_start is not None and theirs.datetime_complete is not None
        assert ours.ended_at == pytest.approx(theirs.datetime_complete.timestamp())
    assert dict(found.trials[6].params) == {"lr": 0.01}


def test_what_was_imported_is_a_session_with_the_same_best_and_goes_back(tmp_path: Path) -> None:
    study = study_in(f"sqlite:///{tmp_path / 'in.db'}", direction="maximize")
    folder = SessionFolder(tmp_path / "s")
    make_session(read_optuna(str(tmp_path / "in.db")), folder)

    with Reader(folder) as reader:
        (best,) = reader.best()
        assert (best.number, best.value, best.params) == (
            study.best_trial.number, study.best_value, study.best_params
        )  # fmt: skip
        assert str(dict(reader.curve(best.number, "value"))) == str(study.best_trial.intermediate_values)
        lost = write_optuna(reader, tmp_path / "out.db", "back")

    back = optuna.load_study(storage=f"sqlite:///{tmp_path / 'out.db'}", study_name="back")
    assert lost == []
    assert (back.best_value, back.best_params) == (study.best_value, study.best_params)
    assert [t.state.name for t in back.trials] == [t.state.name for t in study.trials]
    assert [t.system_attrs.get("fixed_params") for t in back.trials] == [
        t.system_attrs.get("fixed_params") for t in study.trials
    ]
    assert str([t.intermediate_values for t in back.trials[:6]]) == str(
        [t.intermediate_values for t in study.trials[:6]]
    )
    back.optimize(lambda trial: trial.suggest_float("lr", 1e-5, 1e-1, log=True), n_trials=1)  # it goes on


def test_several_objectives_come_along(tmp_path: Path) -> None:
    study = optuna.create_study(storage=f"sqlite:///{tmp_path / 'm.db'}", directions=["minimize", "maximize"])
    study.optimize(lambda t: (t.suggest_float("x", 0, 1), 2.0), n_trials=2)
    folder = SessionFolder(tmp_path / "s")

    found = read_optuna(str(tmp_path / "m.db"))
    make_session(found, folder)

    assert found.goals == (Goal("value_0", "minimize"), Goal("value_1", "maximize"))
    with Reader(folder) as reader:
        write_optuna(reader, tmp_path / "out.db", "m")
    back = optuna.load_study(storage=f"sqlite:///{tmp_path / 'out.db'}", study_name="m")
    assert [t.values for t in back.trials] == [t.values for t in study.trials]
    assert [d.name for d in back.directions] == ["MINIMIZE", "MAXIMIZE"]


@pytest.mark.filterwarnings("ignore:Choices for a categorical distribution:UserWarning")
def test_what_a_space_cannot_have_is_kept_as_attributes_and_lists_beside_words_go_back(tmp_path: Path) -> None:
    def objective(trial: optuna.Trial) -> float:
        seed = trial.suggest_int("seed", 0, 2**63 - 1)
        trial.suggest_categorical("layers", ["auto", [64], [64, 64]])
        return float(seed % 7)

    study = optuna.create_study(storage=f"sqlite:///{tmp_path / 'a.db'}", sampler=optuna.samplers.RandomSampler(1))
    study.optimize(objective, n_trials=6)
    folder = SessionFolder(tmp_path / "s")

    left_out = make_session(read_optuna(str(tmp_path / "a.db")), folder)

    why = 'the parameter "seed": whole numbers beyond 1e+13 are not supported; its values are attributes'
    assert left_out == (why,)
    with Reader(folder) as reader:
        assert [row.attrs for row in reader.trials()] == [{"seed": t.params["seed"]} for t in study.trials]
        assert write_optuna(reader, tmp_path / "b.db", "b") == ["layers: its choices are written as JSON text"]
    back = optuna.load_study(storage=f"sqlite:///{tmp_path / 'b.db'}", study_name="b")
    assert [t.params["layers"] for t in back.trials] == [json.dumps(t.params["layers"]) for t in study.trials]


@pytest.mark.filterwarnings("ignore:.*constraints_func.*:FutureWarning")
def test_constraints_are_numbered_and_go_back_as_optuna_keeps_them(tmp_path: Path) -> None:
    sampler = optuna.samplers.TPESampler(seed=1, constraints_func=lambda trial: (trial.params["x"] - 0.5, -1.0))
    study = optuna.create_study(storage=f"sqlite:///{tmp_path / 'a.db'}", study_name="a", sampler=sampler)
    study.set_user_attr("by", "me")
    study.optimize(lambda trial: trial.suggest_float("x", 0.0, 1.0), n_trials=5)
    found = read_optuna(str(tmp_path / "a.db"))
    folder = SessionFolder(tmp_path / "session")
    make_session(found, folder)

    with Reader(folder) as reader:
        kept = [row.attrs[CONSTRAINTS] for row in reader.trials()]
        lost = write_optuna(reader, tmp_path / "out.db", "a")

    was = [trial.system_attrs["constraints"] for trial in study.trials]
    back = optuna.load_study(storage=f"sqlite:///{tmp_path / 'out.db'}", study_name="a").trials
    assert found.left_out == ('the study\'s attribute by: "me"',)
    assert kept == [{"constraint_0": one, "constraint_1": other} for one, other in was]
    assert [trial.system_attrs["constraints"] for trial in back] == [list(pair) for pair in was]
    assert lost == []


@pytest.mark.skipif(not hasattr(optuna.Trial, "set_constraint"), reason="Optuna 4 has no names for constraints")
def test_constraints_with_names_keep_them(tmp_path: Path) -> None:
    study = optuna.create_study(storage=f"sqlite:///{tmp_path / 'a.db'}", study_name="a")
    trial = study.ask()
    trial.set_constraint("memory", -2.5)
    study.tell(trial, 1.0)
    folder = SessionFolder(tmp_path / "session")
    make_session(read_optuna(str(tmp_path / "a.db")), folder)

    with Reader(folder) as reader:
        kept = reader.trials()[0].attrs
        write_optuna(reader, tmp_path / "out.db", "a")

    back = optuna.load_study(storage=f"sqlite:///{tmp_path / 'out.db'}", study_name="a").trials[0]
    assert kept == {CONSTRAINTS: {"memory": -2.5}} and back.constraints == {"memory": -2.5}


def test_a_database_that_is_being_written_to_is_said_to_be_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3

    monkeypatch.setattr("hptui.core.interop.optuna_read.LOCKED_S", 0.1)
    path = tmp_path / "a.db"
    optuna.create_study(storage=f"sqlite:///{path}", study_name="a")
    running = sqlite3.connect(path)
    running.execute("begin exclusive")

    with pytest.raises(SessionError, match=r"is locked: somebody has been writing to it for 0\.1 s") as refused:
        read_optuna(str(path))

    running.close()
    assert "try again" in (refused.value.hint or "")


def broken_schema(path: Path) -> None:
    import sqlite3

    with sqlite3.connect(path) as db:
        db.execute("update version_info set schema_version = 99")
    db.close()


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20_000])


@pytest.mark.parametrize(
    ("damage", "study", "says"),
    [
        (broken_schema, None, "Optuna's schema 99; this knows 12"),
        (cut_short, None, "can't be read"),
        (lambda path: path.write_text("hello"), None, "neither an Optuna database nor a journal"),
        (lambda path: path.unlink(), None, "there is no such file"),
        (lambda path: None, "rnn", "has no study 'rnn'"),
        (lambda path: optuna.create_study(storage=f"sqlite:///{path}", study_name="b"), None, "has 2 studies"),
    ],
)
def test_what_can_not_be_read_is_told(
    tmp_path: Path, damage: Callable[[Path], None], study: str | None, says: str
) -> None:
    path = tmp_path / "a.db"
    optuna.create_study(storage=f"sqlite:///{path}", study_name="a")
    damage(path)

    with pytest.raises(SessionError, match=says):
        read_optuna(str(path), study)


def test_lines_of_a_journal_that_came_too_late_count_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal"

    def opened(name: str) -> optuna.Study:  # by a worker of its own, which asks for the study again
        return optuna.create_study(
            storage=JournalStorage(JournalFileBackend(str(path))), study_name=name, load_if_exists=True
        )

    first, late, gone = opened("a"), opened("a"), opened("gone")
    first.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=2)
    optuna.delete_study(study_name="gone", storage=first._storage)
    with pytest.raises(KeyError):
        gone.ask()  # deleted by another
    b = opened("b")
    b.optimize(lambda trial: 1 + trial.suggest_float("x", 0, 1), n_trials=2)
    with pytest.raises(RuntimeError):
        late._storage.set_trial_state_values(b.trials[0]._trial_id, optuna.trial.TrialState.FAIL)

    for study in (first, b):
        found = read_optuna(str(path), study.study_name)
        assert [(t.state, dict(t.params), t.values) for t in found.trials] == [
            (t.state.name, t.params, tuple(t.values or ())) for t in study.trials
        ]
    with pytest.raises(SessionError, match="has 2 studies"):
        read_optuna(str(path))


def test_a_journal_whose_last_line_is_being_written_is_read_up_to_it(tmp_path: Path) -> None:
    path = tmp_path / "j.log"
    study_in(JournalStorage(JournalFileBackend(str(path))))
    with path.open("a") as file:
        file.write('{"op_code":8,"wor')

    assert len(read_optuna(str(path)).trials) == 7


def test_old_distributions_read_as_the_new_ones() -> None:
    old = {"name": "LogUniformDistribution", "attributes": {"low": 1e-3, "high": 1.0}}
    assert definition(old) == {"type": "float", "low": 1e-3, "high": 1.0, "log": True}
    old = {"name": "DiscreteUniformDistribution", "attributes": {"low": 0.0, "high": 1.0, "q": 0.25}}
    assert definition(old) == {"type": "float", "low": 0.0, "high": 1.0, "step": 0.25}
    old = {"name": "IntUniformDistribution", "attributes": {"low": 1, "high": 9, "step": 2}}
    assert definition(old) == {"type": "int", "low": 1, "high": 9, "step": 2}


finite = st.floats(-1e6, 1e6)
trials = st.tuples(
    st.sampled_from(["COMPLETE", "PRUNED", "FAIL"]),
    st.floats(0, 1), st.integers(1, 9), st.sampled_from(["a", True, None, 2.5]), finite,
    st.dictionaries(st.integers(0, 99), finite, max_size=4),
)  # fmt: skip


@settings(max_examples=6, deadline=None)
@given(st.lists(trials, min_size=1, max_size=4))
def test_a_round_trip_loses_nothing_that_both_sides_can_hold(drawn: list[Any]) -> None:
    definitions = {
        "x": {"type": "float", "low": 0.0, "high": 1.0},
        "n": {"type": "int", "low": 1, "high": 9},
        "c": {"type": "categorical", "choices": ["a", True, None, 2.5]},
    }
    made = tuple(
        FoundTrial(
            k, state, {"x": x, "n": n, "c": c}, (value,) if state == "COMPLETE" else (), tuple(sorted(curve.items())),
            started_at=1e9, ended_at=1e9 + 5,
        )
        for k, (state, x, n, c, value, curve) in enumerate(drawn)
    )  # fmt: skip
    place = Path(tempfile.mkdtemp())
    try:
        make_session(Found("s", "-", "test", (Goal("loss"),), definitions, made), SessionFolder(place / "s"))
        with Reader(SessionFolder(place / "s")) as reader:
            write_optuna(reader, place / "o.db", "s")
        found = read_optuna(str(place / "o.db"))
    finally:
        shutil.rmtree(place)

    assert found.goals == (Goal("loss"),)
    assert found.definitions == definitions
    for before, after in zip(made, found.trials, strict=True):
        assert (after.state, after.params, after.values, after.curve, after.started_at, after.ended_at) == (
            before.state, before.params, before.values, before.curve, before.started_at, before.ended_at,
        )  # fmt: skip
