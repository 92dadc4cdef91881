"""Which GPUs a trial gets, and why, or why it waits. Pure: no state, no clock.

Two limits hold at once. Units count shares: what leases of all sessions on this machine together may not exceed.
Memory is measured: what is free by the driver's word, less what trials that have just started have yet to take.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from hptui.core.study.sizes import format_size as gib

UNITS = 10_000
"""A whole GPU; the same as `devices.leases.UNITS`."""

USABLE = 0.97  # of a GPU's memory: the rest goes to fragments and to the driver
SETTLED = 3  # looks in which a trial's memory has not grown: it is taken to have what it needs
QUIET = 10  # looks in which nobody else used a GPU: it is ours again


@dataclass(frozen=True, slots=True)
class Asks:
    """What the study says about GPUs."""

    gpus: int = 1
    share: float | None = None  # of each GPU; None: as its memory asks for
    memory_bytes: int | None = None  # declared; None: learned
    max_trials: int = 16
    share_with_strangers: bool = False
    yields: bool = False
    look_s: float = 1.0  # between looks at the GPUs

    @property
    def learns(self) -> bool:
        return self.share is None and self.memory_bytes is None

    @property
    def settle_s(self) -> float:
        return SETTLED * self.look_s

    @property
    def quiet_s(self) -> float:
        return QUIET * self.look_s


@dataclass(frozen=True, slots=True)
class Need:
    """What one trial asks of each of its GPUs."""

    gpus: int = 1
    units: int | None = None  # None: as its memory asks for
    memory_bytes: int | None = None  # None: not known, or not counted
    why: str = ""  # how that is known
    beside_growing: int = UNITS  # it may start beside fewer trials than this whose memory has yet to settle

    def units_of(self, gpu: Gpu) -> int:
        if gpu.one_process:
            return UNITS
        if self.units is not None:
            return self.units
        if self.memory_bytes is None or gpu.total_bytes is None:
            return UNITS
        return max(1, min(UNITS, math.ceil(UNITS * self.memory_bytes / (USABLE * gpu.total_bytes))))


@dataclass(frozen=True, slots=True)
class Tenant:
    """A trial of this session that holds a share of a GPU."""

    number: int
    units: int
    memory_bytes: int | None = None  # expected
    used_bytes: int = 0  # by the last look
    settled: bool = True  # it has what it needs, as far as can be told
    left_s: float | None = None  # until it ends, about


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU as placement sees it. label: "GPU 0"."""

    id: str
    label: str
    total_bytes: int | None = None
    used_bytes: int | None = None  # by everybody
    reserved_bytes: int = 0
    tenants: tuple[Tenant, ...] = ()
    elsewhere: int = 0  # units that other sessions hold
    strangers: str = ""  # who else computes there
    closed: str = ""  # why nothing starts there: lost, drained, set aside
    limit: tuple[int, str] | None = None  # no more trials at once than this, and why
    slots: frozenset[int] = field(default_factory=frozenset)  # of our trials
    one_process: bool = False  # its compute mode lets no second trial in

    @property
    def free_units(self) -> int:
        return UNITS - self.elsewhere - sum(tenant.units for tenant in self.tenants)

    @property
    def empty(self) -> bool:
        """Nobody computes there: then a trial may try, whatever is expected of it. It could wait for nothing else."""
        return not (self.tenants or self.elsewhere or self.strangers)

    @property
    def free_bytes(self) -> int | None:
        """What a new trial may take: free now, less what the trials there have yet to take."""
        if self.total_bytes is None or self.used_bytes is None:
            return None
        yet_to_come = sum(max(0, (t.memory_bytes or 0) - t.used_bytes) for t in self.tenants)
        return int(USABLE * (self.total_bytes - self.reserved_bytes)) - self.used_bytes - yet_to_come


Block = Literal["closed", "strangers", "limit", "settling", "elsewhere", "memory", "taken"]


@dataclass(frozen=True, slots=True)
class Blocked:
    """Why a trial can't have a GPU now."""

    gpu: Gpu
    kind: Block
    text: str

    @property
    def usual(self) -> bool:
        """Trials of this session are there: it passes by itself."""
        return self.kind in ("taken", "settling", "memory", "limit") and bool(self.gpu.tenants)


@dataclass(frozen=True, slots=True)
class Chosen:
    device_id: str  # of one GPU, or of several with commas between
    slot: int
    units: int
    memory_bytes: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Wait:
    """key: the same while it waits for the same thing. usual: for trials of its own session, and nothing else."""

    key: str
    reason: str
    usual: bool


