"""What a line of the trials table says. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.cells import cell_len

from hptui.core.review.front import further
from hptui.core.store.rows import TrialRow
from hptui.core.study.remarks import is_pinned, note_of, priority_of, remarks_of, tags_of
from hptui.core.study.study import Goal
from hptui.tui.glyphs import Align, harmless
from hptui.tui.snapshot import Facts, Parameter, Snapshot
from hptui.tui.views.cells import Cell, Cells, series
from hptui.tui.views.devices import place
from hptui.tui.views.numbers import duration, number, percent, plain, unknown
from hptui.tui.views.states import STATE_WIDTH, state_cell

_NOT_ANSWERS = ("PRUNED", "FAIL")


@dataclass(frozen=True, slots=True)
class Title:
    """A column. `key`: what the filter and the sort call it; the rest is as in `panes.line_table.Column`."""

    key: str
    title: str
    width: int
    align: Align = "left"
    priority: int = 0
    grow: bool = False


@dataclass(frozen=True, slots=True)
class Marks:
    """What the user did to rows: nothing of it is in the database."""

    pinned: frozenset[int] = frozenset()
    drawn: frozenset[int] = frozenset()  # trials whose curve is on the chart
    wished: Mapping[int, str] = field(default_factory=dict)  # trial -> what was asked and is not answered yet


NO_MARKS = Marks()
WHY_FITS = 70


def titles(facts: Facts, width: int = WHY_FITS) -> tuple[Title, ...]:
    """Every column, the dispensable with a low priority. Depends on study and width alone, so nothing shifts.

    Below `WHY_FITS` cells parameters come before where and why.
    """
    where_and_why = 5 if width >= WHY_FITS else 3
    metric = harmless(facts.metric) or "value"
    return (
        Title("mark", "", 1, priority=6),
        Title("id", "id", 5, "right", 9),
        Title("state", "state", STATE_WIDTH, priority=9),
        Title("value", metric, max(8, min(cell_len(metric) + 1, 14)), "right", 8),
        *map(_objective, facts.also),
        Title("step", "prog", 5, "right", 7),
        *map(_parameter, facts.space),
        Title("gpu", "on", 5 if (facts.slots or 0) > 10 else 4, priority=where_and_why),  # cpu10 is the eleventh
        Title("time", "time", 6, "right", 2),
        Title("why", "why", 16, priority=where_and_why, grow=True),
    )


def _objective(goal: Goal) -> Title:
    name = harmless(goal.metric)
    return Title(f"o.{goal.metric}", name, max(8, min(cell_len(name) + 1, 14)), "right", 8)


def _parameter(parameter: Parameter) -> Title:
    definition, name = parameter.definition, harmless(parameter.name)
    choices = definition.get("choices")
    if isinstance(choices, (list, tuple)) and choices:
        width = max(cell_len(plain(choice)) for choice in choices)
        align = "left" if any(isinstance(choice, (str, bool, type(None))) for choice in choices) else "right"
    elif definition.get("type") == "int":
        width, align = max(len(plain(definition.get(end))) for end in ("low", "high")), "right"
    else:
        width, align = 6, "right"
    width = max(3, min(width, 10), min(cell_len(name), 8))
    return Title(f"p.{parameter.name}", name, width, "left" if align == "left" else "right", 4)


def trial_line(snapshot: Snapshot, number_: int, keys: tuple[str, ...], marks: Marks = NO_MARKS) -> Cells:
    """One cell per column of `keys`."""
    trial = snapshot.trials.get(number_)
    if trial is None:
        return tuple(Cell("") for _ in keys)
    return tuple(_cell(snapshot, trial, key, marks) for key in keys)


def _cell(snapshot: Snapshot, trial: TrialRow, key: str, marks: Marks) -> Cell:
    style = "muted" if trial.state in _NOT_ANSWERS else ""
    if key.startswith("p."):
        return Cell(plain(trial.params.get(key[2:])), style)
    if key.startswith("o."):
        return Cell(number(further(trial, key[2:])), _front_style(snapshot, trial, style))
    match key:
        case "mark":
            return mark(trial.number, marks)
        case "id":
            return Cell(str(trial.number), style)
        case "state":
            return state_cell(trial, snapshot.at, marks.wished.get(trial.number))
        case "value":
            return Cell(number(trial.value), _front_style(snapshot, trial, style))
        case "step":
            return Cell(progress(snapshot.facts, trial), "" if trial.state == "RUNNING" else "muted")
        case "gpu":
            return Cell(place(snapshot, trial), style)
        case "time":
            return Cell(duration(trial.ran_s(snapshot.now)), style)
        case "why":
            return Cell(why(trial), "muted")
    return Cell(unknown())


def _front_style(snapshot: Snapshot, trial: TrialRow, style: str) -> str:
    """The best trial's value stands out, with several objectives those of all that nobody beats."""
    best = snapshot.best if snapshot.facts.also else snapshot.best[:1]
    return "best" if trial.number in best else style


def mark(number_: int, marks: Marks) -> Cell:
    """`◆` pinned to the chart, `•` drawn on it; the colour is the curve's."""
    if number_ in marks.pinned:
        return Cell("+", series(number_) + " bold")
    return Cell("•", series(number_)) if number_ in marks.drawn else Cell("")


def share_done(facts: Facts, trial: TrialRow) -> float | None:
    """How far it has come, 0 to 1; None when nobody said how far there is to go.

    Steps are taken to be counted from 0, as budgets count them: after step 0 of 15 a fifteenth is done.
    """
    if trial.state == "COMPLETE":
        return 1.0
    if trial.step is None or not facts.max_steps:
        return None
    return min((max(trial.step, 0) + 1) / facts.max_steps, 1.0)


def progress(facts: Facts, trial: TrialRow) -> str:
    """`46%`, or the step itself when nobody said how far there is to go."""
    share = share_done(facts, trial)
    if share is not None and facts.max_steps:
        return percent(share)
    return unknown() if trial.step is None else str(trial.step)


def why(trial: TrialRow) -> str:
    """The reason it is where it is, else why this point was chosen; before it what the user made of the trial."""
    proposal = trial.proposal if trial.origin in ("sampler", "heir", "") else f"{trial.origin}: {trial.proposal}"
    broke = f"broke {', '.join(trial.broken)}; " if trial.broken else ""
    return f"{remark(trial)}{broke}{trial.reason or proposal}"


def remark(trial: TrialRow) -> str:
    """`#keep "look again" pinned · `; "" for a trial of which nothing is said."""
    remarks = remarks_of(trial.attrs)
    if not remarks:
        return ""
    said = [f"#{tag}" for tag in tags_of(remarks)]
    said += [f'"{note_of(remarks)}"'] if note_of(remarks) else []
    said += ["pinned"] if is_pinned(trial.attrs) else []
    if trial.state == "WAITING" and priority_of(trial.attrs):
        said.append(f"priority {priority_of(trial.attrs)}")
    return f"{' '.join(said)} · " if said else ""
