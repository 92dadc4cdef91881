"""`hptui check --run`: what a few short trials say of an objective."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from hptui.core.advice.heeding import heeds, moves, not_tried
from hptui.core.advice.sanity import Answer, Ran, Scaling, answers, largest_that_gains, scaling
from hptui.core.devices.inventory import Inventory
from hptui.core.errors import StudyError
from hptui.core.scheduler.target import Target
from hptui.core.space import Categorical, Parameter, Space
from hptui.core.space.roles import Role, role_of
from hptui.core.study.durations import parse_duration
from hptui.core.study.script import read_script
from hptui.core.study.study import Study
from hptui.tui.commands.answers import duration, folded, harmless, number, plural, say, size, table
from hptui.tui.commands.trying import Short, try_out

MOST_SIZES = 6
ONE_BATCH = "one_batch"
NOTHING_COMPLETE = 3
SOON_S = 30.0  # that trying each parameter may take without being asked for


@dataclass(frozen=True)
class Looked:
    """All that was found out. full_s: one trial of the study, to its max_steps."""

    first: Ran
    answers: list[Answer]
    sizes: list[Scaling]
    batch: str = ""  # the parameter that is the batch size
    full_s: float | None = None
    log: str = ""  # of a trial that failed

    @property
    def ok(self) -> bool:
        return not any(answer.ok is False and answer.level == "warning" for answer in self.answers)

    @property
    def exit_status(self) -> int:
        return 0 if self.ok else NOTHING_COMPLETE if self.first.state == "FAIL" else 1


def look(
    source: Target, study: Study, short: Short, per_epoch: bool, each: bool, overrides: Mapping[str, Any]
) -> Looked:
    """Run the trials and judge them: the baseline twice, each batch size once, one batch by heart.

    each: also each parameter moved, however long that takes; else where it takes less than SOON_S.
    """
    if study.budget.max_steps is not None and study.budget.max_steps < short.steps:
        short = Short(study.budget.max_steps, short.limit_s)
    given = {key: value for key, value in overrides.items() if key in ("seed", "devices", "gpus", "direction")}
    space = Space.parse(study.space)
    baseline = space.defaults()
    say(f"trial 0, {plural(short.steps, 'step')} long, in a process of its own")
    (first,) = try_out(source, study, short, [baseline], given)
    again = one = use = None
    tried: list[tuple[float, Ran]] = []
    batch = ""
    if first.reports or first.state != "FAIL":
        batch, sizes = batch_sizes(space) if first.reports else ("", [])
        sizes = sizes if len(sizes) > 1 else []
        moving = moves(space) if space.dim else []
        soon = each or _took_s(first) * len(moving) <= SOON_S
        if moving and not soon:
            use = not_tried(len(moving), duration(_took_s(first)))
        moved = moving if soon else []
        say(
            "the same again"
            + (f", batch sizes {', '.join(f'{one:g}' for one in sizes)}" if sizes else "")
            + (f", and {plural(len(moved), 'parameter')} moved one by one" if moved else "")
        )
        points = [baseline, *(at(space, batch, one) for one in sizes), *(at(space, *move) for move in moved)]
        again, *others = try_out(source, study, short, points, given)
        tried = list(zip(sizes, others, strict=False))
        if moved:
            shown = zip(moved, others[len(sizes) :], strict=False)
            use = heeds(first, again, [(name, value, ran) for (name, value), ran in shown])
        if function := one_batch_of(source, study):
            say("one batch, by heart")
            (one,) = try_out(source, study, short, [baseline], given, function)
    steps = study.budget.max_steps
    full = first.step_s * steps + (first.startup_s or 0) if first.step_s is not None and steps else None
    log = next((ran.log for ran in (first, one) if ran is not None and ran.state == "FAIL"), "")
    found = [*answers(first, again, one, short.steps), *([] if use is None else [use])]
    return Looked(first, found, scaling(tried, per_epoch), batch, full, log)


def _took_s(ran: Ran) -> float:
    return 0.0 if ran.began_at is None or ran.ended_at is None else ran.ended_at - ran.began_at


def one_batch_of(source: Target, study: Study) -> str | None:
    """The script's function for it, if it has one."""
    if study.objective.script is None:
        return None
    text = (source.folder / os.path.expanduser(study.objective.script)).read_text(encoding="utf-8", errors="replace")
    return ONE_BATCH if ONE_BATCH in read_script(text).objectives else None


def batch_sizes(space: Space) -> tuple[str, list[float]]:
    """The parameter that is the batch size, and at most MOST_SIZES of its values, ascending; "" without one."""
    for name, parameter in space.parameters.items():
        if role_of(name) is Role.BATCH_SIZE:
            values = sorted(set(_values(parameter)))
            keep = np.unique(np.linspace(0, len(values) - 1, min(len(values), MOST_SIZES)).round().astype(int))
            return name, [values[k] for k in keep]
    return "", []


