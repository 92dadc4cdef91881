"""Population-based training: the worst trials end; others go on from a better one's checkpoint, a little changed."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hptui.core.search.crowd import Crowd
from hptui.core.search.protocol import Compared, Curve, Every, Heir, Stop
from hptui.core.search.pruners.wording import number, two_numbers
from hptui.core.space.parameter import Categorical, Float, Int
from hptui.core.space.reading import show
from hptui.core.space.space import Params, Space


@dataclass(frozen=True)
class PopulationBased:
    """Every `interval` steps a trial among the worst `share` of the population is replaced by an heir of a good one.

    Nobody waits for the others: who comes to a step first is compared with nobody there.
    The population are the trials that run, and those that came to their end. The donor is drawn from the best `share`
    that still run; its heir has its weights, by `trial.checkpoint`, and its parameters, each times or divided by
    `factor`, or with the chance `resample` drawn anew (a choice is kept, or drawn anew).

    Source: Jaderberg et al. 2017, "Population Based Training of Neural Networks", section 3; truncation selection and
    the defaults of its appendix A.
    """

    interval: int = 5
    share: float = 0.2
    factor: float = 1.2
    resample: float = 0.25
    sign: float = 1.0

    def milestones(self) -> Every:
        return Every(self.interval, self.interval)

    def judge(self, curve: Curve, others: Sequence[Curve]) -> Stop | None:
        step, previous = curve.last_step, int(curve.steps[-2]) if len(curve.steps) > 1 else -1
        if not self.milestones().reached(step, previous) or self._is_young(curve):
            return None
        crowd, mine = Crowd.of(others), math.inf if math.isnan(curve.last) else curve.last
        running = [(one.at(step), one.number) for one in crowd.live if not math.isnan(one.at(step))]
        ranked = sorted([*crowd.ended.ranked_at(step), *running, (mine, curve.number)])
        worst = min(math.ceil(self.share * len(ranked)), len(ranked) // 2)
        rank = 1 + bisect_left(ranked, (mine, curve.number))
        if rank <= len(ranked) - worst:
            return None
        donors = sorted(place for place in running if place < ranked[worst])
        if not donors:
            return None
        loss, donor = donors[np.random.default_rng([curve.number, step]).integers(len(donors))]
        value, its = two_numbers(mine, loss, self.sign)
        said = (
            f"step {step}: rank {rank} of {len(ranked)} with {value}, the worst {worst} give way; "
            f"trial {donor} has {its} there, and an heir goes on from it"
        )
        limit = ranked[len(ranked) - worst - 1][0]
        return Stop(said, Compared(mine, limit, len(ranked), rank=rank, kept=len(ranked) - worst), Heir(donor))

    def _is_young(self, curve: Curve) -> bool:
        """An heir that has not had `interval` steps with its own parameters yet."""
        return bool(curve.steps[0] > 1 and curve.last_step - curve.steps[0] + 1 < self.interval)

    def explore(self, space: Space, donor: Params, seed: int, place: tuple[int, int]) -> tuple[Params, str]:
        """The heir's parameters, and what is different from the donor's. place: the trial replaced, and the step."""
        rng = np.random.default_rng([seed, *place])
        x = space.point({name: value for name, value in donor.items() if name in space.names})
        fresh, drawn, up = rng.random((3, space.dim))
        for j, parameter in enumerate(space.parameters.values()):
            if np.isnan(x[j]) or drawn[j] < self.resample:
                x[j] = fresh[j]
            elif not isinstance(parameter, Categorical) and parameter.high > parameter.low:
                x[j] = _times(parameter, float(x[j]), self.factor if up[j] < 0.5 else 1 / self.factor)
        params = space.values(np.clip(x, 0.0, 1.0))
        new = {name: value for name, value in params.items() if donor.get(name) != value}
        said = ", ".join(f"{name} {_told(donor.get(name))} → {_told(value)}" for name, value in new.items())
        return params, said or "nothing changed"


def _times(parameter: Float | Int, u: float, factor: float) -> float:
    """The coordinate of the value at `u` times `factor`, inside the range; of steps the nearest, but another one."""
    value = parameter.value(u)
    wanted = min(max(value * factor, parameter.low), parameter.high)
    if parameter.count is None:
        return parameter.unit(wanted)
    here, there = (round((v - parameter.low) / (parameter.step or 1)) for v in (value, wanted))
    if there == here and value:
        there += 1 if value * factor > value else -1
    return parameter.unit(parameter.at(min(max(there, 0), parameter.count - 1)))


def _told(value: object) -> str:
    if value is None:
        return "–"
    return number(float(value), 1.0) if isinstance(value, float) else show(value)
