"""Loggers hear each thing of a session once, and can't hurt it; the three with their real packages where they are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hptui.core.errors import SessionError
from hptui.core.interop.loggers import follow
from hptui.core.interop.loggers.follow import Follower, kept_at
from hptui.core.interop.loggers.logger import Facts, logger_of
from hptui.core.interop.tensorboard_read import read_tensorboard
from hptui.core.store.create import create_session
from hptui.core.store.reader import Reader
from hptui.core.store.rows import ReportRow, TrialRow
from hptui.core.store.writer import Writer
from hptui.core.study.session import SessionFolder


def trial(number: int, state: str, **more: Any) -> TrialRow:
    ended_at = None if state in ("RUNNING", "WAITING") else 20.0
    params = {"lr": 0.1, "layers": [3, 3]}
    return TrialRow(number, state, params, started_at=None if state == "WAITING" else 10.0, ended_at=ended_at, **more)


def reports(number: int, *losses: float, first: int = 0) -> list[ReportRow]:
    return [ReportRow(number, "loss", first + i, loss) for i, loss in enumerate(losses)]


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    """One complete trial, one that failed, one that returned its value only, one that runs, one that waits."""
    folder = SessionFolder(tmp_path / "home" / "digits")
    create_session(folder, 'name = "digits"\n', {"id": "ab12", "name": "digits", "metric": "loss"})
    writer = Writer(folder)
    with writer.transaction():
        for row in (
            trial(0, "COMPLETE", value=0.5), trial(1, "FAIL", cause="nan", reason="diverged"),
            trial(2, "COMPLETE", value=0.75), trial(3, "RUNNING"), trial(4, "WAITING"),
        ):  # fmt: skip
            writer.save_trial(row)
        writer.save_reports(0, reports(0, 1.0, 0.5), 0)
        writer.save_reports(1, reports(1, 2.0, math.nan), 0)
        writer.save_reports(3, reports(3, 0.9), 0)
    writer.close()
    return folder


def goes_on(folder: SessionFolder) -> None:
    """The running trial reports twice more and is pruned."""
    writer = Writer(folder)
    with writer.transaction():
        writer.save_reports(3, reports(3, 0.8, 0.7, first=1), 0)
        writer.save_trial(trial(3, "PRUNED", value=0.7, reason="above the median"))
    writer.close()


class Heard:
    """Keeps what it is told."""

    at_end = False

    def __init__(self, destination: str, facts: Facts) -> None:
        self.facts, self.lines = facts, list[Any]()

    def begin(self, row: TrialRow) -> str:
        self.lines.append(("begin", row.number))
        return f"run-{row.number}"

    def points(self, handle: str, metric: str, points: Sequence[tuple[int, float]]) -> None:
        self.lines.append((handle, metric, [step for step, _ in points]))

    def end(self, handle: str, row: TrialRow) -> None:
        self.lines.append((handle, row.state))

    def close(self) -> None:
        self.lines.append("closed")


def told(folder: SessionFolder, logger: Any, kept: Path) -> int:
    """One process's work: everything that is there now."""
    follower = Follower(folder, lambda facts: logger, kept)
    try:
        with Reader(folder) as reader:
            return follower.look(reader) + 0 * follower.look(reader)
    finally:
        follower.close()


def test_each_thing_is_told_once_also_by_a_later_process(folder: SessionFolder, tmp_path: Path) -> None:
    first, later, last = (Heard("", Facts("", "", "", "", "")) for _ in range(3))
    kept = tmp_path / "kept.json"

    assert told(folder, first, kept) == 3
    assert first.lines == [
        ("begin", 0), ("run-0", "loss", [0, 1]), ("run-0", "COMPLETE"),
        ("begin", 1), ("run-1", "loss", [0, 1]), ("run-1", "FAIL"),
        ("begin", 2), ("run-2", "loss", [0]), ("run-2", "COMPLETE"),
        ("begin", 3), ("run-3", "loss", [0]), "closed",
    ]  # fmt: skip
    goes_on(folder)
    assert (told(folder, later, kept), told(folder, last, kept)) == (4, 4)
    assert later.lines == [("run-3", "loss", [1, 2]), ("run-3", "PRUNED"), "closed"]
    assert last.lines == ["closed"]


def test_two_at_once_do_not_tell_everything_twice(folder: SessionFolder, tmp_path: Path) -> None:
    heard, kept = Heard("", Facts("", "", "", "", "")), tmp_path / "kept.json"
    first = Follower(folder, lambda facts: heard, kept)

    with pytest.raises(SessionError, match="another `hptui log-to` writes this session there already"):
        told(folder, heard, kept)
    first.close()

    assert (told(folder, heard, kept), heard.lines.count(("begin", 0))) == (3, 1)


