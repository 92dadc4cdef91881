"""What an objective gets: its parameters, and a way to report how it goes. Named after Optuna's trial."""

from __future__ import annotations

import operator
import os
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from hptui.core.space.parameter import Categorical, Float, Int
from hptui.core.study.trial import key_of
from hptui.core.wire.request import Start
from hptui.core.wire.spool import Attr, Defined
from hptui.core.worker import suggest
from hptui.core.worker.checkpoint import Checkpoints
from hptui.core.worker.link import Link
from hptui.core.worker.outcome import as_number

TELLABLE = 100
"""Lines that a trial may have in the ledger."""


class TrialPruned(Exception):
    """Raise it to end a trial as pruned. `optuna.TrialPruned` means the same."""


class Trial:
    """One point of the space, while its objective runs. Made by hptui; belongs to one process.

    params: name -> value, as the study proposed them and as `suggest_*` drew them.
    device: "cuda" when the trial was given a GPU (the only one it can see), else "cpu".
    shared: what the study's `shared` function returned; loaded once for all trials where that is safe.
    max_steps: how far the study lets a trial go, or None.
    budget: how far this call of the objective is to go, in the unit of max_steps: all the way, unless the study
        says `rerun = true`; then the objective is called again with a larger one when it earns that.
    """

    def __init__(self, start: Start, link: Link, shared: Callable[[], Any]) -> None:
        self.number = start.number
        self.params: dict[str, Any] = dict(start.params)
        self.seed = start.seed
        self.device = "cpu" if start.device.partition(":")[0] == "cpu" else "cuda"
        self.max_steps = start.max_steps
        self.budget = start.max_steps
        self.user_attrs: dict[str, Any] = dict(start.user_attrs)
        self.datetime_start = datetime.now()
        self.threads_before = len(os.listdir("/proc/self/task"))  # of its process, before the objective made any
        self.checkpoint = Checkpoints(link, self.device, start.checkpoint_from)
        self._metric = start.metric
        self._rerun = start.rerun
        self._defines = start.defines
        self._proposed = start.params
        self._asked: dict[str, Any] = {}
        self._link = link
        self._load_shared = shared
        self._shared: list[Any] = []

    @property
    def budget_share(self) -> float:
        """`budget` as a share of the largest one, at most 1: of the data, or of an image's size."""
        return 1.0 if self.budget is None or self.max_steps is None else self.budget / self.max_steps

    def __repr__(self) -> str:
        return f"Trial(number={self.number}, params={self.params})"

    def __getstate__(self) -> Any:
        raise TypeError(
            "a Trial belongs to its process; send trial.params instead, "
            "or train in several processes by hptui.core.training.distribute"
        )

    @property
    def shared(self) -> Any:
        if not self._shared:
            self._shared.append(self._load_shared())
        return self._shared[0]

    # parameters

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """The trial's value of a float parameter.

        From the study where it has the parameter, even outside low .. high; else drawn from low .. high.
        Raises ObjectiveError when the study's space lacks it.
        """
        if name in self._asked:
            return float(self._asked[name])
        return float(self._answer(name, suggest.asked_float(name, low, high, step, log)))

    def suggest_int(self, name: str, low: int, high: int, *, step: int = 1, log: bool = False) -> int:
        """The trial's value of a whole-number parameter; see `suggest_float`."""
        if name in self._asked:
            return int(self._asked[name])
        return int(self._answer(name, suggest.asked_int(name, low, high, step, log)))

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """One of the choices, the very object; see `suggest_float`."""
        if name in self._asked:
            return self._asked[name]
        choices = list(choices)
        value = self._answer(name, suggest.asked_choice(name, choices))
        position = suggest.position(choices, value)
        if position is not None:
            value = self._asked[name] = self.params[name] = choices[position]
        return value

    def suggest_uniform(self, name: str, low: float, high: float) -> float:
        """`suggest_float(name, low, high)`, as Optuna called it once."""
        return self.suggest_float(name, low, high)

    def suggest_loguniform(self, name: str, low: float, high: float) -> float:
        """`suggest_float(name, low, high, log=True)`, as Optuna called it once."""
        return self.suggest_float(name, low, high, log=True)

    def suggest_discrete_uniform(self, name: str, low: float, high: float, q: float) -> float:
        """`suggest_float(name, low, high, step=q)`, as Optuna called it once."""
        return self.suggest_float(name, low, high, step=q)

    def _answer(self, name: str, parameter: Float | Int | Categorical) -> Any:
        if name in self._proposed:
            value, oddity = suggest.given(parameter, name, self._proposed[name])
            if oddity:
                self._link.note(oddity)
        elif self._defines:
            value = suggest.draw(parameter, name, self.seed)
        else:
            raise suggest.missing(name, list(self._proposed))
        self._asked[name] = self.params[name] = value
        if self._defines:
            self._link.append(Defined(time.time(), {name: value}, {name: suggest.definition(parameter)}))
        return value

    # how it goes

    def report(self, value: float, step: int, **others: float) -> None:
        """Record the objective's value at a step, and other metrics beside it.

        Takes microseconds; at a milestone of the study's pruner it waits for the verdict, and here the trial waits
        while it is paused. A step reported again replaces what was reported before.
        Raises TrialPruned when the trial was told to stop before and `should_prune()` was not heeded; TypeError when
        `step` is not a whole number or a value is not a number.
        """
        if self._rerun:
            self._link.note("report() is not heard with rerun = true: the objective's result counts at trial.budget")
            return
        if type(step) is not int:
            step = as_step(step)
        if not 0 <= step < 2**53:
            said = "2**53 or more, and no step" if step > 0 else f"{step} but cannot be negative"
            raise ValueError(f"The `step` argument is {said}.")
        number = value if type(value) is float else _as_value(value)
        if others:
            others = {name: _as_other(name, other) for name, other in others.items()}
            if others.pop(self._metric, None) is not None:
                self._link.note(f"report() was given {self._metric} twice; the first argument counts")
        if self._link.report(number, step, others):
            raise TrialPruned(f"told to stop before step {step}")

    def tell(self, text: str) -> None:
        """Say a line in the ledger: what the training decided, and why. The same line once, TELLABLE at most."""
        if self._link.noted < TELLABLE:
            self._link.note(" ".join(str(text).split())[:500], "told")
        else:
            self._link.note(f"said {TELLABLE} things by trial.tell(); what it says further is not kept")

    def report_test(self, value: float) -> None:
        """Record the study's held-out metric (`[test] metric`), once, at the end: neither sampler nor pruner sees it.

        Raises TypeError when the value is not a number.
        """
        number = _as_value(value)
        if self._link.test is None:
            self._link.note("report_test() is not kept: the study has no [test] metric")
        else:
            self._link.keep_test(number)

    def should_prune(self) -> bool:
        """Whether the trial was told to stop; then `raise hptui.TrialPruned()`."""
        return self._link.told_to_stop()

    def mute(self) -> None:
        """In a fork that trains along: from now on reports, lines and checkpoints go nowhere, and nothing is heard."""
        self._link.muted = True

    def set_constraint(self, name: str, value: float) -> None:
        """Keep the value of a constraint: at most 0 where it holds. A trial that breaks one is never the best.

        Said again, the last one counts. NaN counts as broken. Raises TypeError when the value is not a number.
        """
        number = as_number(value)
        if number is None:
            raise TypeError(f"The constraint `{name}` is of type '{type(value)}' but supposed to be a float.")
        self._link.constrain(str(name), number)

    def set_user_attr(self, key: str, value: Any) -> None:
        """Keep something with the trial: any JSON value; text is kept of anything else.

        A name under which hptui keeps something of its own, such as rung, becomes user_rung; the ledger says so.
        """
        self.user_attrs[key] = value
        if (kept := key_of(str(key))) != str(key):
            self._link.note(f"set_user_attr: hptui has a {key} of its own, so this one is kept as {kept}")
        self._link.append(Attr(time.time(), kept, suggest.as_json(value)))


def as_step(step: Any) -> int:
    """A whole number of any type. Raises TypeError."""
    try:
        return operator.index(step)
    except TypeError:
        pass
    if isinstance(step, float) and step.is_integer():
        return int(step)
    raise TypeError(f"The `step` argument is of type '{type(step)}' but supposed to be an int.")


def _as_value(value: Any) -> float:
    number = as_number(value)
    if number is None:
        raise TypeError(f"The `value` argument is of type '{type(value)}' but supposed to be a float.")
    return number


def _as_other(name: str, value: Any) -> float:
    if type(value) is float:
        return value
    number = as_number(value)
    if number is None:
        raise TypeError(f"The metric `{name}` is of type '{type(value)}' but supposed to be a float.")
    return number
