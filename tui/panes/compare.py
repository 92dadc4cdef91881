"""Several sessions in one pane: their lines, their spaces, their best trials."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import BindingType

from hptui.tui.glyphs import current
from hptui.tui.keys import bindings
from hptui.tui.panes.chart import DrawnPane, Lines, said
from hptui.tui.review_keys import COMPARE

if TYPE_CHECKING:
    from hptui.core.review.compare import Contender
    from hptui.core.review.history import By

TABS = ("bests", "spaces", "configurations")


class ComparePane(DrawnPane):
    """`take` the sessions; `tab` says what is seen of them."""

    KEYS = COMPARE
    BINDINGS: ClassVar[list[BindingType]] = bindings(COMPARE)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        from hptui.core.review.history import By

        self.contenders: Sequence[Contender] = ()
        self.problem = ""  # why there is nothing to compare
        self.agreed: Sequence[str] = ()  # of each two that can be compared, whether their bests are the same
        self.tab = TABS[0]
        self.by: By = By.TRIALS
        self.ylog = False
        self.chosen = 0
        self.top = 0  # lines scrolled away

    def take(self, contenders: Sequence[Contender], problem: str = "", agreed: Sequence[str] = ()) -> None:
        self.contenders, self.problem, self.agreed = contenders, problem, agreed
        self.redraw()

    def show_tab(self, tab: str) -> None:
        self.tab, self.top = tab, 0
        self.redraw()

    def title_text(self) -> str:
        from hptui.tui.views.compare import heading

        if not self.contenders:
            return "compare"
        titles = {"spaces": "what may vary", "configurations": "the best trials' parameters, those that differ first"}
        return titles.get(self.tab) or heading(self.contenders, self.by, self.ylog)

    def lines(self, width: int, height: int) -> Lines:
        from hptui.tui.views import compare

        if not self.contenders:
            return said(self.problem or "reading the sessions…", width)
        if self.tab == "bests":
            return compare.draw(self.contenders, self.chosen, self.by, self.ylog, width, height, current())
        if self.tab == "spaces":
            found = compare.space_lines(self.contenders, width)
        else:
            found = [*compare.best_lines(self.contenders, width), *compare.agreed_lines(self.agreed, width)]
        self.top = max(0, min(self.top, len(found) - height))
        return [found[0], *found[1 + self.top :]]

    def action_axis(self) -> None:
        self.by = self.by.next()
        self.redraw()

    def action_log_scale(self) -> None:
        self.ylog = not self.ylog
        self.redraw()

    def action_choose(self, by: int) -> None:
        if self.tab == "bests":
            self.chosen = max(0, min(self.chosen + by, len(self.contenders) - 1))
        else:
            self.top += by
        self.redraw()
