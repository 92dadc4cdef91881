"""Sweeps, zips, TensorBoard runs out of a session, and folders of TensorBoard and Ray Tune in."""

from __future__ import annotations

import json
import math
import shlex
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hptui.core.errors import SessionError
from hptui.core.interop.found import Found, FoundTrial, make_session
from hptui.core.interop.hparams_write import write_hparams
from hptui.core.interop.ray_read import is_ray_results, read_ray
from hptui.core.interop.sweep_write import sweep_text
from hptui.core.interop.sweeps import read_sweep
from hptui.core.interop.tensorboard_read import has_events, read_tensorboard
from hptui.core.review.config import config_text
from hptui.core.space.space import Space
from hptui.core.store.packed import pack, unpack
from hptui.core.store.reader import Reader
from hptui.core.study.file import load_study
from hptui.core.study.session import SessionFolder
from hptui.core.study.study import Goal

STUDY = """
name = "t"
metric = "loss"
pruner = {name = "asha", min_resource = 2, reduction_factor = 4}
sampler = "random"
[objective]
command = "python train.py"
[budget]
n_trials = 30
max_steps = 8
[space]
x = [1, 2]
"""

ranges = st.tuples(st.floats(1e-6, 1e3), st.floats(1.01, 1e4)).map(lambda p: (p[0], p[0] * p[1]))
wholes = st.tuples(st.integers(1, 500), st.integers(1, 500)).map(lambda p: (p[0], p[0] + p[1]))
definitions = st.one_of(
    ranges.map(lambda p: {"type": "float", "low": p[0], "high": p[1]}),
    ranges.map(lambda p: {"type": "float", "low": p[0], "high": p[1], "log": True}),
    wholes.map(lambda p: {"type": "int", "low": p[0], "high": p[1]}),
    wholes.map(lambda p: {"type": "int", "low": p[0], "high": p[1], "log": True}),
    wholes.map(lambda p: {"type": "float", "low": 0.5 * p[0], "high": 0.5 * p[1], "step": 0.5}),
    st.lists(st.integers() | st.text("ab ", max_size=4) | st.booleans(), min_size=1, max_size=4, unique_by=repr).map(
        lambda c: {"type": "categorical", "choices": c}
    ),
)


@given(space=st.dictionaries(st.sampled_from(["lr", "batch-size", "deep", "w"]), definitions, min_size=1))
def test_a_space_comes_back_from_its_sweep(tmp_path_factory: pytest.TempPathFactory, space: dict[str, object]) -> None:
    study = load_study(STUDY, where="t.toml", folder=None)
    path = tmp_path_factory.getbasetemp() / "sweep.yaml"

    text, left_out = sweep_text(study, Space.parse(space), "t")
    path.write_text(text)
    again, _ = read_sweep(path)
    back = load_study(again, where="sweep.toml", folder=None)

    assert left_out == []
    assert Space.parse(back.space).definitions() == Space.parse(space).definitions()
    assert (back.name, back.metric, back.direction, back.budget.n_trials) == ("t", "loss", "minimize", 30)
    assert (back.sampler.name, back.pruner.options) == ("random", {"min_resource": 2, "reduction_factor": 4})


def test_what_a_sweep_can_not_say_is_said() -> None:
    space = {
        "opt": {"type": "categorical", "choices": ["sgd", "adam"]},
        "momentum": {"type": "float", "low": 0.1, "high": 0.95, "step": 0.2, "when": {"opt": "sgd"}},
        "lr": {"type": "float", "low": 1e-4, "high": 1.0, "log": True, "scaled_by": {"parameter": "n", "base": 32.0}},
        "n": {"type": "int", "low": 32, "high": 256},
    }
    text = STUDY.replace('command = "python train.py"', 'script = "t.py"').replace('"random"', '"gp"')
    text = text.replace('"asha", min_resource = 2, reduction_factor = 4', '"median"')
    study = load_study(text, where="t.toml", folder=None)

    document, left_out = sweep_text(study, Space.parse(space), "t")

    assert left_out == [
        "the function objective of t.py: W&B starts a program that takes --NAME=VALUE",
        "sampler gp: W&B has grid, random and bayes; written as bayes",
        "pruner median: W&B has hyperband alone",
        "momentum is active only with some values of others: a sweep always draws it",
        "lr is scaled by n: written without",
    ]
    assert "early_terminate" not in document and "0.9" not in document.replace("- 0.9", "")


