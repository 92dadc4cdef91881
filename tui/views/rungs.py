"""What a session's rungs say: who is held where and waits for what, what giving up early has saved. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hptui.core.review.pruning import Pruning, pruning
from hptui.core.search.pruners.wording import percent as chance
from hptui.core.store.rows import TrialRow
from hptui.core.study.trial import AT_RUNG
from hptui.tui.snapshot import Snapshot
from hptui.tui.views.cells import Cell, Cells, series
from hptui.tui.views.numbers import duration, number, percent

MOST_AHEAD = 3  # trials that were ahead of the winner and are named


@dataclass(frozen=True, slots=True)
class Held:
    """A trial that waits at its rung. rank, cohort: when it came; others have come since, and some went on."""

    number: int
    value: float | None
    rank: int | None
    cohort: int | None
    goes_on: bool  # as soon as a slot is free


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung of one bracket. came: trials that got there; those neither held nor cut went on."""

    bracket: int | None
    step: int
    came: int
    cut: int
    held: tuple[Held, ...]  # the best one first
    kept: int | None  # how many go on, and up to what value: as the latest verdict said
    threshold: float | None

    @property
    def went_on(self) -> int:
        return self.came - self.cut - len(self.held)


def rungs(snapshot: Snapshot) -> tuple[Rung, ...]:
    """Every rung that a trial was judged at, by bracket and step."""
    sign, judged = snapshot.facts.sign, []
    for row in snapshot.trials.rows():
        stand = stand_of(row)
        if stand:
            judged.append((row, stand))
    places = {(stand.get("bracket") or 0, int(stand["rung"])) for _, stand in judged}
    return tuple(_rung(bracket or None, step, judged, sign) for bracket, step in sorted(places))


def stand_of(row: TrialRow) -> Mapping[str, Any]:
    """What its last verdict at a rung compared; empty for one that was never judged at a rung."""
    stand = row.attrs.get(AT_RUNG)
    return stand if isinstance(stand, Mapping) and isinstance(stand.get("rung"), int) else {}


def _rung(bracket: int | None, step: int, judged: list[tuple[TrialRow, Mapping[str, Any]]], sign: float) -> Rung:
    mine = [(row, stand) for row, stand in judged if stand.get("bracket") == bracket and stand["rung"] >= step]
    here = [(row, stand) for row, stand in mine if stand["rung"] == step]
    held = [_held(row, stand) for row, stand in here if row.state == "PAUSED" and row.why == "rung"]
    last = max((stand for _, stand in here), key=lambda stand: stand.get("cohort") or 0, default={})
    return Rung(
        bracket=bracket,
        step=step,
        came=len(mine),
        cut=sum(row.state == "PRUNED" for row, _ in here),
        held=tuple(sorted(held, key=lambda one: (sign * (one.value or 0.0), one.number))),
        kept=last.get("kept"),
        threshold=last.get("threshold"),
    )


def _held(row: TrialRow, stand: Mapping[str, Any]) -> Held:
    return Held(row.number, stand.get("value"), stand.get("rank"), stand.get("cohort"), row.resume_wanted)


def rung_line(rung: Rung) -> Cells:
    """`rung   9   21 came   7 on  12 held   2 cut  the best 7 go on, up to 0.412`."""
    name = f"rung {rung.step:<3}" if rung.bracket is None else f"bracket {rung.bracket} rung {rung.step:<3}"
    counts = f" {rung.came:>3} came {rung.went_on:>3} on {len(rung.held):>3} held {rung.cut:>3} cut"
    mark = "" if rung.kept is None else f"  {_go_on(rung.kept, rung.threshold)}"
    return (Cell(name, "strong"), Cell(counts), Cell(mark, "muted"))


def held_line(held: Held, place: int) -> Cells:
    """`   14    0.5200  3. in line; rank 9 of 21 when it came`. place: 1 for the best held at its rung."""
    lead = (Cell("  "), Cell(str(held.number).rjust(5), series(held.number)), Cell(f"  {number(held.value):>8}  "))
    if held.goes_on:
        return (*lead, Cell("goes on as soon as a slot is free", "good"))
    line = "next in line" if place == 1 else f"{place}. in line"
    came = "" if held.rank is None else f"; rank {held.rank} of {held.cohort} when it came"
    return (*lead, Cell(line, "paused"), Cell(came, "muted"))


