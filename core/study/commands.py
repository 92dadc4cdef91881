"""What a user may wish for. The screen writes these; the scheduler answers each with an event."""

from __future__ import annotations

from enum import StrEnum


class Wish(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    PRUNE = "prune"  # held at once, killed UNDO_SECONDS later
    UNDO = "undo"  # takes a prune back (trial given), or the last wish that can be taken back
    RETRY = "retry"
    ENQUEUE = "enqueue"  # args {"params": {...}}
    SLOTS = "slots"  # args {"slots": n}
    BUDGET = "budget"  # args {"n_trials": n}
    STOP = "stop"  # args {"now": bool}


UNDO_SECONDS = 5.0
