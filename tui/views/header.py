"""What the top line says of a session. Pure."""

from __future__ import annotations

from hptui.tui.glyphs import current, harmless, short
from hptui.tui.snapshot import Snapshot
from hptui.tui.views.ahead import ahead
from hptui.tui.views.cells import Cell, Cells, cells, squeeze
from hptui.tui.views.numbers import age, clock, count, day, duration, number, size, unknown
from hptui.tui.views.states import WORDS

_COUNTED = ("RUNNING", "PAUSED", "WAITING", "COMPLETE", "PRUNED", "FAIL")
_ENDED = ("COMPLETE", "PRUNED", "FAIL")
_NAME, _REST = 16, 50  # cells that the name has at least, and that what matters most beside it needs


def header_line(
    snapshot: Snapshot, width: int, *, review: bool = False, frozen: bool = False, past: bool = False
) -> Cells:
    """Who, how it goes, the best; what matters least gives way first when it gets narrow. past: as it once stood."""
    facts, resting = snapshot.facts, not review and snapshot.at_rest
    name = short(facts.name, max(width - _REST, _NAME))
    words, ticking = width >= 120, snapshot.alive and not review
    return squeeze(
        (
            (1, cells(("hptui", "strong bold"))),
            (0, cells((name or unknown(), "bold"))),
            (0, (Cell("◌ as it stood then", "paused") if past else status(snapshot, review=review),)),
            (0, cells(("FROZEN", "warn")) if frozen else ()),
            (2, counts(snapshot, words=words)),
            (1, best_part(snapshot)),
            (3, cells((elapsed(snapshot), "")) if not resting else ()),
            (5, cells((pace(snapshot), "muted")) if not review and pace(snapshot) else ()),
            (4, cells((eta(snapshot), "muted")) if not review and eta(snapshot) else ()),
            (5, cells((held(snapshot), "paused")) if not review and held(snapshot) else ()),
            (6, cells((alerts(snapshot), "warn")) if alerts(snapshot) else ()),
            (7, () if resting else cells((clock(snapshot.at) if ticking else day(facts.created_at), "muted"))),
        ),
        width,
    )


def status(snapshot: Snapshot, *, review: bool) -> Cell:
    if snapshot.version == 0:
        return Cell("reading…", "muted")
    if snapshot.problem:
        return Cell(f"! {harmless(snapshot.problem)}", "error")
    if review:
        return Cell("◌ review (read-only)", "paused")
    if snapshot.finished and not snapshot.alive:
        return Cell("■ finished", "complete") if snapshot.facts.final else Cell("■ stopped: R goes on", "paused")
    if not snapshot.alive:
        return Cell("! scheduler is gone: R starts it again", "error")
    if snapshot.facts.held:
        return Cell("‖ session paused", "paused")
    return Cell("● live", "running")


def counts(snapshot: Snapshot, *, words: bool) -> Cells:
    """`2 run  14 done  9 pruned`, or `2▸ 14✓ 9╌` where words do not fit."""
    line: list[Cell] = []
    for state in _COUNTED:
        n = snapshot.counts.get(state, 0)
        if n:
            word, style = WORDS[state]
            line += [Cell(" ")] if line else []
            line.append(Cell(f"{n} {word}" if words else f"{n}{current().state(state)}", style))
    return tuple(line) or cells(("no trials yet", "muted"))


def held(snapshot: Snapshot) -> str:
    """`6 keep 1.2G`: trials whose frozen processes keep the machine's memory; "" when there are none."""
    facts = snapshot.facts
    return f"{facts.held_trials} keep {size(facts.held_bytes)}" if facts.held_trials and snapshot.alive else ""


def best_part(snapshot: Snapshot) -> Cells:
    if not snapshot.best:
        going = [snapshot.trials[number_] for number_ in ahead(snapshot)[:1]]
        said = f"so far {number(going[0].best)} #{going[0].number}" if going else f"best {unknown()}"
        return cells((said, "muted"))
    if snapshot.facts.also:
        return cells((f"front of {len(snapshot.best)}", "best"))
    best = snapshot.trials[snapshot.best[0]]
    return cells((f"best {number(best.value)}", "best"), (f" #{best.number}", "muted"))


def elapsed(snapshot: Snapshot) -> str:
    start = snapshot.facts.created_at
    if start is None:
        return unknown()
    return duration((snapshot.facts.finished_at or snapshot.now) - start)


def ended(snapshot: Snapshot) -> int:
    return sum(snapshot.counts.get(state, 0) for state in _ENDED)


def per_second(snapshot: Snapshot) -> float | None:
    """Trials ended per second, lately; None while fewer than three have."""
    if len(snapshot.endings) < 3 or not snapshot.alive:
        return None
    span = snapshot.at - snapshot.endings[0]
    return len(snapshot.endings) / span if span > 0 else None


def pace(snapshot: Snapshot) -> str:
    rate = per_second(snapshot)
    if rate is None or snapshot.finished:
        return ""
    return f"{60 * rate:.1f} trials/min" if rate * 60 >= 0.95 else f"{3600 * rate:.1f} trials/h"


def eta(snapshot: Snapshot) -> str:
    """How long at this pace until all trials have ended; "" when there is no budget or no pace yet."""
    rate, n = per_second(snapshot), snapshot.facts.n_trials
    if rate is None or n is None or snapshot.finished or ended(snapshot) >= n:
        return ""
    return f"ETA {age_of((n - ended(snapshot)) / rate)}"


def age_of(seconds: float) -> str:
    return age(seconds) if seconds < 3600 else duration(seconds)


def alerts(snapshot: Snapshot) -> str:
    """What a person should look at: warnings of the last ten minutes, and a fork server that is not ready."""
    recent = [event for event in snapshot.events[-200:] if snapshot.at - event.at < 600]
    loud = [event for event in recent if event.kind in ("warning", "disk-full")]
    loud += [event for event in recent if event.kind == "server" and event.data.get("state", "ready") != "ready"]
    return count(len(loud), "warning") if loud else ""
