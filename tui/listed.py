"""Which sessions the list shows, and in what order: a filter and a sort. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from hptui.core.store.library import SessionSummary
from hptui.core.study.remarks import note_of, tags_of
from hptui.tui.filter import Filter, parse, satisfies

FIELDS = ("name", "state", "best", "trials", "hours", "size", "tag", "note", "metric", "why")
_WORDS = {"live": "live running", "interrupted": "interrupted lost", "finished": "finished done complete ended"}
_BIG_FIRST = ("changed", "started", "hours", "size", "done")


@dataclass(frozen=True, slots=True)
class Listed:
    """sort: a column's key; "changed" first of all, as the last one worked on is mostly meant."""

    filter: Filter = field(default_factory=Filter)
    sort: str = "changed"
    reverse: bool = True

    def arranged(self, found: Iterable[SessionSummary]) -> list[SessionSummary]:
        shown = [one for one in found if matches(self.filter, one)]
        known = [one for one in shown if _key(self.sort, one) is not None]
        rest = [one for one in shown if _key(self.sort, one) is None]
        known.sort(key=lambda one: one.name)
        known.sort(key=lambda one: _key(self.sort, one), reverse=self.reverse)  # type: ignore[arg-type, return-value]  # no None is left
        return [*known, *rest]

    def by(self, column: str) -> Listed:
        """Sorted by this column; the same again turns round."""
        same = column == self.sort
        return replace(self, sort=column, reverse=not self.reverse if same else column in _BIG_FIRST)

    def filtered(self, text: str) -> Listed:
        return replace(self, filter=parse(text))


def matches(filter: Filter, summary: SessionSummary) -> bool:
    texts = (summary.name, summary.state, summary.reason, summary.metric, note_of(summary.remarks),
             *tags_of(summary.remarks))  # fmt: skip
    return all(
        satisfies(term, value_of(term.name.lower(), summary), texts) is not term.negated for term in filter.terms
    )


def value_of(name: str, summary: SessionSummary) -> object:
    match name:
        case "name" | "session":
            return summary.name
        case "state":
            return f"{summary.state} {_WORDS.get(summary.state, '')}"
        case "best" | "loss" | "value":
            return summary.best
        case "trials" | "done":
            return ended(summary)
        case "hours" | "time":
            return summary.busy_s / 3600
        case "size":
            return summary.database_bytes
        case "tag" | "tags":
            return " ".join(tags_of(summary.remarks)) or None
        case "note":
            return note_of(summary.remarks) or None
        case "metric":
            return summary.metric
        case "why":
            return summary.reason
    return summary.best if name == summary.metric.lower() else None


def ended(summary: SessionSummary) -> int:
    return sum(summary.counts.get(state, 0) for state in ("COMPLETE", "PRUNED", "FAIL"))


def _key(sort: str, summary: SessionSummary) -> float | str | None:
    match sort:
        case "changed":
            return summary.updated_at
        case "started":
            return summary.created_at
    value = value_of(sort, summary)
    return value.casefold() if isinstance(value, str) else value if isinstance(value, (int, float)) else None