def test_how_far_it_came_is_kept_on_the_way_for_it_may_be_killed(
    folder: SessionFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, seen = tmp_path / "kept.json", list[list[str]]()

    class Killable(Heard):
        def begin(self, row: TrialRow) -> str:
            _, known = msgspec.json.decode(kept.read_bytes()) if kept.exists() else ("", {})
            seen.append([number for number, one in known.items() if one["ended"]])
            return super().begin(row)

    monkeypatch.setattr(follow, "KEEP_S", 0.0)
    told(folder, Killable("", Facts("", "", "", "", "")), kept)

    assert seen == [[], ["0"], ["0", "1"], ["0", "1", "2"]]


def test_one_that_hears_at_the_end_hears_the_whole_curve(folder: SessionFolder, tmp_path: Path) -> None:
    heard = Heard("", Facts("", "", "", "", ""))
    heard.at_end = True
    told(folder, heard, tmp_path / "kept.json")
    goes_on(folder)
    told(folder, heard, tmp_path / "kept.json")

    assert heard.lines[-5:] == ["closed", ("begin", 3), ("run-3", "loss", [0, 1, 2]), ("run-3", "PRUNED"), "closed"]


def test_a_logger_that_fails_is_said_and_what_it_was_told_is_kept(folder: SessionFolder, tmp_path: Path) -> None:
    class Broken(Heard):
        def end(self, handle: str, row: TrialRow) -> None:
            if row.number == 1:
                raise ConnectionError("the server is gone")
            super().end(handle, row)

    with pytest.raises(SessionError, match="the logger failed: ConnectionError: the server is gone"):
        told(folder, Broken("", Facts("", "", "", "", "")), tmp_path / "kept.json")
    again = Heard("", Facts("", "", "", "", ""))
    told(folder, again, tmp_path / "kept.json")

    assert again.lines[:3] == [("run-1", "FAIL"), ("begin", 2), ("run-2", "loss", [0])]


def test_one_that_hears_at_the_end_and_failed_hears_that_trial_whole_again(
    folder: SessionFolder, tmp_path: Path
) -> None:
    class Broken(Heard):
        at_end = True

        def end(self, handle: str, row: TrialRow) -> None:
            raise OSError("no space left")

    with pytest.raises(SessionError, match="no space left"):
        told(folder, Broken("", Facts("", "", "", "", "")), tmp_path / "kept.json")
    again = Heard("", Facts("", "", "", "", ""))
    again.at_end = True
    told(folder, again, tmp_path / "kept.json")

    assert again.lines[:3] == [("begin", 0), ("run-0", "loss", [0, 1]), ("run-0", "COMPLETE")]


def test_another_session_of_the_same_name_is_not_mixed_in(folder: SessionFolder, tmp_path: Path) -> None:
    heard = Heard("", Facts("", "", "", "", ""))
    told(folder, heard, tmp_path / "kept.json")
    other = SessionFolder(tmp_path / "elsewhere" / "digits")
    create_session(other, "", {"id": "other", "metric": "loss"})

    with pytest.raises(SessionError, match="of another session"):
        told(other, heard, tmp_path / "kept.json")


def test_a_folder_that_can_not_be_written_is_said(folder: SessionFolder, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(SessionError, match="can't be written: File exists"):
        told(folder, Heard("", Facts("", "", "", "", "")), tmp_path / "file" / "kept.json")


def test_a_logger_that_is_not_there_is_said_with_the_nearest() -> None:
    with pytest.raises(SessionError, match='did you mean "tensorboard"'):
        logger_of("tensorbord")


def test_a_tracking_uri_is_the_same_place_from_every_folder(
    folder: SessionFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kept(destination: str, where: str) -> Path:
        (tmp_path / where).mkdir(exist_ok=True)
        monkeypatch.chdir(tmp_path / where)
        return kept_at("mlflow", destination, folder, "id-1")

    assert kept("http://tracker:5000", "a") == kept("http://tracker:5000", "b")
    assert kept("sqlite:///m.db", "a") == kept(f"sqlite:///{tmp_path}/a/m.db", "b") != kept("sqlite:///m.db", "b")
    assert kept("runs", "a") == Path(f"runs/.hptui-mlflow-{folder.name}.json")


def written(folder: SessionFolder, name: str, destination: Path) -> None:
    made = logger_of(name)
    for step in (lambda _: None, goes_on):  # by two processes: before and after the last trial ends
        step(folder)
        follower = Follower(folder, lambda facts: made(str(destination), facts), destination / "kept.json")
        with Reader(folder) as reader:
            follower.look(reader)
        follower.close()


def test_tensorboard_has_a_run_for_each_trial(folder: SessionFolder, tmp_path: Path) -> None:
    pytest.importorskip("tensorboardX", reason="pip install 'hptui[tensorboard]'")
    written(folder, "tensorboard", tmp_path / "runs")
    found = read_tensorboard(tmp_path / "runs", "loss", "minimize")

    assert [each.curve for each in found.trials if each.number != 1] == [
        ((0, 1.0), (1, 0.5)), ((0, 0.75),), tuple((n, pytest.approx(loss)) for n, loss in enumerate((0.9, 0.8, 0.7)))
    ]  # fmt: skip
    assert found.trials[0].params == {"lr": 0.1, "layers": "[3, 3]", "state": "COMPLETE"}


def test_mlflow_has_a_run_for_each_trial(folder: SessionFolder, tmp_path: Path) -> None:
    pytest.importorskip("mlflow", reason="pip install 'hptui[mlflow]'")
    from mlflow import MlflowClient

    written(folder, "mlflow", tmp_path / "mlruns")
    client = MlflowClient(tracking_uri=(tmp_path / "mlruns").as_uri())
    experiment = client.get_experiment_by_name("digits")
    runs = {run.data.tags["hptui.trial"]: run for run in client.search_runs([experiment.experiment_id])}

    assert {n: run.info.status for n, run in runs.items()} == {
        "0": "FINISHED", "1": "FAILED", "2": "FINISHED", "3": "KILLED"
    }  # fmt: skip
    assert runs["0"].data.params == {"lr": "0.1", "layers": "[3, 3]"}
    assert [(m.step, m.value) for m in client.get_metric_history(runs["0"].info.run_id, "loss")] == [(0, 1.0), (1, 0.5)]


def test_wandb_has_an_offline_run_for_each_trial_that_ended(folder: SessionFolder, tmp_path: Path) -> None:
    pytest.importorskip("wandb", reason="pip install 'hptui[wandb]'")
    written(folder, "wandb", tmp_path / "runs")

    made = sorted(each.name.rpartition("-")[2] for each in (tmp_path / "runs" / "wandb").glob("offline-run-*"))
    assert made == ["0", "1", "2", "3"]
