"""A trial's parameters, each with its place in its range."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hptui.core.store.rows import TrialRow
from hptui.tui.panes.event_list import Line, LineList
from hptui.tui.snapshot import Facts
from hptui.tui.views.parameters import parameter_line, shown_parameters


class ParametersPane(LineList):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(newest="", follow=False, empty="this trial has no parameters yet", **kwargs)
        self.border_title = "1 parameters"

    def take(self, facts: Facts, trial: TrialRow, about: Sequence[Line] = ()) -> None:
        """about: lines below the parameters."""
        shown = shown_parameters(facts, trial)
        below: tuple[Line, ...] = ((), *about) if about else ()

        def line(at: int) -> Line:
            return parameter_line(facts, trial, shown[at]) if at < len(shown) else below[at - len(shown)]

        self.show(range(len(shown) + len(below)), line)
