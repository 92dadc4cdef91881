"""The table of trials."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from hptui.tui.arrangement import Arrangement
from hptui.tui.glyphs import as_title
from hptui.tui.panes.line_table import LineTable, columns_of
from hptui.tui.snapshot import Snapshot
from hptui.tui.views.numbers import count
from hptui.tui.views.trials import NO_MARKS, Marks, Title, titles, trial_line


class TrialsPane(LineTable):
    """One line per trial. Posts `Chosen` for enter, `Moved` when the cursor is on another trial."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("asterisk", "mark_all", "Mark all", key_display="*", show=False, id="trials.mark_all"),
    ]

    def __init__(self, digit: str = "1", **kwargs: Any) -> None:
        """digit: the key that leads here."""
        super().__init__((), newest="first", follow=True, **kwargs)
        self.digit = digit
        self._titles: tuple[Title, ...] = ()
        self.hidden: frozenset[str] = frozenset()  # columns that the user does not want
        self._unwanted: frozenset[str] = frozenset()  # the same by the names of the configuration, not yet met
        self._seen: tuple[Arrangement, str] | None = None
        self.border_title = f"{digit} trials"

    def take(self, snapshot: Snapshot, arranged: Arrangement, marks: Marks = NO_MARKS) -> None:
        """Show these trials in this order; only lines that read differently are painted."""
        every = self.all_titles(snapshot)
        self._hide_unwanted(every)
        found = tuple(title for title in every if title.key not in self.hidden)
        if found != self._titles:
            self._titles = found
            self.set_columns(columns_of(found))
        self.sorted_by(column_of(arranged.sort, found), arranged.reverse)
        keys = tuple(title.key for title in found)
        self.show(arranged.order, lambda number: trial_line(snapshot, number, keys, marks))
        self._retitle(snapshot, arranged)
        if not arranged.order:
            self.update_empty(nothing(snapshot, arranged))

    def leave_out(self, names: Iterable[str]) -> None:
        """Columns to hide as soon as there are any of that name."""
        self._unwanted = frozenset(names)

    def _hide_unwanted(self, titles: tuple[Title, ...]) -> None:
        met = {name: column for name in self._unwanted if (column := column_of(name, titles)) is not None}
        self.hidden |= frozenset(met.values()) - {"id"}
        self._unwanted -= met.keys()

    def all_titles(self, snapshot: Snapshot) -> tuple[Title, ...]:
        return titles(snapshot.facts, self.scrollable_content_region.width or 80)

    def _retitle(self, snapshot: Snapshot, arranged: Arrangement) -> None:
        """Setting a title repaints the whole pane, so it says only what a key of the user's changes."""
        title = f"{self.digit} trials"
        if arranged.filter:
            title += f" ─ {len(arranged.order):,} of {len(snapshot.trials):,} match {arranged.filter}"
        if self.marked:
            title += f" ─ {len(self.marked)} marked"
        title = as_title(title)
        if title != self.border_title:
            self.border_title = title

    def action_mark_all(self) -> None:
        """Mark every trial of the table; when all are marked, none."""
        everything = set(self.keys)
        self.set_marked(set() if self.marked >= everything else everything)
        if self.cursor_key is not None:
            self.post_message(self.Marked(self, self.cursor_key))


def column_of(sort: str, found: tuple[Title, ...]) -> str | None:
    """The column a sort stands for: `lr` and `p.lr` are the same, so are `loss` and `value`."""
    keys = {title.key for title in found}
    if sort in keys:
        return sort
    if f"p.{sort}" in keys:
        return f"p.{sort}"
    if f"o.{sort}" in keys:
        return f"o.{sort}"
    return "value" if sort == "loss" or any(t.key == "value" and t.title == sort for t in found) else None


def nothing(snapshot: Snapshot, arranged: Arrangement) -> str:
    """What an empty table says, and what to do about it."""
    if snapshot.trials:
        return f"0 of {len(snapshot.trials):,} match {arranged.filter}: esc clears the filter"
    if snapshot.problem:
        return snapshot.problem
    if snapshot.version == 0:
        return "reading the session…"
    if snapshot.finished:
        return "this session ended before its first trial"
    if not snapshot.alive:
        return "no trial yet, and nobody schedules this session: R starts it"
    budget = snapshot.facts.n_trials
    return "waiting for the first trial" + (f" of {count(budget, 'trial')}" if budget else "")
