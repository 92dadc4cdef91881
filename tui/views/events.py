"""What the ledger of decisions says. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hptui.core.store.rows import EventRow, TrialRow
from hptui.tui.glyphs import current
from hptui.tui.views.cells import Cell, Cells, cut
from hptui.tui.views.numbers import clock, number

NO_TRIALS: Mapping[int, TrialRow] = {}
# kind -> the glyph's name in `Glyphs` or an ASCII character, style, words for when there is no reason
KINDS: dict[str, tuple[str, str, str]] = {
    "opened": ("@", "info", "a scheduler took this session"),
    "proposed": ("+", "muted", "proposed"),
    "waiting": ("waiting", "waiting", "waits"),
    "starting": ("running", "muted", "is being started"),
    "started": ("running", "running", "started"),
    "paused": ("paused", "paused", "paused"),
    "put-away": ("paused", "paused", "put away: goes on from its checkpoint"),
    "gpu-memory": ("paused", "info", "its GPU memory was moved"),
    "resumed": ("running", "running", "resumed"),
    "pruning": ("pruned", "warn", "pruned by you: u takes it back"),
    "undone": ("<", "info", "taken back"),
    "promoted": ("running", "good", "promoted"),
    "judged": ("pruned", "pruned", "judged"),
    "spared": ("running", "good", "pinned: goes on"),
    "best": ("best", "best", "new best"),
    "front": ("best", "best", "joined the front"),
    "ended": ("complete", "complete", "ended"),
    "retried": ("+", "info", "tried again"),
    "exhausted": ("@", "info", "every point was tried"),
    "refused": ("!", "error", "refused"),
    "wished": ("?", "info", "heard"),
    "slots": ("#", "info", "the number of slots changed"),
    "budget": ("#", "info", "the budget changed"),
    "pruner": ("#", "info", "the pruner changed"),
    "devices": ("#", "info", "the devices changed"),
    "held": ("paused", "paused", "the session is paused"),
    "server": ("!", "warn", "the fork server changed"),
    "gpu-closed": ("!", "warn", "a GPU takes no more trials"),
    "gpu-opened": ("@", "good", "a GPU takes trials again"),
    "gpu-lost": ("!", "error", "a GPU is lost"),
    "gpu-back": ("@", "good", "a GPU is back"),
    "gpu-strangers": ("!", "warn", "others use a GPU"),
    "gpu-alone": ("@", "good", "nobody else uses a GPU"),
    "gpu-slower": ("?", "info", "one more trial slows a GPU down"),
    "advice": ("?", "info", "advice"),
    "told": ("?", "info", "said by the trial"),
    "warning": ("!", "warn", "warning"),
    "disk-full": ("!", "error", "no space is left on the disk"),
    "disk-back": ("@", "good", "there is space on the disk again"),
    "stopping": ("@", "warn", "stopping"),
    "finished": ("@", "info", "finished"),
}
_ENDED = {
    "COMPLETE": ("complete", "complete", "completed"),
    "PRUNED": ("pruned", "pruned", "pruned"),
    "FAIL": ("fail", "fail", "failed"),
}
# every trial has these: they would drown the decisions
_COMINGS = frozenset({"proposed", "starting", "started", "waiting"})


def is_decision(event: EventRow) -> bool:
    return event.kind not in _COMINGS


def decisions(events: Sequence[EventRow]) -> list[EventRow]:
    """What a person wants to follow: no comings, and no verdict said again when the trial then halts or ends."""
    stopped: set[int | None] = set()
    holding: set[int | None] = set()
    shown = []
    for event in events:
        if event.kind == "paused" and event.trial in holding:
            holding.discard(event.trial)
            continue
        (holding.add if event.data.get("verdict") == "hold" else holding.discard)(event.trial)
        if event.kind == "judged" and event.data.get("verdict") != "hold":
            stopped.add(event.trial)
        elif event.kind == "ended" and event.data.get("state") == "PRUNED" and event.trial in stopped:
            stopped.discard(event.trial)
            continue
        if is_decision(event):
            shown.append(event)
    return shown


def _told(event: EventRow) -> tuple[str, str, str]:
    if event.kind == "ended":
        return _ENDED.get(str(event.data.get("state")), KINDS["ended"])
    if event.kind == "judged" and event.data.get("verdict") == "hold":
        return "paused", "paused", "held"
    if event.kind == "server" and event.data.get("state") == "ready":
        return "@", "info", "the fork server is ready"
    return KINDS.get(event.kind, ("waiting", "", event.kind))


def glyph(event: EventRow) -> Cell:
    name, style, _ = _told(event)
    return Cell(getattr(current(), name) if len(name) > 1 else name, style)


def reason(event: EventRow, trials: Mapping[int, TrialRow] = NO_TRIALS) -> str:
    """The sentence, or the kind's own words when there is none. `trials`: to say what a completed one came to."""
    if event.reason:
        return event.reason
    words = _told(event)[2]
    trial = trials.get(event.trial) if event.trial is not None else None
    if event.kind == "ended" and trial is not None and trial.state == "COMPLETE":
        return f"{words} with {number(trial.value)}"
    return words


def event_line(event: EventRow, trials: Mapping[int, TrialRow] = NO_TRIALS, *, trial: bool = True) -> Cells:
    """`05:31:07 ╌   991 best 0.412 at step 27 is above the median 0.388`; `trial`: say whose it is."""
    sign = glyph(event)
    who = ("" if event.trial is None else str(event.trial)).rjust(5)
    lead = (Cell(clock(event.at) + " ", "muted"), sign, Cell(f" {who} " if trial else " ", sign.style))
    return (*lead, Cell(reason(event, trials)))


def last_event_line(events: tuple[EventRow, ...], trials: Mapping[int, TrialRow], width: int) -> Cells:
    """The latest decision, for a terminal with room for one line of them."""
    for event in reversed(decisions(events[-64:])):
        sign = glyph(event)
        whose = "" if event.trial is None else f" {event.trial}"
        line = (Cell(clock(event.at) + " ", "muted"), sign, Cell(f"{whose} ", sign.style), Cell(reason(event, trials)))
        return cut(line, width)
    return (Cell("no decisions yet", "muted"),)
