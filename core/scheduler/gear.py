"""What a scheduler works with: one value that its ears, its starter and its hands share."""

from __future__ import annotations

import selectors
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from hptui.core.devices.inventory import Inventory
from hptui.core.devices.readings import Watch
from hptui.core.errors import HptuiError
from hptui.core.scheduler.advising import Adviser
from hptui.core.scheduler.book import Book
from hptui.core.scheduler.children import Children
from hptui.core.scheduler.clock import Clock
from hptui.core.scheduler.disk import Disk
from hptui.core.scheduler.freezers import Freezers
from hptui.core.scheduler.thinker import Thinker
from hptui.core.search.observe import Observation
from hptui.core.search.protocol import Curve, Kind, Pruner
from hptui.core.space.space import Space
from hptui.core.store.writer import Writer
from hptui.core.study.session import SessionFolder
from hptui.core.study.study import Study
from hptui.core.study.trial import Cause, State


@dataclass
class Gear:
    study: Study
    folder: SessionFolder
    script_folder: str  # what a relative script is relative to
    cwd: str  # where trials run
    session_id: str  # the first part of every trial's tag
    space: Space
    pruner: Pruner
    book: Book
    places: Inventory
    watch: Watch
    thinker: Thinker
    store: Writer
    adviser: Adviser
    clock: Clock = field(default_factory=Clock)
    cursor: int = 0  # the last command that was read
    answered: frozenset[int] = frozenset()  # later ones that an earlier scheduler has answered: an older one waited
    made_by: Callable[[SessionFolder, selectors.BaseSelector], Children] = Children

    def __post_init__(self) -> None:
        self.selector = selectors.DefaultSelector()
        self.children = self.made_by(self.folder, self.selector)
        self.disk = Disk(self.folder)
        self.freezers = Freezers(self.selector)
        self.milestones = self.pruner.milestones()
        self.used_slots: Counter[str] = Counter()
        self.held_units: Counter[str] = Counter()  # of each GPU, by this session's trials
        self.our_bytes: Counter[str] = Counter()  # what those have there
        self.left_at: dict[str, float] = {}  # GPU -> when a trial of this session was last there
        self.gpu_strangers: dict[str, str] = {}  # who else is there, in words
        self.idle: dict[str, str] = {}  # why no trial of this session runs on a GPU
        self.disk_full = False
        self.frozen: dict[int, int] = {}  # trial -> what it was seen to keep of memory, 0 when nobody has looked

    @property
    def defines(self) -> bool:
        """The objective names its parameters itself."""
        return self.study.objective.command is None and not self.study.space

    def close(self) -> None:
        self.watch.close()
        self.thinker.close()
        self.children.close()
        self.freezers.close()
        self.disk.close()
        self.selector.close()


def locate(space: Space, params: dict[str, Any]) -> tuple[float | None, ...]:
    """Where a point lies in the cube; all None when it lies outside the space (then no sampler learns from it)."""
    try:
        x = space.point({name: value for name, value in params.items() if name in space.names})
    except HptuiError:
        return (None,) * space.dim
    return tuple(None if np.isnan(v) else float(v) for v in x)


def lesson(cause: Cause | str | None, may_retry: bool) -> Cause | None:
    """What of a cause says something about the point: out of memory beside others, it is tried again alone first."""
    return None if cause is None or (cause == Cause.OOM and may_retry) else Cause(cause)


def kind_of(state: State, cause: Cause | None) -> Kind:
    """What a trial that ended so says about its point."""
    if cause in (Cause.OOM, Cause.NAN, Cause.INFEASIBLE):
        return Kind.INFEASIBLE
    ended = {State.COMPLETE: Kind.COMPLETE, State.PRUNED: Kind.PRUNED, State.FAIL: Kind.FAILED}
    return ended.get(state, Kind.PENDING)


def observation(
    number: int,
    x: tuple[float | None, ...],
    state: State,
    cause: Cause | None,
    loss: float | None,
    step: int | None,
    losses: tuple[float | None, ...] = (),
    constraints: Mapping[str, float] = MappingProxyType({}),
    curve: Curve | None = None,
) -> Observation:
    """A trial as the sampler learns of it; only COMPLETE and PRUNED ones have a loss, COMPLETE ones several.

    curve: where the pruner has a model of curves, from which the sampler learns as well.
    """
    kind = kind_of(state, cause)
    y = loss if kind in (Kind.COMPLETE, Kind.PRUNED) else None
    losses = losses if kind is Kind.COMPLETE else ()
    return Observation(number, x, y, kind, -1 if step is None else step, losses, dict(constraints), told_of(curve))


def told_of(curve: Curve | None) -> tuple[tuple[int, float, int], ...]:
    """Steps, losses and arrivals, as an observation tells them."""
    if curve is None or curve.arrival is None:
        return ()
    return tuple(zip(curve.steps.tolist(), curve.losses.tolist(), curve.arrival.tolist(), strict=True))
