"""The callbacks inside the real Trainers of PyTorch Lightning and Hugging Face."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import hptui
from hptui.core.errors import ObjectiveError
from hptui.core.training import Rank, distribute, forks
from hptui.core.training.reporting import beside, where_it_is


def test_a_package_that_is_missing_is_named_with_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import hptui.core.training as training

    for name in ("lightning", "lightning.pytorch", "lightning.pytorch.callbacks", "pytorch_lightning", "transformers"):
        monkeypatch.setitem(sys.modules, name, None)
    for module in ("lightning_report", "trainer_report"):
        monkeypatch.delitem(sys.modules, f"hptui.core.training.{module}", raising=False)

    for callback, extra in (("LightningReport", "lightning"), ("TrainerReport", "hf")):
        with pytest.raises(ObjectiveError, match="is not installed") as wrong:
            getattr(training, callback)
        assert f"pip install 'hptui[{extra}]'" in str(wrong.value)


class Saved:
    """As `trial.checkpoint` is."""

    def __init__(self, path: Path) -> None:
        self.path, self.state, self.step = path, None, None

    def save(self, state: Any, step: int | None = None) -> None:
        self.state, self.step = state, step

    def load(self) -> Any:
        return self.state

    @property
    def found_in(self) -> Path:
        return self.path


class Heard:
    """A trial that writes down what it is told."""

    device = "cpu"

    def __init__(self, path: Path, stop_at: int | None = None) -> None:
        self.threads_before = len(os.listdir("/proc/self/task"))
        self.reports: list[tuple[int, float, dict[str, float]]] = []
        self.checkpoint, self.stop_at = Saved(path), stop_at

    def report(self, value: float, step: int, **others: float) -> None:
        self.reports.append((step, value, others))

    def should_prune(self) -> bool:
        return self.reports[-1][0] == self.stop_at

    def mute(self) -> None:
        """In another process this is a copy."""

    @property
    def steps(self) -> list[int]:
        return [step for step, _, _ in self.reports]


def stopped_in_two(path: Path, train: Callable[[Any], None]) -> Heard:
    """A trial that two processes train until they are told to stop at step 1; both must leave then."""

    def told(rank: Rank) -> None:
        try:
            train(rank)
        except hptui.TrialPruned:
            (path / f"left-{rank.rank}").touch()
            raise

    trial = Heard(path, stop_at=1)
    with pytest.raises(hptui.TrialPruned, match="told to stop at step 1"):
        distribute(trial, told, 2)
    assert trial.steps == [0, 1]
    assert sorted(file.name for file in path.glob("left-*")) == ["left-0", "left-1"]
    return trial


def test_what_lies_beside_a_state_is_found_where_the_state_is(tmp_path: Path) -> None:
    (tmp_path / "lightning-3.ckpt").touch()
    saved = Saved(tmp_path)

    assert where_it_is(saved, "/another/node/lightning-3.ckpt") == str(tmp_path / "lightning-3.ckpt")
    assert where_it_is(saved, "/a/place/of/ones/own/epoch-3") == "/a/place/of/ones/own/epoch-3"


def test_metrics_with_the_names_of_what_report_takes_are_reported_all_the_same(tmp_path: Path) -> None:
    trial = Heard(tmp_path)

    trial.report(0.5, 0, **beside({"step": 7.0, "value": 1.0, "val_loss": 0.5}))

    assert trial.reports == [(0, 0.5, {"step_logged": 7.0, "value_logged": 1.0, "val_loss": 0.5})]


@pytest.mark.parametrize(
    ("fails", "says", "note"),
    [(0, "the first one failed", ""), (1, r"[Cc]onnection|[Rr]ead error", "process 1 of 2 was killed by SIGKILL")],
)
def test_who_failed_first_is_told_and_who_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: int, says: str, note: str
) -> None:
    monkeypatch.setattr(forks, "MOMENT_S", 0.3)

    def train(rank: Rank) -> None:
        torch.distributed.barrier()
        if rank.rank == fails == 0:
            raise ValueError("the first one failed")
        if rank.rank == fails:
            os.kill(os.getpid(), signal.SIGKILL)
        torch.distributed.barrier()

    with pytest.raises((ValueError, RuntimeError), match=says) as failed:
        distribute(Heard(tmp_path), train, 2)
    assert getattr(failed.value, "__notes__", [""]) == [note]


X = torch.linspace(-1, 1, 32)[:, None]
Y = 3 * X + 1


@pytest.fixture(scope="module")
def lightning() -> Any:
    return pytest.importorskip("lightning.pytorch", reason="pip install 'hptui[lightning]'")


class TestLightning:
    def fit(self, lightning: Any, report: Any, path: Path, epochs: int = 3, log: str = "val_loss", **more: Any) -> Any:
        class Line(lightning.LightningModule):
            def __init__(self) -> None:
                super().__init__()
                self.line = nn.Linear(1, 1)

            def training_step(self, batch: Any, _: int) -> torch.Tensor:
                loss = nn.functional.mse_loss(self.line(batch[0]), batch[1])
                self.log("train_loss", loss, on_step=False, on_epoch=True)
                return loss

            def validation_step(self, batch: Any, _: int) -> None:
                self.log(log, nn.functional.mse_loss(self.line(batch[0]), batch[1]))

            def configure_optimizers(self) -> Any:
                return torch.optim.SGD(self.parameters(), lr=0.1)

        loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, Y), batch_size=8)
        trainer = lightning.Trainer(
            max_epochs=epochs, accelerator="cpu", logger=False, enable_checkpointing=False,
            enable_progress_bar=False, enable_model_summary=False, callbacks=[report], default_root_dir=path,
            **{"devices": 1, **{key: value for key, value in more.items() if key != "ckpt_path"}},
        )  # fmt: skip
        resume = {"ckpt_path": more["ckpt_path"], "weights_only": False} if more.get("ckpt_path") else {}
        trainer.fit(Line(), loader, loader, **resume)
        return trainer

    def test_each_epoch_is_reported_once_with_what_was_logged(self, lightning: Any, tmp_path: Path) -> None:
        from hptui.core.training import LightningReport

        trial = Heard(tmp_path)
        report = LightningReport(trial, "val_loss")
        trainer = self.fit(lightning, report, tmp_path)

        assert trial.steps == [0, 1, 2]  # not the sanity check before the first
        values = [value for _, value, _ in trial.reports]
        assert values == sorted(values, reverse=True) and report.value == values[-1]
        assert values[-1] == pytest.approx(float(trainer.callback_metrics["val_loss"]))
        assert all(set(others) == {"train_loss"} for _, _, others in trial.reports)
        assert trial.reports[1][2]["train_loss"] < trial.reports[0][2]["train_loss"]

    def test_an_epoch_without_validation_reports_nothing(self, lightning: Any, tmp_path: Path) -> None:
        from hptui.core.training import LightningReport

        trial = Heard(tmp_path)
        self.fit(lightning, LightningReport(trial, "val_loss"), tmp_path, epochs=4, check_val_every_n_epoch=2)

        assert trial.steps == [1, 3]

    def test_a_trial_that_is_told_to_stop_leaves_fit_and_goes_on_from_its_checkpoint(
        self, lightning: Any, tmp_path: Path
    ) -> None:
        from hptui.core.training import LightningReport

        trial = Heard(tmp_path, stop_at=1)
        with pytest.raises(hptui.TrialPruned, match="told to stop at step 1"):
            self.fit(lightning, LightningReport(trial, "val_loss", checkpoint=True), tmp_path, epochs=9)
        assert trial.steps == [0, 1] and trial.checkpoint.step == 1
        assert [file.name for file in tmp_path.glob("*.ckpt")] == ["lightning-1.ckpt"]

        trial.stop_at = None
        report = LightningReport(trial, "val_loss", checkpoint=True)
        self.fit(lightning, report, tmp_path, epochs=4, ckpt_path=report.resume_from)
        assert trial.steps == [0, 1, 2, 3]
        assert trial.reports[2][1] < trial.reports[1][1]

    def test_two_processes_report_once_and_leave_together(self, lightning: Any, tmp_path: Path) -> None:
        from hptui.core.training import LightningReport

        def train(rank: Rank) -> None:
            report = LightningReport(rank, "val_loss", checkpoint=True)
            self.fit(lightning, report, tmp_path, epochs=9, strategy="ddp", devices=2)

        trial = stopped_in_two(tmp_path, train)

        assert trial.reports[1][1] < trial.reports[0][1]
        assert trial.checkpoint.step == 1 and Path(trial.checkpoint.state["lightning"]).exists()

    def test_a_metric_that_is_not_logged_is_named(self, lightning: Any, tmp_path: Path) -> None:
        from hptui.core.training import LightningReport

        with pytest.raises(ObjectiveError, match="val_loss was not logged in epoch 0") as wrong:
            self.fit(lightning, LightningReport(Heard(tmp_path), "val_loss"), tmp_path, log="val_error")
        assert "logged are val_error, train_loss" in str(wrong.value)


@pytest.fixture(scope="module")
def transformers() -> Any:
    pytest.importorskip("accelerate", reason="pip install 'hptui[hf]'")
    return pytest.importorskip("transformers", reason="pip install 'hptui[hf]'")


class TestTrainer:
    def train(self, transformers: Any, report: Any, path: Path, epochs: int = 3) -> None:
        class Line(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.line = nn.Linear(1, 1)

            def forward(self, x: torch.Tensor, labels: torch.Tensor) -> dict[str, torch.Tensor]:
                out = self.line(x)
                return {"loss": nn.functional.mse_loss(out, labels), "logits": out}

        data = [{"x": x, "labels": y} for x, y in zip(X, Y, strict=True)]
        args = transformers.TrainingArguments(
            str(path), num_train_epochs=epochs, per_device_train_batch_size=8, learning_rate=0.1, eval_strategy="epoch",
            save_strategy="epoch", save_total_limit=1, logging_strategy="epoch", report_to="none", disable_tqdm=True,
            use_cpu=True, seed=3, remove_unused_columns=False,
        )  # fmt: skip
        trainer = transformers.Trainer(
            Line(), args, train_dataset=data, eval_dataset=data, callbacks=[report],
            compute_metrics=lambda p: {"largest": abs(p.predictions - p.label_ids).max().item()},
        )  # fmt: skip
        trainer.train(resume_from_checkpoint=report.resume_from)

    def test_each_evaluation_is_reported_once_with_what_was_logged(self, transformers: Any, tmp_path: Path) -> None:
        from hptui.core.training import TrainerReport

        trial = Heard(tmp_path)
        report = TrainerReport(trial, "largest")
        self.train(transformers, report, tmp_path)

        assert trial.steps == [0, 1, 2]
        values = [value for _, value, _ in trial.reports]
        assert values == sorted(values, reverse=True) and report.value == values[-1]
        assert {"eval_loss", "train_loss", "learning_rate", "grad_norm"} <= set(trial.reports[0][2])

    def test_a_trial_that_is_told_to_stop_leaves_train_and_goes_on_from_its_checkpoint(
        self, transformers: Any, tmp_path: Path
    ) -> None:
        from hptui.core.training import TrainerReport

        trial = Heard(tmp_path, stop_at=2)
        with pytest.raises(hptui.TrialPruned, match="told to stop at step 2"):
            self.train(transformers, TrainerReport(trial), tmp_path, epochs=5)
        assert trial.steps == [0, 1, 2]

        trial.stop_at = None
        self.train(transformers, TrainerReport(trial), tmp_path, epochs=5)
        assert trial.steps == [0, 1, 2, 2, 3, 4]  # epoch 2 was stopped before it was saved, and is done again

    def test_two_processes_report_once_and_leave_together(self, transformers: Any, tmp_path: Path) -> None:
        from hptui.core.training import TrainerReport

        stopped_in_two(tmp_path, lambda rank: self.train(transformers, TrainerReport(rank), tmp_path, epochs=5))

    def test_a_metric_that_is_not_there_is_named(self, transformers: Any, tmp_path: Path) -> None:
        from hptui.core.training import TrainerReport

        with pytest.raises(ObjectiveError, match="no metric accuracy") as wrong:
            self.train(transformers, TrainerReport(Heard(tmp_path), "accuracy"), tmp_path, epochs=1)
        assert "eval_largest" in str(wrong.value)