def _values(parameter: Parameter) -> Iterator[float]:
    if isinstance(parameter, Categorical):
        yield from (c for c in parameter.choices if isinstance(c, int | float) and not isinstance(c, bool) and c > 0)
        return
    value = max(float(parameter.low), 1.0)
    while value <= parameter.high:  # doublings, to the nearest value that there is
        yield parameter.value(parameter.unit(_nearest(parameter, value)))
        value *= 2


def _nearest(parameter: Any, value: float) -> float:
    step = parameter.step or (1 if isinstance(parameter.low, int) else 0)
    return parameter.low + round((value - parameter.low) / step) * step if step else value


def at(space: Space, name: str, value: Any) -> Mapping[str, Any]:
    """The baseline with this value; what is scaled by it follows."""
    definitions = space.definitions()
    return Space.parse({**definitions, name: {**definitions[name], "default": value}}).defaults()


def short_of(steps: int, limit: str) -> Short:
    """Raises StudyError for a limit that is no time."""
    try:
        return Short(steps, parse_duration(limit))
    except ValueError as wrong:
        raise StudyError("--limit", *str(wrong).split(": ", 1)) from None


def as_json(found: Looked) -> dict[str, Any]:
    first = found.first
    return {
        "ok": found.ok,
        "answers": [{k: v for k, v in asdict(a).items() if k != "level"} for a in found.answers],
        "trial": {
            "params": first.params, "state": first.state, "reason": first.reason,
            "reports": [[step, value] for _, step, value in first.reports],
        },
        "step_s": first.step_s, "startup_s": first.startup_s, "full_s": found.full_s,
        "memory_bytes": first.host_bytes, "gpu_memory_bytes": first.gpu_bytes,
        "batch_sizes": [asdict(row) for row in found.sizes],
    }  # fmt: skip


def lines(found: Looked, study: Study, here: Inventory) -> list[str]:
    marks = {True: "✓", False: "✗", None: "·"}
    out = []
    for answer in found.answers:
        mark = "!" if answer.ok is False and answer.level == "hint" else marks[answer.ok]
        out.append(folded(f"{mark} {answer.question:<11} {harmless(answer.says)}", " " * 14))
        out += [folded(f"  {'':<11} {answer.do}", " " * 14)] if answer.do else []
    out += [folded(f"  {name:<11} {text}", " " * 14) for name, text in _costs(found, study, here)]
    if found.sizes:
        out += ["", *_sizes(found.sizes, found.batch)]
    if found.log:
        out += ["", "the end of its log:", *(f"    {line}" for line in harmless(found.log).splitlines()[-15:])]
    return out


def _costs(found: Looked, study: Study, here: Inventory) -> Iterator[tuple[str, str]]:
    first = found.first
    if first.step_s is not None:
        ends = (_time(min(first.steps_s)), _time(max(first.steps_s)))
        spread = f" ({ends[0]} to {ends[1]})" if len(first.steps_s) > 1 else ""
        starting = "" if first.startup_s is None else f", starting up {_time(first.startup_s)}"
        yield "step time", f"{_time(first.step_s)}{spread}{starting}"
    memory = [f"{size(first.host_bytes)} of the machine"] if first.host_bytes else []
    memory += [on_gpu(first.gpu_bytes, here)] if first.gpu_bytes else []
    if memory:
        yield "memory", ", ".join(memory)
    if found.full_s is not None and study.budget.max_steps:
        n = study.budget.n_trials
        every = "" if n is None else f"; {n}, {here.at_once} at once: {duration(found.full_s * n / here.at_once)}"
        yield "full trial", f"{plural(study.budget.max_steps, 'step')}: about {duration(found.full_s)}{every}"


def on_gpu(peak_bytes: int, here: Inventory) -> str:
    """What a trial had of a GPU, and how many such trials the smallest one holds."""
    totals = [device.memory_total_bytes for device in here.devices if device.memory_total_bytes]
    if not here.on_gpus or not totals:
        return f"{size(peak_bytes)} of the GPU"
    fit = min(totals) // peak_bytes
    return f"{size(peak_bytes)} of the GPU's {size(min(totals))}: it holds {plural(fit, 'such trial')}"


def _sizes(rows: Sequence[Scaling], name: str) -> Iterator[str]:
    cells = [
        (
            f"{row.batch:g}",
            _time(row.step_s),
            "–" if row.speed is None else f"{row.speed:.2f}x",
            "–" if row.gain is None else f"{row.gain:.2f}x",
            size(row.gpu_bytes or row.host_bytes),
            row.word,
        )
        for row in rows
    ]
    heads = (name, "step time", "throughput", "by doubling", "memory", "")
    yield from table(heads, cells, right=frozenset(range(5))).splitlines()
    best = largest_that_gains(rows)
    if best is not None:
        yield folded(
            f"beyond {best:g} a larger batch gains nothing: choose by speed, and tune the learning rate with it"
            if best != rows[-1].batch
            else f"still faster at {best:g}, the largest: a larger one may be faster yet"
        )


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    return f"{number(float(f'{seconds * 1000:.3g}'))} ms" if seconds < 1 else duration(seconds)
