"""The tabs of the review, in the order of their digits. A new one is a line here.

A pane that is a `ChartPane` is given the `Material`; any other has `take(snapshot)`. It is imported when it is first
looked at.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from textual.widget import Widget

from hptui.tui.snapshot import Snapshot


def always(_: Snapshot) -> str:
    return ""


def one_objective(snapshot: Snapshot) -> str:
    return "" if snapshot.facts.also else "this session has one objective: there is no front"


@dataclass(frozen=True, slots=True)
class Tab:
    """pane: "module:Class" under hptui.tui.panes. missing: why this session has nothing to see here; "" if it has."""

    name: str
    pane: str
    about: str
    missing: Callable[[Snapshot], str] = always

    def make(self) -> Widget:
        module, _, name = self.pane.partition(":")
        made: Any = getattr(import_module(f"hptui.tui.panes.{module}"), name)(id=f"tab-{self.name}", classes="pane")
        assert isinstance(made, Widget)
        return made


TABS: tuple[Tab, ...] = (
    Tab("history", "history:HistoryPane", "every trial and the best so far"),
    Tab("parallel", "parallel:ParallelPane", "parameters side by side: the best as lines, all as shade"),
    Tab("importance", "importance:ImportancePane", "which parameters matter, and how sure that is"),
    Tab("slices", "slices:SlicesPane", "each parameter against the metric, with edges and failures"),
    Tab("contour", "contour:ContourPane", "the metric over two parameters"),
    Tab("lanes", "lanes:LanesPane", "who ran where and when"),
    Tab("advice", "advice:AdvicePane", "what would make the search better, with its reason"),
    Tab("trials", "trials:TrialsPane", "the table"),
    Tab("pruning", "pruning:PruningPane", "what each rung cut, what that saved, whether it may have cut the best"),
    Tab("front", "front:FrontPane", "two objectives against each other", one_objective),
)
