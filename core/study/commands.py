"""What a user may wish for. The screen writes these; the scheduler answers each with an event."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import NoneType
from typing import Any


class Wish(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    PRUNE = "prune"  # held at once, killed UNDO_SECONDS later
    UNDO = "undo"  # takes a prune back (trial given), an enqueued point (args {"command": id}), or the latest prune
    RETRY = "retry"
    # args {"params": {...}, "of": the trial it was made from, "start_from": the trial whose checkpoint it begins with,
    # "priority": n, "note": "...", "pin": bool}
    ENQUEUE = "enqueue"
    SLOTS = "slots"  # args {"slots": n}; None: as many as the study says, or the machine takes
    BUDGET = "budget"  # args {"n_trials": n, "wall_clock_s": s, ...}: keys of BUDGET; None is no limit
    PRUNER = "pruner"  # args {"name": "median", "options": {...}}: options that are not named stay
    PRIORITY = "priority"  # of a waiting trial; args {"priority": n}, the higher the sooner, 0 is ordinary
    PIN = "pin"  # no rule may hold or stop it; args {"on": bool}
    NOTE = "note"  # of a trial or the session; args as in `remarks.remarked`
    DRAIN = "drain"  # nothing new starts on a GPU; args {"device": UUID or index, "pause": its trials leave it now}
    BRING_BACK = "bring-back"  # a GPU that was drained, or set aside because trials died there; args {"device": ...}
    PUT_AWAY = "put-away"  # a trial's process ends, and another one goes on from its checkpoint when it is resumed
    STOP = "stop"  # args {"now": bool}


UNDO_SECONDS = 5.0
DRAINED = "is drained by you"  # why nothing starts on such a GPU, behind its name

BUDGET = {  # what of a budget may change while a session lives -> in words
    "n_trials": "trials in all",
    "wall_clock_s": "wall clock in all",
    "max_steps": "steps of a trial",
    "trial_time_s": "running time of a trial",
    "gpu_hours": "GPU-hours in all",
    "total_steps": "steps of all trials",
    "stop_after_failures": "failures in a row that end the session",
}

UNREADABLE = "?"
"""Where the text is kept of args that are no JSON object."""

_SHAPES: dict[str, dict[str, tuple[type, ...]]] = {
    Wish.SLOTS: {"slots": (int, NoneType)},
    Wish.ENQUEUE: {"params": (dict,), "of": (int, NoneType), "start_from": (int, NoneType), "note": (str,)},
    Wish.PRUNER: {"name": (str,), "options": (dict, NoneType)},
}


def misshapen(kind: str, args: Mapping[str, Any]) -> str:
    """Why nothing can be done with such args; "" when their types are right.

    Anyone may insert a row into `commands`, and a row that a scheduler stumbles over would stop every later one too.
    """
    if UNREADABLE in args:
        return f"its args are no JSON object: {str(args[UNREADABLE])[:60]}"
    for key, kinds in _SHAPES.get(kind, {}).items():
        value = args.get(key, kinds[0]())
        if not isinstance(value, kinds) or isinstance(value, bool):
            wanted = {int: "a whole number", dict: "a table", str: "text"}[kinds[0]]
            return f"{key}: expected {wanted}, not {str(value)[:60]}"
    return ""
