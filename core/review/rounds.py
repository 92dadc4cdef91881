"""The rounds of a study: which session went on from which, what each was to tell, and what it told."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hptui.core.errors import HptuiError
from hptui.core.review.columns import columns
from hptui.core.review.isolation import Isolated
from hptui.core.review.isolation import compared as compared_values
from hptui.core.review.trust import Repeated, compared, repeated
from hptui.core.store.library import SessionSummary, sessions
from hptui.core.store.reader import Reader
from hptui.core.study.session import SessionFolder


@dataclass(frozen=True)
class Link:
    """Where a session stands among the others; parent_id: None when the parent was not here when it began."""

    summary: SessionSummary
    id: str
    told: Mapping[str, Any]  # its fact `round`

    @property
    def name(self) -> str:
        return self.summary.name

    @property
    def parent(self) -> str | None:
        return self.told.get("parent")

    def follows(self, other: Link) -> bool:
        if self.told.get("parent_id"):
            return bool(self.told["parent_id"] == other.id)
        return self.parent == other.name and self.name != other.name


@dataclass(frozen=True)
class Round:
    """One round, with what its session shows. best: of the configurations with most runs, else of all.

    compared: scientific parameter -> its values, each at the best that the others allow; several also together.
    """

    link: Link
    depth: int
    last: tuple[bool, ...]  # for its ancestors below the root and itself: whether it is the last of its siblings
    best: Repeated | None
    compared: Mapping[str, Sequence[Isolated]]
    baseline: Repeated | None = None

    @property
    def name(self) -> str:
        return self.link.name

    @property
    def goal(self) -> str:
        return str(self.link.told.get("goal") or "")

    def role(self, role: str) -> tuple[str, ...]:
        return tuple(self.link.told.get(role) or ())


def lineage(home: Path, name: str) -> list[Round]:
    """The whole family of a session, each round after its parent, siblings by age. Read now; slow ones are large."""
    links = [link for each in sessions(home) if (link := _link(each)) is not None]
    chosen = next((link for link in links if link.name == name), None)
    if chosen is None:
        return []
    root, seen = chosen, {chosen.name}
    while (above := next((one for one in links if root.follows(one)), None)) and above.name not in seen:
        root = above
        seen.add(root.name)
    return [_read(link, depth, last) for link, depth, last in _below(root, links, (), frozenset())]


def _below(
    link: Link, links: Sequence[Link], last: tuple[bool, ...], above: frozenset[str]
) -> Iterator[tuple[Link, int, tuple[bool, ...]]]:
    yield link, len(last), last
    children = [one for one in links if one.follows(link) and one.name not in above | {link.name}]
    children.sort(key=lambda one: (one.summary.created_at or 0.0, one.name))
    for k, child in enumerate(children):
        yield from _below(child, links, (*last, k == len(children) - 1), above | {link.name})


def _link(summary: SessionSummary) -> Link | None:
    if summary.state == "broken":
        return None
    try:
        with Reader(SessionFolder(summary.path)) as reader:
            return Link(summary, str(reader.fact("id") or summary.name), reader.fact("round") or {})
    except HptuiError:
        return None  # gone, or damaged since it was listed


def _read(link: Link, depth: int, last: tuple[bool, ...]) -> Round:
    sign = -1.0 if link.summary.direction == "maximize" else 1.0
    with Reader(SessionFolder(link.summary.path)) as reader:
        rows, space = sorted(reader.trials(), key=lambda row: row.number), reader.parameters()
    known = repeated(rows, sign)
    seen = columns(rows, space, sign)
    asked = [name for name in link.told.get("scientific") or () if name in space]
    best, base = compared(known, sign), next((one for one in known if one.baseline), None)
    if base is not None and (best is None or sign * base.mean < sign * best.mean):
        best = base  # a round may show that nothing beats what there was
    return Round(link, depth, last, best, compared_values(seen, asked), base)


def difference(found: Sequence[Isolated], sign: float) -> str:
    """What the comparison of a parameter's values says in one line; "" with fewer than two that can be compared."""
    fair = sorted((one for one in found if not math.isnan(one.expected)), key=lambda one: sign * one.expected)
    if len(fair) < 2:
        return ""
    first, second = fair[:2]
    apart = first.high < second.low if sign > 0 else first.low > second.high
    sure = "their 95 % intervals do not overlap" if apart else "their 95 % intervals overlap: not told apart"
    return (
        f"{first.label} is best: {first.expected:.4g} ({first.low:.4g} .. {first.high:.4g}), then {second.label} "
        f"{second.expected:.4g} ({second.low:.4g} .. {second.high:.4g}); {sure}"
    )