def predicted(snapshot: Snapshot) -> dict[int, Cells]:
    """A line for each trial held by what its curve is predicted to end with, by its number, the best one first.

    Empty where no trial was predicted. The line of all has the key -1.
    """
    stands = {row.number: row.attrs.get(AT_RUNG) for row in snapshot.trials.rows()}
    known = {number: stand for number, stand in stands.items() if isinstance(stand, Mapping) and "chance" in stand}
    if not known:
        return {}
    rows = list(snapshot.trials.rows())
    held = [row for row in rows if row.state == "PAUSED" and row.why == "rung"]
    counts = [f"{len(held)} held", *(f"{n} {what}" for what in ("complete", "pruned") if (n := _count(rows, what)))]
    lines: dict[int, Cells] = {
        -1: (
            Cell("by predicted end", "strong"),
            Cell("  " + ", ".join(counts)),
            Cell("  %: chance of beating the best so far", "muted"),
        )
    }
    sign = snapshot.facts.sign
    order = {row.number: (row.number not in known, sign * known.get(row.number, {}).get("value", 0.0)) for row in held}
    for row in sorted(held, key=lambda row: (not row.resume_wanted, order[row.number], row.number)):
        lines[row.number] = _predicted_line(row, known.get(row.number))
    return lines


def _count(rows: list[TrialRow], state: str) -> int:
    return sum(row.state == state.upper() for row in rows)


def _predicted_line(row: TrialRow, stand: Mapping[str, Any] | None) -> Cells:
    """`   14  step 6    0.5200  ends near 0.4811, rank 3 of 21, 4 %`: as it was when it was held."""
    where = f"  step {'–' if row.step is None else row.step:<4} {number(row.value):>8}  "
    lead = (Cell("  "), Cell(str(row.number).rjust(5), series(row.number)), Cell(where))
    if row.resume_wanted:
        return (*lead, Cell("goes on as soon as a slot is free", "good"))
    if stand is None:
        return (*lead, Cell("held before anything could be predicted", "muted"))
    rest = f", rank {stand['rank']} of {stand['cohort']}, {chance(stand['chance'])}"
    return (*lead, Cell(f"ends near {number(stand['value'])}", "paused"), Cell(rest, "muted"))


def _go_on(kept: int, threshold: float | None) -> str:
    if not kept:
        return "too few to choose from"
    best = "the best one goes on" if kept == 1 else f"the best {kept} go on"
    return best if threshold is None else f"{best}, up to {number(threshold)}"


def saved_so_far(snapshot: Snapshot) -> str:
    """`saved 63% of 1h 50m`; "" while nothing was pruned."""
    best, facts = snapshot.best[:1], snapshot.facts
    known = snapshot.curves.get((best[0], facts.metric)) if best else None
    points = list(zip(map(int, known.steps), known.values, strict=True)) if known else []
    saved = pruning(list(snapshot.trials.rows()), facts.direction, facts.max_steps, points).saved
    return "" if saved is None else f"saved {percent(saved.share)} of {duration(saved.full_seconds)}"


def nothing_held(snapshot: Snapshot) -> str:
    """What stands in the pane while no trial was judged at a rung."""
    pruner = snapshot.facts.pruner or "none"
    if not snapshot.facts.rungs:
        return f"the pruner {pruner} has no rungs: it holds nobody"
    steps = ", ".join(str(step) for step in snapshot.facts.rungs[:8])
    return f"no trial has come to a rung yet (steps {steps})"


# --- what was saved ---------------------------------------------------------------------------------------------------


def saved_line(found: Pruning) -> str:
    """`pruning saved 63%: 214 of 600 steps were run; 1h 12m of 1h 50m not trained`; "" when nothing was pruned."""
    saved = found.saved
    if saved is None:
        return ""
    rest = duration(saved.full_seconds - saved.seconds)
    return (
        f"pruning saved {percent(saved.share)} of the training: {saved.steps} of {saved.full_steps} steps were run, "
        f"{rest} of {duration(saved.full_seconds)} saved"
    )


def ahead_line(found: Pruning) -> str:
    """Whether a pruned trial led the winner when it was cut; "" when that can't be said."""
    if not found.compared or found.winner is None:
        return ""
    of = "the pruned trial" if found.compared == 1 else f"the {found.compared} pruned trials"
    if not found.ahead:
        return f"none of {of} was ahead of the best, trial {found.winner}, when it was cut"
    named = [
        f"trial {one.number} ({number(one.best)} at step {one.step}, the best had {number(one.winners)})"
        for one in found.ahead[:MOST_AHEAD]
    ]
    more = len(found.ahead) - len(named)
    rest = f" and {more} more" if more else ""
    return (
        f"{len(found.ahead)} of {of} {'was' if len(found.ahead) == 1 else 'were'} ahead of the best, trial "
        f"{found.winner}, when cut: {', '.join(named)}{rest}"
    )


__all__ = ["Held", "Rung", "ahead_line", "held_line", "nothing_held", "predicted", "rung_line", "rungs", "saved_line"]
