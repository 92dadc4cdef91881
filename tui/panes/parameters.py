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

    def take(self, facts: Facts, trial: TrialRow, about: Sequence[Line] = (), why: Line = ()) -> None:
        """about: lines below the parameters. why: the line above them, if there is anything to say."""
        lines: list[Line] = [why] if why else []
        lines += [parameter_line(facts, trial, name) for name in shown_parameters(facts, trial)]
        lines += [(), *about] if about else []
        self.show(range(len(lines)), lambda at: lines[at])