def choose(need: Need, asks: Asks, gpus: Sequence[Gpu]) -> Chosen | Wait:
    """The GPUs with the fewest trials of ours, then with the most room, or why there are none."""
    blocks = [block for gpu in gpus if (block := blocked(need, asks, gpu))]
    kept_out = {block.gpu.id for block in blocks}
    fitting = [gpu for gpu in gpus if gpu.id not in kept_out]
    if len(fitting) < need.gpus:
        return _wait(need, blocks, len(fitting))
    fitting.sort(key=lambda gpu: (len(gpu.tenants), -gpu.free_units))  # stable: PCI order where equal
    chosen = sorted(fitting[: need.gpus], key=lambda gpu: gpus.index(gpu))
    slot = next(n for n in range(UNITS + 1) if all(n not in gpu.slots for gpu in chosen))
    units = max(need.units_of(gpu) for gpu in chosen)
    ids = ",".join(gpu.id for gpu in chosen)
    return Chosen(ids, slot, units, need.memory_bytes, _placed(need, chosen, units))


def blocked(need: Need, asks: Asks, gpu: Gpu) -> Blocked | None:
    """What keeps a trial off this GPU; None when it fits."""
    units, free = need.units_of(gpu), gpu.free_bytes
    if gpu.closed:
        return Blocked(gpu, "closed", f"{gpu.label} {gpu.closed}")
    if gpu.strangers and not asks.share_with_strangers:
        return Blocked(gpu, "strangers", f"{gpu.label} is {gpu.strangers}")
    if len(gpu.tenants) >= asks.max_trials:
        return Blocked(gpu, "limit", f"{gpu.label} has {asks.max_trials} trials, as many as max_trials allows")
    if gpu.limit is not None and len(gpu.tenants) >= gpu.limit[0]:
        return Blocked(gpu, "limit", f"{gpu.label} has {len(gpu.tenants)} trials: {gpu.limit[1]}")
    if units > gpu.free_units:
        if gpu.elsewhere and units > UNITS - gpu.elsewhere:
            held = "" if gpu.elsewhere >= UNITS else f" to {_percent(gpu.elsewhere)}"
            return Blocked(gpu, "elsewhere", f"{gpu.label} is leased by another session{held}")
        if need.memory_bytes is None or need.units is not None or gpu.one_process:
            return Blocked(gpu, "taken", f"{gpu.label} is taken by {_trials(gpu.tenants)}")
        left = max(0, gpu.free_units) / UNITS * USABLE * (gpu.total_bytes or 0)
        return Blocked(gpu, "memory", f"{gpu.label} has {gib(left)} that no trial is to have")
    growing = [tenant.number for tenant in gpu.tenants if not tenant.settled]
    if len(growing) >= need.beside_growing:
        return Blocked(gpu, "settling", f"{gpu.label}: the memory of trial {growing[0]} has yet to settle")
    if need.memory_bytes is not None and free is not None and need.memory_bytes > free and not gpu.empty:
        return Blocked(gpu, "memory", f"{gpu.label} has {gib(max(0, free))} free")
    return None


def _wait(need: Need, blocks: Sequence[Blocked], fitting: int) -> Wait:
    """Said of the GPU that a trial gets next, as far as can be told."""
    if not blocks:
        return Wait("few", f"waiting: needs {need.gpus} GPUs at once, and there are {fitting}", False)
    order = ("settling", "memory", "limit", "taken", "elsewhere", "strangers", "closed")
    first = min(blocks, key=lambda block: (order.index(block.kind), _left(block.gpu)))
    needs = f"needs {gib(need.memory_bytes)}, " if need.memory_bytes is not None and first.kind == "memory" else ""
    if need.gpus > 1:
        needs = f"needs {need.gpus} GPUs at once and {fitting} {'is' if fitting == 1 else 'are'} free: "
    usual = first.usual  # the GPU that it gets next has trials of this session: that passes by itself
    kinds = {block.kind for block in blocks}
    if kinds == {"taken"} and usual and need.gpus == 1 and len(blocks) > 1:
        text = f"all {len(blocks)} GPUs are taken"
    else:
        text = needs + first.text
    left = _left(first.gpu)
    when = f"; next in about {_about(left)}" if first.usual and math.isfinite(left) else ""
    return Wait(f"{first.kind} {first.gpu.id if not usual else ''}", f"waiting: {text}{when}", usual)


def _placed(need: Need, chosen: Sequence[Gpu], units: int) -> str:
    if len(chosen) > 1:
        return f"{', '.join(gpu.label for gpu in chosen)} are free together"
    gpu = chosen[0]
    beside = f"beside {_trials(gpu.tenants)}" if gpu.tenants else "nobody else of this session is there"
    if need.memory_bytes is not None and gpu.free_bytes is not None:
        return f"{gpu.label}: needs {gib(need.memory_bytes)} ({need.why}), {gib(gpu.free_bytes)} is free, {beside}"
    share = "" if units == UNITS else f"takes {_percent(units)}, "
    why = f", {need.why}" if need.why else ""
    return f"{gpu.label}: {share}{beside}{why}"


def _trials(tenants: Sequence[Tenant]) -> str:
    if len(tenants) == 1:
        return f"trial {tenants[0].number}"
    return f"{len(tenants)} trials"


def _left(gpu: Gpu) -> float:
    return min((t.left_s for t in gpu.tenants if t.left_s is not None), default=math.inf)


def _about(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _percent(units: int) -> str:
    return f"{100 * units / UNITS:.0f} %"


