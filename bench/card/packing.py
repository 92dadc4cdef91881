"""Small networks per hour: as many on one GPU as fit, against one at a time."""

from __future__ import annotations

from bench.card.card import Card
from bench.speed.table import Result
from hptui.core.store.rows import TrialRow

ALONE, PACKED = 8, 64  # trials: one at a time the rate does not change; packed it takes some to learn what fits
PATIENCE_S = 900.0


def packing(card: Card) -> list[Result]:
    alone_n, packed_n = (3, 10) if card.rehearsal else (ALONE, PACKED)
    alone = _run(card, "alone", alone_n, "gpus = 1")
    packed = _run(card, "packed", packed_n, 'look_every = "0.2 s"' if card.rehearsal else "")
    ratio = per_hour(packed) / per_hour(alone)
    ooms = sum(row.cause == "oom" for row in packed)
    failed = sum(row.state == "FAIL" for row in packed)
    note = (
        f"{per_hour(alone):,.0f} an hour one at a time, {per_hour(packed):,.0f} packed, up to {most_at_once(packed)} "
        f"at once, from the first start of {packed_n} to the last end"
    )
    return [
        Result("small CNNs per hour, `auto` against one per GPU", "x", ratio, 3.0, more=True, note=note),
        Result("trials lost to out of memory", "", float(ooms), 0.0, note=f"{failed} of {len(packed)} failed"),
    ]


def _run(card: Card, name: str, n_trials: int, resources: str) -> list[TrialRow]:
    card.run(card.begin(name, "small_cnn", n_trials, resources), PATIENCE_S).close()
    return card.trials(name)


def per_hour(rows: list[TrialRow]) -> float:
    """Complete trials, from the first start to the last end."""
    spans = [(row.started_at, row.ended_at) for row in rows if row.started_at and row.ended_at]
    done = sum(row.state == "COMPLETE" for row in rows)
    return 3600 * done / (max(end for _, end in spans) - min(start for start, _ in spans))


def most_at_once(rows: list[TrialRow]) -> int:
    spans = [(row.started_at, row.ended_at) for row in rows if row.started_at and row.ended_at]
    return max(sum(start <= at < end for start, end in spans) for at, _ in spans)
