"""Adopting a configuration as the baseline of the next round, with the evidence for it. Pure.

As the Deep Learning Tuning Playbook has it (Godbole et al. 2023): a change is adopted when its gain is unlikely to be
the luck of a seed; a single run of each proves nothing, and both cases are told apart here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from hptui.core.advice.finding import Edit
from hptui.core.review.trust import Repeated, against_baseline, compared, repeated
from hptui.core.space.parameter import Categorical
from hptui.core.space.space import Space
from hptui.core.store.rows import TrialRow
from hptui.core.study.durations import format_duration

Proof = Literal["shown", "open", "against"]
DEARER = 1.25  # times as long as the baseline, from which on it is said


@dataclass(frozen=True)
class Adoption:
    """proof: shown when the 95 % interval of the gain over the baseline is above 0; against when the configuration is
    the baseline or worse than it; open when chance is not excluded."""

    trial: int
    params: Mapping[str, Any]
    evidence: str
    proof: Proof


def adoption(rows: Sequence[TrialRow], sign: float, trial: int | None = None) -> Adoption | None:
    """trial: of the configuration to adopt; None: the best of those with most runs, else the best. sign: loss = sign *
    value. None when the trial is not complete, or nothing is.
    """
    known = repeated(rows, sign)
    chosen = compared(known, sign) or next(iter(known), None) if trial is None else _of(known, trial)
    if chosen is None:
        return None
    evidence, proof = _evidence(chosen, known, sign)
    evidence += _dearer(chosen, next((one for one in known if one.baseline), None), rows)
    return Adoption(chosen.numbers[0] if trial is None else trial, chosen.params, evidence, proof)


def _of(known: Sequence[Repeated], trial: int) -> Repeated | None:
    return next((one for one in known if trial in one.numbers), None)


def _evidence(chosen: Repeated, known: Sequence[Repeated], sign: float) -> tuple[str, Proof]:
    base = next((one for one in known if one.baseline), None)
    mine = told(chosen)
    if chosen.baseline:
        return f"{mine}: it was the baseline before", "against"
    if base is None:
        return f"{mine}; there was no baseline to compare with", "open"
    against = against_baseline([chosen, base], sign)
    assert against is not None  # both are there
    over = f"{mine}, the baseline {told(base)}: "
    if against.gain <= 0:
        return f"{over}no gain ({against.gain:.3g})", "against"
    if math.isnan(against.p):
        return f"{over}gain {against.gain:.3g}, and a single run of one of them: chance is not excluded", "open"
    numbers = f"gain {against.gain:.3g}, 95 % {against.low:.3g} to {against.high:.3g}, p = {against.p:.2g}"
    return (f"{over}{numbers}", "shown") if against.low > 0 else (f"{over}{numbers}: chance is not excluded", "open")


def _dearer(chosen: Repeated, base: Repeated | None, rows: Sequence[TrialRow]) -> str:
    """What its runs cost beside the baseline's, where that differs: a gain has to be worth it."""
    if base is None or base is chosen:
        return ""
    took = {row.number: row.ran_s(0.0) or 0.0 for row in rows}
    mine, theirs = (median(took[number] for number in one.numbers) for one in (chosen, base))
    if min(mine, theirs) <= 0 or max(mine, theirs) < 1 or 1 / DEARER < mine / theirs < DEARER:
        return ""
    return f"; a run takes {format_duration(mine)}, {mine / theirs:.2g} times the baseline's {format_duration(theirs)}"


def told(one: Repeated) -> str:
    """0.9712 ± 0.003 over 3 runs"""
    n = len(one.values)
    return f"{one.mean:.5g} in one run" if n == 1 else f"{one.mean:.5g} ± {one.half:.2g} over {n} runs"


def baseline_edits(
    definitions: Mapping[str, Any], written: Mapping[str, Any], params: Mapping[str, Any], *, enqueue: bool
) -> list[Edit]:
    """The changes that make `params` the baseline: as the parameters' defaults, or as the first enqueued point.

    definitions: the space in full; written: [space] as the study file has it, empty for one that the objective
    defines, whose baseline can only be enqueued. Earlier enqueued points were tried, and go.
    """
    if enqueue or not written:
        return [Edit(("enqueue",), [dict(params)])]
    space = Space.parse(definitions)
    x, _ = space.locate(params)
    edits = [Edit(("enqueue",), None)]
    for (name, parameter), u in zip(space.parameters.items(), x, strict=True):
        if math.isnan(u) or name not in written:
            continue
        value = parameter.value(u)  # before scaling, as a default is
        if isinstance(written[name], list):
            assert isinstance(parameter, Categorical)
            edits.append(Edit(("space", name), {"type": "categorical", "choices": written[name], "default": value}))
        else:
            edits.append(Edit(("space", name, "default"), value))
    return edits
