"""What the top lines of a trial's own screen say. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hptui.core.review.front import values_of
from hptui.core.store.rows import TrialRow
from hptui.core.study.remarks import is_pinned, note_of, priority_of, remarks_of, tags_of
from hptui.core.study.trial import OURS
from hptui.tui.glyphs import fit, harmless, short
from hptui.tui.snapshot import Snapshot
from hptui.tui.views.cells import Cell, Cells, cells, squeeze
from hptui.tui.views.devices import place
from hptui.tui.views.numbers import clock, duration, number, plain, size
from hptui.tui.views.states import state_cell


def trial_header(snapshot: Snapshot, trial: TrialRow | None, width: int, wished: str | None = None) -> Cells:
    """`trial 96  ▸ run  g4  0.6549 at step 415 of 500  best 0.6012  12m03s`"""
    if trial is None:
        return cells(("this trial is not there", "muted"))
    facts = snapshot.facts
    of = f" of {facts.max_steps}" if facts.max_steps else ""
    at = f" at step {trial.step}{of}" if trial.step is not None else ""
    started = f"started {clock(trial.started_at)}" if trial.started_at else "not started"
    best = cells((f"best {number(trial.best)}", "")) if trial.best is not None else ()
    ran = cells((duration(trial.ran_s(snapshot.now)), "muted")) if trial.started_at else ()
    rank = snapshot.rank(trial.number)
    retry = cells((f"again {trial.retry_of}", "info")) if trial.retry_of is not None else ()
    return squeeze(
        (
            (0, cells((f"trial {trial.number}", "strong bold"))),
            (0, (state_cell(trial, snapshot.at, wished),)),
            (1, cells((_values(snapshot, trial, max(width // 5, 12)), "best" if rank == 0 else ""), (at, "muted"))),
            (2, cells((place_of(snapshot, rank), "best"))) if rank is not None else (2, ()),
            (4, best) if not facts.also else (4, ()),
            (3, cells((f"on {place(snapshot, trial)}", "")) if trial.state in ("RUNNING", "PAUSED") else ()),
            (5, ran),
            (6, cells((started, "muted"))),
            (7, retry),
            (8, cells((facts.name, "muted"))),
        ),
        width,
    )


def _values(snapshot: Snapshot, trial: TrialRow, most: int) -> str:
    """`val_loss 0.6549`, and every further objective; their names in `most` cells."""
    goals = snapshot.facts.goals
    found = zip(goals, values_of(trial, goals), strict=True)
    return "  ".join(f"{short(goal.metric, most)} {number(value)}" for goal, value in found)


def place_of(snapshot: Snapshot, rank: int) -> str:
    """Among the best; with several objectives nobody is first."""
    return "on the front" if snapshot.facts.also else f"rank {rank + 1}"


def why_line(snapshot: Snapshot, trial: TrialRow) -> Cells:
    """`✗ failed     RuntimeError: …`: why it is not complete, or does not run; () when there is nothing to explain."""
    if trial.state in ("COMPLETE", "RUNNING") or not trial.reason:
        return ()
    state = state_cell(trial, snapshot.at)
    return (Cell(fit(state.text, 10) + "  ", state.style), Cell(harmless(trial.reason)))


def about_lines(snapshot: Snapshot, trial: TrialRow, heard: float | None = None) -> tuple[Cells, ...]:
    """What else is known of it, a line each: remarks, where it came from, time, what it used.

    heard: when a trial that runs last said something.
    """
    remarks = remarks_of(trial.attrs)
    pairs = [
        ("note", note_of(remarks)),
        ("tags", " ".join(tags_of(remarks))),
        ("pinned", "no rule may hold or stop it" if is_pinned(trial.attrs) else ""),
        ("priority", str(priority_of(trial.attrs) or "") if trial.state == "WAITING" else ""),
        ("point", f"{trial.origin}: {trial.proposal}"),
        ("retry of", f"trial {trial.retry_of}" if trial.retry_of is not None else ""),
        ("time", _times(snapshot, trial, heard)),
        ("place", f"{trial.device}, slot {trial.slot}" if trial.device is not None and trial.started_at else ""),
        ("memory", _peak(trial)),
        ("process", f"pid {trial.pid}" if trial.pid and snapshot.alive else ""),
        ("seed", str(trial.seed)),
    ]
    pairs += [(name, told(trial.attrs[key])) for key, (name, told) in _OURS.items() if key in trial.attrs]
    pairs += [(key, _told(value)) for key, value in trial.attrs.items() if key not in OURS]
    return tuple((Cell(fit(name, 10) + "  ", "muted"), Cell(text)) for name, text in pairs if text)


def _told(value: object) -> str:
    """`a 1, b 2` for a table."""
    return ", ".join(f"{key} {plain(one)}" for key, one in value.items()) if isinstance(value, dict) else plain(value)


PEAK, STEP_S = "gpu_memory_peak_bytes", "step_s"  # attributes that the scheduler measures
_OURS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "checkpoint_step": ("checkpoint", lambda step: "" if step is None else f"of step {step}"),
    "constraint_values": ("constraint", _told),
    "host_peak_bytes": ("main mem", lambda peak: f"at most {size(peak)}" if isinstance(peak, int) else ""),
    "times_lost": ("lost", lambda times: f"{plain(times)} times, and tried again"),
}
"""Of the attributes that hptui keeps for itself those that tell a user something, and how."""


def _peak(trial: TrialRow) -> str:
    """The most memory it took on its GPUs, as far as it was measured."""
    peak = trial.attrs.get(PEAK)
    return f"at most {size(int(peak))} of GPU memory" if isinstance(peak, (int, float)) else ""


def _times(snapshot: Snapshot, trial: TrialRow, heard: float | None) -> str:
    """`waited 12s, ran 4m07s, 0.42s a step, last report 27s ago`"""
    said = []
    if trial.started_at is not None:
        said.append(f"waited {duration(max(trial.started_at - trial.created_at, 0.0))}")
        said.append(f"ran {duration(trial.ran_s(snapshot.now))}")
        step_s = trial.attrs.get(STEP_S)
        if isinstance(step_s, (int, float)):
            said.append(f"{step_s:.3g}s a step")
    if heard is not None:
        ago = f"last report {duration(max(snapshot.now - heard, 0.0))} ago"
        said.append("no report yet" if trial.step is None else ago)
    if trial.ended_at is not None:
        said.append(f"ended {clock(trial.ended_at)}")
    return ", ".join(said)
