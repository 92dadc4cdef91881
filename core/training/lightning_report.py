"""A callback of PyTorch Lightning that reports to a trial: metrics after each epoch, and stopping when told to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hptui.core.errors import ObjectiveError
from hptui.core.training.ranks import alone
from hptui.core.training.reporting import beside, numbers, told_to_stop, where_it_is, without

if TYPE_CHECKING:
    from lightning.pytorch import LightningModule, Trainer
    from lightning.pytorch.callbacks import Callback
else:
    try:
        from lightning.pytorch.callbacks import Callback
    except ImportError:
        try:
            from pytorch_lightning.callbacks import Callback
        except ImportError as missing:
            raise without("LightningReport", "PyTorch Lightning", "lightning") from missing


class LightningReport(Callback):  # type: ignore[misc]  # optional, so unknown here
    """After each training epoch: `trial.report(monitor, epoch, all other logged metrics)`.

        report = LightningReport(trial, "val_loss")
        trainer = Trainer(max_epochs=trial.max_steps, callbacks=[report])
        trainer.fit(model, data)
        return report.value

    An epoch without validation reports nothing where `monitor` begins with val. A trial that is told to stop
    raises TrialPruned out of `fit`. With `checkpoint` the trainer's whole state is saved after each report, so that a
    held trial may go on elsewhere: `trainer.fit(model, data, ckpt_path=report.resume_from, weights_only=False)`.
    That restores the optimizer's rates, too: an heir of `pbt` sets its own again in `on_train_start`.
    Raises ObjectiveError when `monitor` was not logged by the end of the first epoch with validation.
    """

    def __init__(self, trial: Any, monitor: str, *, checkpoint: bool = False) -> None:
        super().__init__()
        self.trial, self.monitor, self.checkpoint = alone(trial), monitor, checkpoint
        self.value: float | None = None  # last reported
        self._validated = False

    @property
    def resume_from(self) -> str | None:
        """The file to go on from, or None at the first start."""
        state = self.trial.checkpoint.load()
        return None if state is None else where_it_is(self.trial.checkpoint, state["lightning"])

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._validated = not trainer.sanity_checking

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        known = numbers(trainer.callback_metrics)
        validates = bool(trainer.val_dataloaders)
        validated, self._validated = self._validated, False
        if validates and not validated and self.monitor.startswith("val"):
            return  # what is there is of an earlier epoch
        if self.monitor not in known:
            hint = f"log it in the module: self.log({self.monitor!r}, ...); logged are {', '.join(known) or 'none'}"
            problem = f"{self.monitor} was not logged in epoch {trainer.current_epoch}"
            raise ObjectiveError("LightningReport", problem, hint)
        self.value = known.pop(self.monitor)
        epoch = trainer.current_epoch
        if self.checkpoint:
            self._save(trainer, epoch)
        stop = False
        if trainer.is_global_zero:
            self.trial.report(self.value, epoch, **beside(known))
            stop = bool(self.trial.should_prune())
        if trainer.strategy.broadcast(stop):
            raise told_to_stop(epoch)

    def _save(self, trainer: Trainer, epoch: int) -> None:
        """Beside the last one, then named as the one to go on from, then the old one goes: one is always whole."""
        folder: Path = self.trial.checkpoint.path
        file = folder / f"lightning-{epoch}.ckpt"
        trainer.save_checkpoint(file)
        if trainer.is_global_zero:
            self.trial.checkpoint.save({"lightning": str(file)}, epoch)
            for old in folder.glob("lightning-*.ckpt"):
                if old != file:
                    old.unlink(missing_ok=True)
