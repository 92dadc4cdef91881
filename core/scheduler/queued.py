"""Points to try before the sampler is asked: enqueued ones, and trials that are tried again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from hptui.core.study.trial import CHECKPOINT_STEP, STARTS_FROM, Params

LOST_RETRIES = 3
LOST = "times_lost"  # the attribute that counts them


@dataclass(frozen=True, slots=True)
class Queued:
    """A point to try before the sampler is asked."""

    params: Params
    origin: str  # baseline, enqueued, retry
    why: str
    x: tuple[float | None, ...] = ()
    retry_of: int | None = None
    attrs: dict[str, Any] = field(default_factory=dict)


def again(
    number: int, params: Params, x: tuple[float | None, ...], attrs: dict[str, Any], reason: str
) -> Queued | None:
    """The retry of a trial that was lost; None when it has been lost too often."""
    times = int(attrs.get(LOST, 0)) + 1
    if times > LOST_RETRIES:
        return None
    kept: dict[str, Any] = {LOST: times}
    if STARTS_FROM in attrs and CHECKPOINT_STEP not in attrs:  # it begins with another trial's checkpoint once more
        kept[STARTS_FROM] = attrs[STARTS_FROM]
    return Queued(params, "retry", f"trial {number} was lost ({reason}): again", x, number, kept)
