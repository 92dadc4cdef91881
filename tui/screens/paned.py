"""Panes that come and go with the size of the terminal: digits and tab go to one, `z` gives it the whole screen."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.events import Mount, Resize
from textual.widget import Widget

from hptui.tui.panes.plot import LinePlot
from hptui.tui.screens.steering import Steering


class Paned(Steering):
    """PANES: their ids, in the order of their digits; the first is the main one."""

    PANES: ClassVar[tuple[str, ...]] = ()
    lower = "curves"  # the pane beside the main one that was asked for last
    zoomed: str | None = None

    def panes(self, lower: str, zoomed: str | None) -> frozenset[str]:
        """Which are seen at this size."""
        raise NotImplementedError

    def place(self, shown: frozenset[str]) -> None:
        """Give the columns their sizes."""
        raise NotImplementedError

    def show_curves(self) -> None:
        """Draw the plots of the screen with what is chosen now."""
        raise NotImplementedError

    def action_log_scale(self) -> None:
        for plot in self.query(LinePlot):
            plot.action_log_scale()

    def action_log_steps(self) -> None:
        for plot in self.query(LinePlot):
            plot.action_log_steps()

    def on_line_plot_rescaled(self) -> None:
        self.show_curves()

    @on(Mount)
    def _begin_arranged(self) -> None:
        self._arrange()

    def on_resize(self, _: Resize) -> None:
        self.call_after_refresh(self.lay_out)

    def _arrange(self) -> frozenset[str]:
        """The panes that are seen at this size, each in its place."""
        self.check_size()
        shown = self.panes(self.lower, self.zoomed)
        for name in self.PANES:
            self.query_one(f"#{name}").display = name in shown
        self.set_class(self.zoomed is not None, "-zoom")
        self.place(shown)
        return shown

    def lay_out(self) -> None:
        shown = self._arrange()
        focused: Widget | None = self.focused
        if focused is None or not focused.display:
            self.query_one(f"#{next(name for name in self.PANES if name in shown)}").focus()
        self.call_after_refresh(self.show_again)

    def in_focus(self) -> str:
        focused: Widget | None = self.focused
        return focused.id if focused is not None and focused.id in self.PANES else self.PANES[0]

    def action_pane(self, name: str) -> None:
        if name != self.PANES[0] or name not in self.panes(self.lower, None):
            self.lower = name
        if self.zoomed is not None or name not in self.panes(self.lower, None):
            self.zoomed = name
        self.lay_out()
        self.query_one(f"#{name}").focus()

    def action_next_pane(self, by: int) -> None:
        self.action_pane(self.PANES[(self.PANES.index(self.in_focus()) + by) % len(self.PANES)])

    def action_zoom(self) -> None:
        self.zoomed = None if self.zoomed is not None else self.in_focus()
        self.lay_out()

    def unzoomed(self) -> bool:
        """Back from a zoom; False if there was none."""
        if self.zoomed is None:
            return False
        self.zoomed = None
        self.lay_out()
        return True
