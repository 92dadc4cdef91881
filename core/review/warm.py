"""What past sessions gave to a warm-started one, from the reasons of its proposals. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hptui.core.store.rows import TrialRow

_FIRST = re.compile(r"past session (\S+): the ")  # as `search.samplers.warm` says it
_COUNTED = re.compile(r"with past (.*)$")
_SHARE = re.compile(r"(\S+) at (\d+)%")


@dataclass(frozen=True)
class Contribution:
    """One past session. trials, best: what it lent; best in its own user's sign.

    firsts: trials of this session that tried one of its best points, with their values where complete. led: whether
    this session's best trial is among them. counted: proposals whose model heard it; latest: how much it counted in
    the last one that says, 0 to 1 (NaN without one).
    """

    name: str
    trials: int
    best: float
    firsts: tuple[tuple[int, float | None], ...]
    led: bool
    counted: int
    latest: float


def contributions(facts: Mapping[str, Any], rows: Sequence[TrialRow], sign: float) -> list[Contribution]:
    """sign: loss = sign * value. Empty where the session began with nothing."""
    ordered = sorted(rows, key=lambda row: row.number)
    known = [row for row in ordered if _final(row) is not None and not row.broken]
    best = min(known, key=lambda row: sign * (row.value or 0.0), default=None)
    return [_of(past, ordered, best) for past in facts.get("pasts") or []]


def _of(past: Mapping[str, Any], rows: Sequence[TrialRow], best: TrialRow | None) -> Contribution:
    name = str(past["name"])
    firsts = [row for row in rows if (found := _FIRST.search(row.proposal)) and found[1] == name]
    shares = [share for row in rows if (share := _share(row.proposal, name)) is not None]
    heard = [share for share in shares if share > 0]
    return Contribution(
        name, len(past["losses"]), float(past["best"]), tuple((row.number, _final(row)) for row in firsts),
        best is not None and any(row.number == best.number for row in firsts), len(heard),
        shares[-1] if shares else math.nan,
    )  # fmt: skip


def _share(proposal: str, name: str) -> float | None:
    told = _COUNTED.search(proposal)
    found = dict(_SHARE.findall(told[1])) if told else {}
    return int(found[name]) / 100 if name in found else None


def _final(row: TrialRow) -> float | None:
    known = row.state == "COMPLETE" and row.value is not None and math.isfinite(row.value)
    return row.value if known else None


def told(one: Contribution) -> str:
    said = [f"past session {one.name} lent {one.trials} trials, best {one.best:.6g}"]
    if one.firsts:
        tried = ", ".join(f"{n} ({'–' if value is None else f'{value:.6g}'})" for n, value in one.firsts)
        led = ", one of which is the best trial" if one.led else ""
        said.append(f"its best points became trial {tried}{led}")
    if one.counted:
        said.append(f"{one.counted} proposals heard it, at {one.latest:.0%} in the last")
    else:
        said.append("no other proposal heard it")
    return "; ".join(said)
