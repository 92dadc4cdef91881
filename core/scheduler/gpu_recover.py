"""The GPUs of a session that goes on: what its rows and facts tell of shares, peaks and GPUs that were closed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hptui.core.devices.inventory import Device, Inventory
from hptui.core.scheduler.gpus import SHARE, Claim, Gpus, GpuState, peak_of
from hptui.core.scheduler.memory import Lesson, MemoryModel
from hptui.core.scheduler.placing import UNITS, Asks
from hptui.core.store.rows import TrialRow
from hptui.core.study.study import Resources, Study
from hptui.core.study.trial import State

CLOSED = "closed_gpus"  # the fact: device -> why nothing starts there
EMPTIED = "emptied_gpus"  # the fact: of those, which trials are to leave
PARTS = "mig_parts"  # the fact: MIG instance -> its GPU and its own number, 2.0


def asks_of(resources: Resources) -> Asks:
    gpus = resources.gpus
    return Asks(
        gpus=max(1, int(gpus or 1)),
        share=None if gpus is None else min(1.0, gpus),
        memory_bytes=resources.gpu_memory_bytes,
        max_trials=resources.max_trials,
        share_with_strangers=resources.share_with_strangers,
        yields=resources.yields,
        look_s=resources.look_every_s,
    )


def gpus_from(study: Study, facts: dict[str, Any], rows: Iterable[TrialRow], places: Inventory) -> Gpus:
    """None of them when trials run on the CPU."""
    if not places.on_gpus:
        return Gpus()
    memory = MemoryModel()
    for row in rows:
        if row.state in (State.COMPLETE, State.PRUNED):
            memory = memory.learned(Lesson(row.x, peak_of(row.attrs)), row.number)
    states = tuple(
        GpuState(device.id, label(device), device.memory_total_bytes, one_process=device.one_process)
        for device in places.devices
    )
    closed, emptied = dict(facts.get(CLOSED, {})), frozenset(facts.get(EMPTIED, ()))
    return Gpus(states, asks_of(study.resources), memory, closed=closed, emptied=emptied)


def label(device: Device) -> str:
    """`GPU 2`; of a MIG instance `GPU 2.0`."""
    known = device.part or device.index
    return f"GPU {known}" if known is not None else device.id


def claim_of(row: TrialRow) -> Claim:
    """What a trial holds; all of its GPUs when nobody wrote that down."""
    share, peak = row.attrs.get(SHARE, 1.0), peak_of(row.attrs)
    return Claim(max(1, round(UNITS * share)), peak or None, peak, peak, settled=True)
