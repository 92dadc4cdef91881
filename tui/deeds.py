"""What the user did on this screen, so that it can be taken back and done again. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hptui.core.store.rows import TrialRow
from hptui.core.study.commands import Wish
from hptui.core.study.remarks import dismissed_of, is_pinned, note_of, priority_of, remarks_of, tags_of

MOST = 100


@dataclass(frozen=True, slots=True)
class Request:
    """A wish for some trials (None: the session)."""

    wish: Wish
    trials: tuple[int | None, ...]
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Deed:
    """said: in words, behind "taking back: ". back: what takes it back; tokens: of the wishes it was."""

    said: str
    done: tuple[Request, ...]
    back: tuple[Request, ...]
    tokens: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Deeds:
    """What `u` takes back and what `U` does again, the latest last."""

    done: tuple[Deed, ...] = ()
    undone: tuple[Deed, ...] = ()

    def did(self, deed: Deed) -> Deeds:
        return Deeds((*self.done, deed)[-MOST:])

    def taken_back(self) -> tuple[Deeds, Deed | None]:
        if not self.done:
            return self, None
        return Deeds(self.done[:-1], (*self.undone, self.done[-1])), self.done[-1]

    def done_again(self) -> tuple[Deeds, Deed | None]:
        if not self.undone:
            return self, None
        return Deeds((*self.done, self.undone[-1]), self.undone[:-1]), self.undone[-1]

    def again_as(self, tokens: tuple[int, ...]) -> Deeds:
        """The latest deed was done again under these tokens."""
        return Deeds((*self.done[:-1], replace(self.done[-1], tokens=tokens)), self.undone)

    def without(self, token: int) -> Deeds:
        """A wish was refused: there is nothing to take back of what it was part of."""
        return Deeds(tuple(deed for deed in self.done if token not in deed.tokens), self.undone)


def back_of(request: Request, trials: Mapping[int, TrialRow], session: Mapping[str, Any]) -> tuple[Request, ...]:
    """What takes a wish back, given how things are before it. session: what is set of the session, by argument.

    Empty where nothing does. An enqueued point is taken back by the number of its wish, which comes later.
    """
    match request.wish:
        case Wish.PAUSE | Wish.PUT_AWAY:
            return (Request(Wish.RESUME, request.trials),)
        case Wish.RESUME:
            return (Request(Wish.PAUSE, request.trials),)
        case Wish.PRUNE:
            return (Request(Wish.UNDO, request.trials),)
        case Wish.PIN:
            return _each(request, lambda row: {"on": is_pinned(row.attrs)}, trials)
        case Wish.PRIORITY:
            return _each(request, lambda row: {"priority": priority_of(row.attrs)}, trials)
        case Wish.DRAIN:
            return (Request(Wish.BRING_BACK, (None,), {"device": request.args["device"]}),)
        case Wish.BRING_BACK:
            return (Request(Wish.DRAIN, (None,), {"device": request.args["device"]}),)
        case Wish.NOTE if request.trials == (None,):
            return (Request(Wish.NOTE, (None,), _remarks(session.get("remarks") or {})),)
        case Wish.NOTE:
            return _each(request, lambda row: _remarks(remarks_of(row.attrs)), trials)
        case Wish.BUDGET | Wish.SLOTS if all(key in session for key in request.args):
            return (Request(request.wish, (None,), {key: session[key] for key in request.args}),)
        case _:
            return ()


def _each(request: Request, args: Any, trials: Mapping[int, TrialRow]) -> tuple[Request, ...]:
    rows: Iterable[TrialRow] = (trials[number] for number in request.trials if number is not None and number in trials)
    return tuple(Request(request.wish, (row.number,), args(row)) for row in rows)


def _remarks(remarks: Mapping[str, Any]) -> dict[str, Any]:
    return {"note": note_of(remarks), "tags": list(tags_of(remarks)), "dismissed": list(dismissed_of(remarks))}


def said_of(request: Request) -> str:
    """`prune 3, 4`, `priority 2 of trial 7`, `budget n_trials 50`."""
    numbers = [str(number) for number in request.trials if number is not None]
    whom = ", ".join(numbers[:5]) + (" …" if numbers[5:] else "")
    match request.wish:
        case Wish.PRIORITY:
            return f"priority {request.args.get('priority')} of {whom}"
        case Wish.PIN:
            return f"{'pin' if request.args.get('on', True) else 'unpin'} {whom}"
        case Wish.NOTE:
            return f"note on {whom or 'the session'}"
        case Wish.DRAIN | Wish.BRING_BACK:
            return f"{request.wish.value} {request.args['device']}"
        case Wish.BUDGET | Wish.SLOTS:
            return ", ".join(f"{key} {'no limit' if v is None else v}" for key, v in request.args.items())
        case _:
            return f"{request.wish.value} {whom}".strip()
