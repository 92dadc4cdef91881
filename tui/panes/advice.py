"""What the rules of tuning say of the session, and the next study written with one key."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from textual.binding import BindingType
from textual.message import Message

from hptui.core.advice.finding import Finding
from hptui.tui.glyphs import current
from hptui.tui.keys import bindings
from hptui.tui.material import Material
from hptui.tui.panes.chart import Lines, said
from hptui.tui.panes.computed import ComputedPane
from hptui.tui.review_keys import ADVICE
from hptui.tui.views.advice import draw, heading


class AdvicePane(ComputedPane):
    """Findings, the chosen one marked; `n` posts `Taken` with all their edits."""

    KEYS = ADVICE
    BINDINGS: ClassVar[list[BindingType]] = bindings(ADVICE)

    class Taken(Message):
        def __init__(self, findings: list[Finding]) -> None:
            super().__init__()
            self.findings = findings

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.chosen = 0

    def work(self, material: Material) -> Any:
        from hptui.core.review.diagnosis import diagnose
        from hptui.core.store.reader import Reader

        with Reader(material.folder) as reader:
            return diagnose(reader, material.facts.max_steps)

    @property
    def found(self) -> list[Finding]:
        return self.answer if isinstance(self.answer, list) else []

    def heading(self, material: Material) -> str:
        return heading(self.answer if isinstance(self.answer, list) else None)

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

    def action_next_study(self) -> None:
        self.post_message(self.Taken([finding for finding in self.found if finding.edits]))


def next_study(folder: Path, text: str, name: str, findings: list[Finding]) -> Path:
    """Write the study with the advice taken into `folder`, under a name that is free. Raises OSError."""
    from hptui.core.advice.finding import Edit
    from hptui.core.advice.rewrite import rewrite

    edits = [edit for finding in findings for edit in finding.edits]
    for k in range(1, 1000):
        path = folder / (f"{name}-next.toml" if k == 1 else f"{name}-next-{k}.toml")
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(rewrite(text, [*edits, Edit(("name",), path.stem)]))
        except FileExistsError:
            continue
        return path
    raise FileExistsError(f"{folder}: every name up to {name}-next-999.toml is taken")
