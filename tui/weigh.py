"""Which trials a wish can be for, and whether it is grave enough to ask before. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hptui.core.store.rows import TrialRow
from hptui.core.study.commands import Wish
from hptui.tui.snapshot import Snapshot
from hptui.tui.views.numbers import count, duration, percent
from hptui.tui.views.trials import share_done

TOP = 10


@dataclass(frozen=True, slots=True)
class Weighed:
    """question: "" when nothing has to be asked. details: what makes it grave, a sentence each. none: why no trial."""

    wish: Wish
    trials: tuple[int, ...]
    question: str = ""
    details: tuple[str, ...] = ()
    none: str = ""


def toggled(trial: TrialRow) -> Wish | None:
    """What `space` means for a trial: pause it, let it go on, or nothing."""
    if can(Wish.PAUSE, trial):
        return Wish.PAUSE
    return Wish.RESUME if can(Wish.RESUME, trial) else None


def can(wish: Wish, trial: TrialRow) -> bool:
    match wish:
        case Wish.PAUSE:
            return trial.state == "RUNNING" or (trial.state == "PAUSED" and trial.resume_wanted)
        case Wish.RESUME:
            return trial.state == "PAUSED" and trial.why not in ("undo", "disk") and not trial.resume_wanted
        case Wish.PRUNE:
            return trial.state in ("RUNNING", "WAITING") or (trial.state == "PAUSED" and trial.why != "undo")
        case Wish.PUT_AWAY:
            return trial.state == "RUNNING" or (trial.state == "PAUSED" and trial.pid is not None)
        case Wish.PRIORITY:
            return trial.state == "WAITING"
        case Wish.PIN:
            return trial.state in ("WAITING", "RUNNING", "PAUSED")
        case Wish.RETRY:
            return trial.state in ("FAIL", "PRUNED")
        case _:
            return True


def weigh(wish: Wish, trials: Iterable[int], snapshot: Snapshot) -> Weighed:
    """A single ordinary prune asks nothing, as it can be taken back; nor does any pause.

    Several prunes at once ask, and so does one of the ten best or one with over half of its steps behind it. A number
    that no trial has is a slip: then nothing is done.
    """
    asked = list(trials)
    if unknown := [number for number in asked if number not in snapshot.trials]:
        return Weighed(wish, (), none=no_trials(unknown))
    known = [snapshot.trials[number] for number in asked]
    rows = [row for row in known if can(wish, row)]
    if not rows:
        return Weighed(wish, (), none=_none(wish, known))
    numbers = tuple(row.number for row in rows)
    if wish is Wish.PRUNE:
        return Weighed(wish, numbers, *_prune(rows, snapshot))
    if wish is Wish.RETRY and len(rows) > 1:
        return Weighed(wish, numbers, f"Try {count(len(rows), 'trial')} again?")
    return Weighed(wish, numbers)


def no_trials(numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return f"there is no trial {numbers[0]}"
    more = f" and {len(numbers) - 5} more" if len(numbers) > 5 else ""
    return f"there are no trials {', '.join(map(str, numbers[:5]))}{more}"


def _none(wish: Wish, known: Sequence[TrialRow]) -> str:
    verb = {Wish.PRIORITY: "put first", Wish.PUT_AWAY: "put away"}.get(wish, wish.value)
    if len(known) == 1:
        state = {"FAIL": "failed"}.get(known[0].state, known[0].state.lower())
        copy = wish is Wish.RETRY and known[0].state == "COMPLETE"
        return f"trial {known[0].number} is {state}: {'E tries its point again' if copy else f'nothing to {verb}'}"
    return f"nothing to {verb} among {count(len(known), 'trial')}" if known else f"no trial to {verb}"


def _prune(rows: Sequence[TrialRow], snapshot: Snapshot) -> tuple[str, tuple[str, ...]]:
    top = [row for row in rows if among_best(snapshot, row.number)]
    far = [row for row in rows if (share_done(snapshot.facts, row) or 0.0) > 0.5]
    if len(rows) == 1 and not top and not far:
        return "", ()
    details = []
    if top:
        details.append(f"{_these(top, rows)} among the ten best so far")
    if far:
        most = max(share_done(snapshot.facts, row) or 0.0 for row in far)
        details.append(f"{_these(far, rows)} past half of the steps ({'up to ' * (len(far) > 1)}{percent(most)})")
    spent = sum(row.ran_s(snapshot.now) or 0.0 for row in rows)
    details.append(f"{duration(spent)} of running time spent")
    who = f"trial {rows[0].number}" if len(rows) == 1 else count(len(rows), "trial")
    return f"Prune {who}?", tuple(details)


def _these(some: Sequence[TrialRow], of: Sequence[TrialRow]) -> str:
    if len(of) == 1:
        return "it is"
    return f"trial {some[0].number} is" if len(some) == 1 else f"{len(some)} of them are"


def among_best(snapshot: Snapshot, number: int) -> bool:
    """Whether its best value so far would be among the ten best completed ones; never while fewer are known."""
    trial, sign = snapshot.trials[number], snapshot.facts.sign
    value = trial.best if trial.best is not None else trial.value
    if value is None or value != value or len(snapshot.best) < TOP:
        return False
    tenth = snapshot.trials[snapshot.best[TOP - 1]].value
    return tenth is not None and sign * value <= sign * tenth
