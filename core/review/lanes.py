"""Who ran where and when: a lane for every GPU or CPU slot, from the ledger. Pure over rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hptui.core.store.rows import EventRow, TrialRow
from hptui.core.study.commands import DRAINED


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch in which a trial ran. state: what became of it; RUNNING while it still runs."""

    trial: int
    start: float
    end: float
    state: str


@dataclass(frozen=True, slots=True)
class Lane:
    """spans: by start. On a GPU that is shared they overlap; `slot` tells one from the other.

    drained: (start, end) of each stretch in which the user wanted nothing to start there, by start.
    """

    device: str  # a GPU's UUID, or "cpu"
    slot: int
    spans: tuple[Span, ...] = ()
    drained: tuple[tuple[float, float], ...] = ()


@dataclass
class _Open:
    place: tuple[str, int] | None = None
    since: float | None = None


def lanes(
    trials: Iterable[TrialRow], events: Iterable[EventRow], until: float, drained: Collection[str] = ()
) -> tuple[Lane, ...]:
    """Lanes by device and slot.

    events: of the ledger, oldest first; a trial whose start is not among them counts from its row, without pauses.
    until: when what still runs is cut off. drained: the GPUs that are drained by then, for when the ledger at hand
    does not reach back to that wish.
    """
    events = tuple(events)
    rows = {row.number: row for row in trials}
    found: dict[tuple[str, int], list[Span]] = {}
    opened: dict[int, _Open] = {}
    seen: set[int] = set()
    for event in events:
        if event.trial is None or event.trial not in rows:
            continue
        one = opened.setdefault(event.trial, _Open())
        match event.kind:
            case "starting":
                one.place = (str(event.data.get("device", "")), int(event.data.get("slot", 0)))
            case "started" if one.place is not None:
                one.since = event.at
                seen.add(event.trial)
            case "resumed" | "promoted" | "undone" if "device" in event.data:
                one.place, one.since = (str(event.data["device"]), int(event.data.get("slot", 0))), event.at
            case "paused" | "put-away" | "ended":
                _close(found, one, rows[event.trial], event.at)
    for number, one in opened.items():
        running = rows[number].state == "RUNNING"
        _close(found, one, rows[number], until if running else rows[number].ended_at or until)
    for row in rows.values():
        if row.number not in seen and row.started_at is not None and row.device:
            _close(found, _Open((row.device, row.slot or 0), row.started_at), row, row.ended_at or until)
    merged: dict[tuple[str, int], list[Span]] = {}
    for (device, slot), spans in found.items():
        for each in device.split(","):
            merged.setdefault((each, slot), []).extend(spans)
    away = drains(events, until, drained)
    return tuple(
        Lane(*place, tuple(sorted(merged[place], key=lambda span: span.start)), away.get(place[0], ()))
        for place in sorted(merged)
    )


def drains(
    events: Iterable[EventRow], until: float, drained: Collection[str] = ()
) -> dict[str, tuple[tuple[float, float], ...]]:
    """GPU -> (start, end) of each stretch of being drained; minus infinity where no event says since when."""
    found: dict[str, list[tuple[float, float]]] = {}
    since: dict[str, float] = {}
    for event in events:
        if event.kind not in ("gpu-closed", "gpu-opened") or not event.data.get("drained"):
            continue
        device = str(event.data.get("device", ""))
        if event.kind == "gpu-closed":
            since.setdefault(device, event.at)
        else:
            found.setdefault(device, []).append((since.pop(device, float("-inf")), event.at))
    for device in {*since, *(one for one in drained if one not in found)}:
        found.setdefault(device, []).append((since.get(device, float("-inf")), until))
    return {device: tuple(stretches) for device, stretches in found.items()}


def drained_in(facts: Mapping[str, Any]) -> frozenset[str]:
    """The GPUs that are drained now, by the facts of the session."""
    closed = facts.get("closed_gpus")
    if not isinstance(closed, Mapping):
        return frozenset()
    return frozenset(device for device, why in closed.items() if why == DRAINED)


def _close(found: dict[tuple[str, int], list[Span]], one: _Open, row: TrialRow, at: float) -> None:
    if one.place is not None and one.since is not None and at >= one.since:
        found.setdefault(one.place, []).append(Span(row.number, one.since, at, row.state))
    one.since = None


def by_device(all_lanes: Sequence[Lane]) -> tuple[Lane, ...]:
    """What can be idle as a whole: every GPU with all that share it, and each slot of the CPU for itself."""
    found: dict[tuple[str, int], Lane] = {}
    for lane in all_lanes:
        place = (lane.device, lane.slot if lane.device == "cpu" else 0)
        known = found.get(place, Lane(*place, drained=lane.drained))
        found[place] = replace(known, spans=tuple(sorted((*known.spans, *lane.spans), key=lambda span: span.start)))
    return tuple(found[place] for place in sorted(found))
