"""The rounds of a study, one marked; enter posts `Chosen` with the session's name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import BindingType
from textual.message import Message

from hptui.tui.glyphs import current
from hptui.tui.keys import bindings
from hptui.tui.panes.chart import DrawnPane, Lines, said
from hptui.tui.review_keys import ROUNDS
from hptui.tui.views.rounds import draw

if TYPE_CHECKING:
    from hptui.core.review.rounds import Round


class RoundsPane(DrawnPane):
    KEYS = ROUNDS
    BINDINGS: ClassVar[list[BindingType]] = bindings(ROUNDS)

    class Chosen(Message):
        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rounds: Sequence[Round] | None = None
        self.problem = ""
        self.chosen = 0

    def take(self, rounds: Sequence[Round], chosen: str, problem: str = "") -> None:
        self.rounds, self.problem = rounds, problem
        self.chosen = next((k for k, one in enumerate(rounds) if one.name == chosen), 0)
        self.redraw()

    @property
    def name_chosen(self) -> str:
        return self.rounds[self.chosen].name if self.rounds else ""

    def title_text(self) -> str:
        return f"rounds of {self.rounds[0].name}" if self.rounds else "rounds"

    def lines(self, width: int, height: int) -> Lines:
        if not self.rounds:
            return said(self.problem or "reading the sessions…", width)
        return draw(self.rounds, self.chosen, width, height, current())

    def action_choose(self, by: int) -> None:
        self.chosen = max(0, min(self.chosen + by, len(self.rounds or ()) - 1))
        self.redraw()

    def action_open(self) -> None:
        if self.name_chosen:
            self.post_message(self.Chosen(self.name_chosen))
