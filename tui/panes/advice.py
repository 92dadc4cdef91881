"""What the rules of tuning say of the session, and the next study written with one key."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import BindingType
from textual.message import Message

from hptui.core.advice.finding import Finding
from hptui.core.study.remarks import dismissed_of
from hptui.tui.glyphs import current
from hptui.tui.keys import bindings
from hptui.tui.material import Material
from hptui.tui.panes.chart import Lines, said
from hptui.tui.panes.computed import ComputedPane
from hptui.tui.review_keys import ADVICE
from hptui.tui.views.advice import draw, heading


class AdvicePane(ComputedPane):
    """Findings, the chosen one marked. enter posts `Acted`, `n` `Taken` with all that have edits, `d` `Dismissed`."""

    KEYS = ADVICE
    BINDINGS: ClassVar[list[BindingType]] = bindings(ADVICE)

    class Taken(Message):
        def __init__(self, findings: list[Finding]) -> None:
            super().__init__()
            self.findings = findings

    class Acted(Message):
        """Do what this one says."""

        def __init__(self, finding: Finding) -> None:
            super().__init__()
            self.finding = finding

    class Dismissed(Message):
        """These findings, by their keys, are not to be shown."""

        def __init__(self, keys: list[str]) -> None:
            super().__init__()
            self.keys = keys

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.chosen = 0
        self._wished: list[str] | None = None  # dismissed here; the session may not say so yet, or ever

    def work(self, material: Material) -> Any:
        from hptui.core.review.diagnosis import advice
        from hptui.core.store.reader import Reader

        with Reader(material.folder) as reader:
            return advice(reader, material.facts.max_steps)

    @property
    def dismissed(self) -> list[str]:
        """Keys of findings, the last one dismissed last: what the session says, and what was just done here."""
        told = [] if self.material is None else list(dismissed_of(self.material.facts.remarks))
        return told if self._wished is None or self._wished == told else self._wished

    @property
    def found(self) -> list[Finding]:
        hidden = self.dismissed
        every = self.answer if isinstance(self.answer, list) else []
        return [finding for finding in every if finding.key not in hidden]

    def heading(self, material: Material) -> str:
        if not isinstance(self.answer, list):
            return heading(None)
        return heading(self.found, len(self.answer) - len(self.found))

    def figure(self, material: Material, width: int, height: int) -> Lines:
        if self.answer is None:
            return said("looking for red flags…", width)
        if isinstance(self.answer, Exception):
            return said(str(self.answer), width)
        self.chosen = max(0, min(self.chosen, len(self.found) - 1))
        return draw(self.found, self.chosen, width, height, current())

    def action_choose(self, by: int) -> None:
        self.chosen = max(0, min(self.chosen + by, len(self.found) - 1))
        self.redraw()

    @property
    def at_hand(self) -> Finding | None:
        return self.found[self.chosen] if self.chosen < len(self.found) else None

    def action_act(self) -> None:
        if (finding := self.at_hand) is not None:
            self.post_message(self.Acted(finding))

    def action_dismiss(self) -> None:
        if (finding := self.at_hand) is not None:
            self._dismiss([*self.dismissed, finding.key])

    def action_restore(self) -> None:
        if self.dismissed:
            self._dismiss(self.dismissed[:-1])

    def _dismiss(self, keys: list[str]) -> None:
        self._wished = keys
        self.post_message(self.Dismissed(keys))
        self.redraw()

    def action_next_study(self) -> None:
        self.post_message(self.Taken([finding for finding in self.found if finding.edits]))
