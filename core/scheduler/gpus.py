"""The GPUs of a session as its scheduler knows them: what is there, who has how much, what a trial needs. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hptui.core.scheduler.memory import MemoryModel
from hptui.core.scheduler.pace import Pace
from hptui.core.scheduler.placing import UNITS, Asks, Chosen, Gpu, Need, Tenant, Wait, blocked, choose
from hptui.core.study.trial import Running, Starting, Waiting

if TYPE_CHECKING:
    from hptui.core.scheduler.state import Live, SchedulerState

SHARE = "gpu_share"  # the attribute of a trial: how much of its GPUs it took
PEAK = "gpu_memory_peak_bytes"  # the attribute: the most it had on one GPU, where that can be told
TORCH_PEAK = "torch_peak_bytes"  # the attribute: what torch says of that itself, CUDA's own share not counted
CONTEXT_BYTES = 500 << 20  # that share, about
ALONE = "alone"  # the attribute: it gets its device for itself, for it ran out of memory beside others
GROWN = 0.5  # a trial that has so much of what was expected has shown what it needs
PEAKS_PER_START = 2  # one more trial may start before the memory of another has settled for every so many known peaks
MARGIN = 1.1  # on what the model says, and on what a trial that has settled has


@dataclass(frozen=True, slots=True)
class Claim:
    """What a trial holds of each of its GPUs, and how that went."""

    units: int
    memory_bytes: int | None = None  # expected
    used_bytes: int = 0  # by the last look
    peak_bytes: int = 0
    grew_at: float = 0.0  # when its peak last rose
    settled: bool = False
    floor_bytes: int = 0  # what its GPU had in use before it came


@dataclass(frozen=True, slots=True)
class GpuState:
    """One GPU. None: not to be had."""

    id: str
    label: str  # "GPU 0"
    total_bytes: int | None = None
    used_bytes: int | None = None
    reserved_bytes: int = 0
    elsewhere: int = 0  # units that other sessions hold
    strangers: str = ""  # who, in words
    quiet_since: float = 0.0  # no strangers since then
    lost: str = ""  # why it can't be used any more
    one_process: bool = False  # its compute mode lets no second trial in
    pace: Pace = field(default_factory=Pace)


@dataclass(frozen=True, slots=True)
class Gpus:
    """All GPUs of a session. Without any, it runs on the CPU and nothing here matters."""

    all: tuple[GpuState, ...] = ()
    asks: Asks = field(default_factory=Asks)
    memory: MemoryModel = field(default_factory=MemoryModel)
    caution: float = 1.0  # grows when a trial runs out of memory beside others
    closed: Mapping[str, str] = field(default_factory=dict)  # device -> why nothing starts there
    emptied: frozenset[str] = frozenset()  # of those, which trials are to leave
    told: Mapping[str, str] = field(default_factory=dict)  # device -> what of it the ledger was told last

    def __bool__(self) -> bool:
        return bool(self.all)

    def with_gpu(self, gpu: GpuState) -> Gpus:
        return replace(self, all=tuple(gpu if one.id == gpu.id else one for one in self.all))

    def label(self, device_id: str) -> str:
        return " and ".join(gpu.label for gpu in self.all if gpu.id in device_id.split(","))


def peak_of(attrs: Mapping[str, Any]) -> int:
    """The most memory that a trial is known to have had on one GPU; 0 when nobody knows."""
    said = attrs.get(TORCH_PEAK)
    own = int(said) + CONTEXT_BYTES if isinstance(said, int | float) and said > 0 else 0
    return max(int(attrs.get(PEAK, 0)), own)


def place_for(state: SchedulerState, live: Live) -> Chosen | Wait:
    """Where a trial goes now, or why it waits."""
    if state.roll.placed >= state.slots:
        return Wait("slots", f"waiting: {state.slots} trials run, as many as at once are wanted", True)
    return choose(need_of(state, live), state.gpus.asks, gpus_of(state))


def room_for_another(state: SchedulerState) -> bool:
    """Whether a trial that nobody has asked for yet could start now, as far as can be told."""
    some = next(iter(state.live.values()), None)
    return some is None or isinstance(place_for(state, some), Chosen)


def need_of(state: SchedulerState, live: Live) -> Need:
    asks = state.gpus.asks
    if live.trial.attrs.get(ALONE):
        return Need(asks.gpus, UNITS, asks.memory_bytes, "alone, for it ran out of memory beside others")
    if asks.share is not None:
        return Need(asks.gpus, round(UNITS * asks.share), asks.memory_bytes, "")
    if asks.memory_bytes is not None:
        return Need(asks.gpus, None, asks.memory_bytes, "as the study says")
    learned = state.gpus.memory.upper_bytes(live.trial.x)
    if learned is None:
        return Need(asks.gpus, UNITS, None, "alone: what a trial needs is not known yet")
    count = len(state.gpus.memory.lessons)
    expected = round(learned * MARGIN * state.gpus.caution)
    totals = [gpu.total_bytes for gpu in state.gpus.all if gpu.total_bytes is not None]
    if not totals or expected > max(totals) * 0.9:
        return Need(asks.gpus, UNITS, None, f"alone: it may need more than fits beside another, by {count} peaks")
    why = f"by the peaks of {count} trial{'s' if count != 1 else ''}"
    evidence = count if state.gpus.caution == 1.0 else count // 2
    return Need(asks.gpus, None, expected, why, max(1, evidence // PEAKS_PER_START))


def gpus_of(state: SchedulerState) -> tuple[Gpu, ...]:
    """The GPUs as placement sees them."""
    blocked = {
        device: reason
        for place, (until, reason) in state.blocked.items()
        if until > state.now
        for device in place.devices
    }
    return tuple(_gpu(state, gpu, blocked.get(gpu.id, "")) for gpu in state.gpus.all)


def _gpu(state: SchedulerState, gpu: GpuState, blocked: str) -> Gpu:
    here = list(on(state, gpu.id))
    closed = f"is lost: {gpu.lost}" if gpu.lost else state.gpus.closed.get(gpu.id, "")
    return Gpu(
        gpu.id, gpu.label, gpu.total_bytes, gpu.used_bytes, gpu.reserved_bytes,
        tuple(_tenant(state, live) for live in here),
        UNITS if blocked else gpu.elsewhere,
        gpu.strangers, closed, gpu.pace.limit(state.now), frozenset(live.trial.slot or 0 for live in here),
        gpu.one_process,
    )  # fmt: skip


def why_idle(state: SchedulerState) -> dict[str, str]:
    """GPU -> why no trial of this session is there."""
    said = {}
    head = next(iter(state.in_line), None)
    for gpu in gpus_of(state):
        if gpu.tenants:
            continue
        block = blocked(need_of(state, head) if head else Need(), state.gpus.asks, gpu)
        if block is not None:
            said[gpu.id] = block.text.removeprefix(f"{gpu.label} ")
        elif head is None:
            said[gpu.id] = "no trial waits"
        else:
            phase = head.trial.phase
            waits = phase.reason if isinstance(phase, Waiting) and head.waits_for else ""
            said[gpu.id] = "the session is paused" if state.held else waits
    return said


def on(state: SchedulerState, device_id: str) -> Iterator[Live]:
    """The trials that hold a share of a GPU."""
    for live in state.live.values():
        place = live.place
        if place is not None and device_id in place.devices:
            yield live


def _tenant(state: SchedulerState, live: Live) -> Tenant:
    claim = live.claim or Claim(UNITS, settled=True)
    starting = isinstance(live.trial.phase, Starting)
    return Tenant(
        live.trial.number, claim.units, claim.memory_bytes, claim.used_bytes, not starting and _has_grown(claim),
        left_s(state, live),
    )  # fmt: skip


def _has_grown(claim: Claim) -> bool:
    return claim.settled or (claim.memory_bytes is not None and claim.used_bytes >= GROWN * claim.memory_bytes)


def left_s(state: SchedulerState, live: Live) -> float | None:
    """Seconds until a running trial ends, by its own pace, or by how long the latest ones took; None: who knows."""
    if not isinstance(live.trial.phase, Running):
        return None
    ran, last, step = live.running_s(state.now), state.rules.max_steps, live.trial.step
    if last is not None and step is not None and 0 < step < last and ran > 0:
        return ran * (last - step) / step
    if not state.durations:
        return None
    return max(0.0, sum(state.durations) / len(state.durations) - ran)