TRIALS = (
    FoundTrial(0, "COMPLETE", {"lr": 0.25, "act": "relu"}, (0.5,), ((0, 1.0), (1, 0.5)), {"acc": ((0, 0.25),)}),
    FoundTrial(1, "FAIL", {"lr": 0.5, "act": "tanh"}, (), ((0, math.nan),), reason="diverged"),
    FoundTrial(2, "COMPLETE", {"lr": 0.125, "act": "tanh"}, (0.75,)),
)


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    definitions = {
        "lr": {"type": "float", "low": 0.1, "high": 1.0},
        "act": {"type": "categorical", "choices": ["relu", "tanh"]},
    }
    folder = SessionFolder(tmp_path / "home" / "t")
    make_session(Found("t", "here", "a test", (Goal("loss", "minimize"),), definitions, TRIALS), folder)
    (folder.trials / "0").mkdir()
    folder.trial(0).log.write_text("hello")
    folder.trial(0).checkpoints.mkdir()
    (folder.trial(0).checkpoints / "model").write_text("weights")
    return folder


def test_a_zip_of_a_session_is_that_session(folder: SessionFolder, tmp_path: Path) -> None:
    assert pack(folder, tmp_path / "t.zip") == ["checkpoints of 1 trial"]
    other = SessionFolder(unpack(tmp_path / "t.zip", tmp_path / "elsewhere"))

    with Reader(folder) as reader, Reader(other) as there:
        assert there.facts() == reader.facts()
        assert repr(there.trials()) == repr(reader.trials())
        assert repr(there.metrics()) == repr(reader.metrics())
        assert there.events() == reader.events()
    assert other.study.read_text() == folder.study.read_text()
    assert other.trial(0).log.read_text() == "hello"
    with pytest.raises(SessionError, match="can't be written"):
        pack(folder, tmp_path / "no" / "such" / "t.zip")


