"""A callback of Hugging Face's Trainer that reports to a trial: metrics after each evaluation, stopping when told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from hptui.core.errors import ObjectiveError
from hptui.core.training.ranks import alone
from hptui.core.training.reporting import agreed, beside, numbers, told_to_stop, where_it_is, without

if TYPE_CHECKING:
    from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
else:
    try:
        from transformers import TrainerCallback
    except ImportError as missing:
        raise without("TrainerReport", "Hugging Face's transformers", "hf") from missing

TRAINING = ("loss", "grad_norm", "learning_rate")
"""What the Trainer logs while training; reported beside the value as it stood last."""


class TrainerReport(TrainerCallback):  # type: ignore[misc]  # optional, so unknown here
    """After each evaluation: `trial.report(metric, step, all other metrics)`.

        report = TrainerReport(trial, "eval_loss")
        trainer = Trainer(model, TrainingArguments(trial.checkpoint.path, eval_strategy="epoch", save_strategy="epoch",
                          num_train_epochs=trial.max_steps, seed=trial.seed), ..., callbacks=[report])
        trainer.train(resume_from_checkpoint=report.resume_from)
        return report.value

    unit: of the step. epoch: whole epochs, the first is 0; step: the optimizer's steps. A trial that is told to stop
    raises TrialPruned out of `train`. Whatever the Trainer saves under `trial.checkpoint.path` is what the trial goes
    on from, should it be held and moved. An heir of `pbt` sets its own rate, and its schedule's, again in
    `on_train_begin`. Raises ObjectiveError when an evaluation has no such metric.
    """

    def __init__(self, trial: Any, metric: str = "eval_loss", *, unit: Literal["epoch", "step"] = "epoch") -> None:
        if unit not in ("epoch", "step"):
            raise ObjectiveError("TrainerReport", f"unit is {unit!r}, neither epoch nor step")
        self.trial, self.metric, self.unit = alone(trial), metric, unit
        self.value: float | None = None  # last reported

    @property
    def resume_from(self) -> str | None:
        """The folder to go on from, or None at the first start."""
        state = self.trial.checkpoint.load()
        return None if state is None else where_it_is(self.trial.checkpoint, state["trainer"])

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: dict[str, float] | None = None,
        **_: Any,
    ) -> None:
        known = numbers(metrics or {})
        name = self.metric if self.metric in known else f"eval_{self.metric}"
        if name not in known:
            hint = f"return it from compute_metrics; there are {', '.join(known) or 'none'}"
            raise ObjectiveError("TrainerReport", f"the evaluation has no metric {self.metric}", hint)
        self.value = known.pop(name)
        step = self._step(state)
        stop = False
        if state.is_world_process_zero:
            self.trial.report(self.value, step, **beside({**_training(state), **known}))
            stop = bool(self.trial.should_prune())
        if agreed(stop):
            raise told_to_stop(step)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        if state.is_world_process_zero:
            folder = f"{args.output_dir}/checkpoint-{state.global_step}"
            self.trial.checkpoint.save({"trainer": folder}, self._step(state))

    def _step(self, state: TrainerState) -> int:
        return max(round(state.epoch or 0) - 1, 0) if self.unit == "epoch" else int(state.global_step)


def _training(state: TrainerState) -> dict[str, float]:
    logged: dict[str, Any] = {}
    for entry in state.log_history:
        logged.update({name: entry[name] for name in TRAINING if name in entry})
    return {f"train_{name}" if name == "loss" else name: value for name, value in numbers(logged).items()}
