"""What a stored session shows to the rules of `core.advice`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from hptui.core.advice.finding import Edit, Finding
from hptui.core.advice.flags import red_flags
from hptui.core.advice.lint import lint
from hptui.core.advice.seen import End, Seen, SeenTrial
from hptui.core.errors import HptuiError
from hptui.core.space.space import Space
from hptui.core.store.reader import Reader
from hptui.core.store.rows import TrialRow
from hptui.core.study.file import load_study
from hptui.core.study.remarks import FACT, dismissed_of
from hptui.core.study.study import Direction

CURVES = 60  # that many curves are read: the best trials', then the latest
_CAUSES: dict[str, End] = {"nan": "nan", "oom": "infeasible", "infeasible": "infeasible"}
_STATES: dict[str, End] = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}


def diagnose(reader: Reader, max_steps: int | None = None) -> list[Finding]:
    """Red flags and good signs of a session, live or past. max_steps: the study's, where it has one."""
    return red_flags(seen(reader, max_steps))


def advice(reader: Reader, max_steps: int | None = None) -> list[Finding]:
    """All that is to be said of a session: what its study gets wrong, as far as it can be read, then its red flags.

    The flags come last: what the trials have shown outweighs what is usual, and of two edits the later one counts.
    """
    return in_one_voice(_of_study(reader), diagnose(reader, max_steps))


def in_one_voice(study: Sequence[Finding], flags: Sequence[Finding]) -> list[Finding]:
    """First the ends of ranges that what the study is told moves further: of two edits the later one counts.

    On a linear scale small values all lie at the end: where the scale is wrong, nothing is said of that.
    """
    rescaled = {finding.about for finding in study if finding.rule == "linear-where-log-belongs"}
    edges = [flag for flag in flags if flag.rule == "best-at-edge"]
    short = [flag for flag in edges if flag.edits and _moved_further(flag.edits[0], study)]
    empty = [flag for flag in edges if not flag.edits and flag.about in rescaled]
    return [
        *(replace(flag, do=f"{flag.do}; better, take the wider range that is proposed below") for flag in short),
        *study,
        *(flag for flag in flags if flag not in short and flag not in empty),
    ]


def _moved_further(edge: Edit, study: Sequence[Finding]) -> bool:
    sign = 1 if edge.key[-1] == "high" else -1
    wider = [edit.value for finding in study for edit in finding.edits if edit.key == edge.key]
    return any(isinstance(value, int | float) and sign * value >= sign * edge.value for value in wider)


def _of_study(reader: Reader) -> list[Finding]:
    try:
        text, given = reader.folder.study.read_text(encoding="utf-8", errors="replace"), reader.fact("overrides")
        study = load_study(text, where=str(reader.folder.study), folder=None, overrides=given)
    except (HptuiError, OSError):
        return []  # of another version, imported, or edited by hand
    return [finding for finding in lint(study) if finding.level == "warning" and finding.edits]


def standing(reader: Reader, findings: Sequence[Finding]) -> list[Finding]:
    """Those that nobody has dismissed."""
    dismissed = dismissed_of(reader.fact(FACT) or {})
    return [finding for finding in findings if finding.key not in dismissed]


def seen(reader: Reader, max_steps: int | None = None) -> Seen:
    """All trials, and the curves of those that the rules look at."""
    facts = reader.facts()
    direction: Direction = facts.get("direction", "minimize")
    metric = facts.get("metric", "value")
    sign = -1.0 if direction == "maximize" else 1.0
    space = Space.parse(reader.parameters())
    rows = sorted(reader.trials(), key=lambda row: row.number)
    chosen = _with_curves(rows, sign)
    curves = reader.curves(chosen, metric)
    twin = _training_twin(metric, reader.metric_names())
    twins = reader.curves(chosen, twin) if twin else {}
    trials = tuple(_trial(row, space.dim, sign, curves.get(row.number, []), twins.get(row.number, [])) for row in rows)
    return Seen(space, trials, sign, metric, max_steps, str(facts.get("pruner", "")))


def _with_curves(rows: Sequence[TrialRow], sign: float) -> list[int]:
    known = [row for row in rows if row.is_answer]
    best = sorted(known, key=lambda row: sign * (row.value or 0.0))[: CURVES // 2]
    latest = [row for row in rows if row.step is not None][-CURVES // 2 :]
    return sorted({row.number for row in (*best, *latest)})


def _trial(
    row: TrialRow, dim: int, sign: float, curve: Sequence[tuple[int, float]], twin: Sequence[tuple[int, float]]
) -> SeenTrial:
    trained = dict(twin)
    loss = None if row.value is None or row.broken else sign * row.value
    end = _CAUSES.get(row.cause or "", _STATES.get(row.state, "open"))
    if end in ("complete", "pruned") and loss is not None and not math.isfinite(loss):
        end = "nan"
    return SeenTrial(
        row.number,
        end,
        row.params,
        (*row.x, *[None] * dim)[:dim],  # a space that defines itself was smaller when the trial was proposed
        loss,
        row.origin,
        -1 if row.step is None else row.step,
        np.array([step for step, _ in curve], dtype=float),
        np.array([sign * value for _, value in curve], dtype=float),
        np.array([sign * trained.get(step, math.nan) for step, _ in curve], dtype=float) if twin else np.empty(0),
    )


def _training_twin(metric: str, names: Sequence[str]) -> str | None:
    """`train_loss` for `val_loss`: the same quantity on the training data, when it is reported."""
    bare = metric.lower()
    for prefix in ("validation_", "valid_", "val_", "eval_", "test_"):
        bare = bare.removeprefix(prefix)
    wanted = {f"train_{bare}", f"training_{bare}", f"{bare}_train", f"train/{bare}"}
    return next((name for name in names if name.lower() in wanted), None)