def test_runs_written_for_tensorboard_are_read_back(folder: SessionFolder, tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX", reason="the extra `tensorboard` is not installed")
    with Reader(folder) as reader:
        assert write_hparams(reader, tmp_path / "runs") == []
        with pytest.raises(SessionError, match="not an empty folder"):
            write_hparams(reader, tmp_path / "runs")

    assert has_events(tmp_path / "runs")
    found = read_tensorboard(tmp_path / "runs", "loss", "minimize")

    assert [(t.state, t.params) for t in found.trials] == [(t.state, t.params) for t in TRIALS]
    assert repr([t.curve for t in found.trials]) == repr([((0, 1.0), (1, 0.5)), ((0, math.nan),), ((0, 0.75),)])
    assert found.trials[0].others == {"acc": ((0, 0.25),)}
    assert found.definitions["act"] == {"type": "categorical", "choices": ["relu", "tanh"]}


def test_a_run_that_still_writes_is_read_to_its_last_whole_record(folder: SessionFolder, tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX", reason="the extra `tensorboard` is not installed")
    with Reader(folder) as reader:
        write_hparams(reader, tmp_path / "runs")
    (path,) = (tmp_path / "runs" / "trial-0").iterdir()
    path.write_bytes(path.read_bytes()[:-3])

    found = read_tensorboard(tmp_path / "runs", "loss", "minimize")

    assert found.left_out[0] == "trial-0: its last record is cut off"
    assert found.trials[0].curve == ((0, 1.0), (1, 0.5))


def test_a_damaged_file_is_read_to_the_damage_and_what_add_hparams_wrote_is_the_runs(tmp_path: Path) -> None:
    tensorboard = pytest.importorskip("tensorboardX", reason="the extra `tensorboard` is not installed")
    for name in ("a", "b"):
        with tensorboard.SummaryWriter(str(tmp_path / name)) as writer:
            for step in range(3):
                writer.add_scalar("loss", 1 / (step + 1), step)
            writer.add_hparams({"lr": 0.5}, {"hparam/best": 0.25})  # in a folder named by the time
    (whole,), (zeroed,) = (list((tmp_path / name).glob("*tfevents*")) for name in ("a", "b"))
    data = bytearray(whole.read_bytes())
    data[-40:-30] = b"\xff" * 10  # in the last record
    whole.write_bytes(data)
    zeroed.write_bytes(zeroed.read_bytes() + bytes(64))  # as a crash of the machine leaves it

    found = read_tensorboard(tmp_path, "loss", "minimize")

    why = "a record of it is damaged: what comes after is not read"
    assert found.left_out[:2] == (f"a: {why}", f"b: {why}")
    assert [(t.params, len(t.curve), t.others) for t in found.trials] == [
        ({"lr": 0.5}, 2, {"hparam/best": ((0, 0.25),)}), ({"lr": 0.5}, 3, {"hparam/best": ((0, 0.25),)}),
    ]  # fmt: skip
    assert all(t.started_at is not None and t.started_at > 1e9 for t in found.trials)


def ray_trial(folder: Path, params: dict[str, object], losses: list[float]) -> None:
    folder.mkdir(parents=True)
    (folder / "params.json").write_text(json.dumps(params))
    rows = [
        {"loss": loss, "extra": {"acc": 1 - loss}, "training_iteration": k, "timestamp": 100 + k, "time_total_s": k}
        for k, loss in enumerate(losses, 1)
    ]
    (folder / "result.json").write_text("\n".join(map(json.dumps, rows)))


def test_an_experiment_of_ray_tune_is_read_with_its_curves(tmp_path: Path) -> None:
    ray_trial(tmp_path / "exp" / "a", {"lr": 0.1, "model": {"width": 3}}, [0.5, 0.25])
    ray_trial(tmp_path / "exp" / "b", {"lr": 0.2, "model": {"width": 5}}, [0.75])
    (tmp_path / "exp" / "b" / "error.txt").write_text("Traceback")
    with (tmp_path / "exp" / "a" / "result.json").open("a") as file:
        file.write('\n{"loss": 0.')  # cut off

    assert is_ray_results(tmp_path / "exp")
    found = read_ray(tmp_path / "exp", None, "minimize")

    good, bad = sorted(found.trials, key=lambda trial: trial.state)
    assert (good.state, good.params, good.values) == ("COMPLETE", {"lr": 0.1, "model/width": 3}, (0.25,))
    assert (good.curve, good.others) == (((1, 0.5), (2, 0.25)), {"extra/acc": ((1, 0.5), (2, 0.75))})
    assert (good.started_at, good.ended_at) == (100.0, 102.0)
    assert (bad.state, bad.reason) == ("FAIL", "Ray kept an error.txt of it")
    assert found.left_out == ("the range of each parameter: what was seen stands for it",)
    with pytest.raises(SessionError, match="no metric 'accuracy'"):
        read_ray(tmp_path / "exp", "accuracy", "maximize")


def test_a_result_of_ray_that_lacks_its_clock_is_read_all_the_same(tmp_path: Path) -> None:
    ray_trial(tmp_path / "exp" / "a", {"lr": 0.1}, [0.5])
    odd = {"loss": 0.25, "training_iteration": None, "timestamp": "?", "time_total_s": math.nan}
    with (tmp_path / "exp" / "a" / "result.json").open("a") as file:
        file.write(f'\n{{"lo\n{json.dumps(odd)}\n')

    (trial,) = read_ray(tmp_path / "exp", None, "minimize").trials

    assert (trial.curve, trial.started_at, trial.ended_at) == (((1, 0.5), (2, 0.25)), None, None)


values = st.recursive(
    st.none() | st.booleans() | st.integers(-999, 999) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text("ab \\'\"{}[]=,:$é", max_size=6),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "b_"]), inner, max_size=2),
    max_leaves=3,
)  # fmt: skip


@given(values)
def test_hydra_reads_an_override_as_the_value_it_was(value: object) -> None:
    pytest.importorskip("hydra", reason="hydra-core is not installed")
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.core.override_parser.types import QuotedString

    def plain(read: object) -> object:
        if isinstance(read, QuotedString):
            return read.text
        if isinstance(read, dict):
            return {plain(key): plain(inner) for key, inner in read.items()}
        return [plain(inner) for inner in read] if isinstance(read, list) else read

    (word,) = shlex.split(config_text({"k": value}, "hydra"))
    read = plain(OverridesParser.create().parse_override(word)._value)

    assert repr(read) == repr(value)
