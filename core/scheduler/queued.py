"""Points to try before the sampler is asked: enqueued ones, and trials that are tried again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from hptui.core.scheduler.gpus import ALONE
from hptui.core.study.remarks import ATTR, remarks_of
from hptui.core.study.trial import CHECKPOINT_STEP, STARTS_FROM, Params

LOST_RETRIES = 3
LOST = "times_lost"  # the attribute that counts them
QUEUE = "queue"  # the fact: points that have yet to become trials
HEIR = "heir"  # the attribute: whose place an heir took, whose it is, at which step
STOPPED = "stopped with the session: starts again when it is resumed"  # why such a trial was lost: it is nobody's fault


@dataclass(frozen=True, slots=True)
class Queued:
    """A point to try before the sampler is asked."""

    params: Params
    origin: str  # baseline, enqueued, retry
    why: str
    x: tuple[float | None, ...] = ()
    retry_of: int | None = None
    attrs: dict[str, Any] = field(default_factory=dict)


def kept(queue: Sequence[Queued]) -> list[dict[str, Any]] | None:
    """Of a queue, what the next scheduler finds nowhere else (the fact QUEUE): all but the study file's points."""
    return [asdict(point) for point in queue if point.attrs or point.retry_of is not None] or None


def unpacked(fact: Sequence[Mapping[str, Any]]) -> list[Queued]:
    """The points of `kept`, as the session's database gives them back."""
    return [Queued(**{**point, "x": tuple(point["x"])}) for point in fact]


def again(
    number: int, params: Params, x: tuple[float | None, ...], attrs: dict[str, Any], reason: str
) -> Queued | None:
    """The retry of a trial that was lost; None when it has been lost too often."""
    times = int(attrs.get(LOST, 0)) + (reason != STOPPED)
    if times > LOST_RETRIES:
        return None
    what = "stopped with the session" if reason == STOPPED else f"lost ({reason})"
    kept = heritage(number, attrs) | ({LOST: times} if times else {})
    return Queued(params, "retry", f"trial {number} was {what}: again", x, number, kept)


def heritage(number: int, attrs: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes with which trial `number`, that has these, is tried again. It begins with the last checkpoint
    there is: its own, else the one that it began with. It stays pinned, and keeps its priority."""
    own = {STARTS_FROM: number} if CHECKPOINT_STEP in attrs else {}
    kept = own or {key: attrs[key] for key in (STARTS_FROM, HEIR) if key in attrs}
    said = {key: value for key, value in remarks_of(attrs).items() if key in ("pinned", "priority")}
    return kept | ({ALONE: True} if attrs.get(ALONE) else {}) | ({ATTR: said} if said else {})
