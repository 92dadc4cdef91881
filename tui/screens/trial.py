"""One trial: its parameters in their ranges, its curves, why everything happened to it, its log."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical

from hptui.tui import keys
from hptui.tui.attached import Attached
from hptui.tui.feed import Wanted
from hptui.tui.panes.curves import axis_end, marks
from hptui.tui.panes.decisions import DecisionsPane
from hptui.tui.panes.header import TextLine
from hptui.tui.panes.log_view import LogView
from hptui.tui.panes.parameters import ParametersPane
from hptui.tui.panes.plot import LinePlot, Series
from hptui.tui.screens.paned import Paned
from hptui.tui.snapshot import Snapshot
from hptui.tui.views.layout import trial_panes_shown
from hptui.tui.views.trial import about_lines, trial_header, why_line

PANES = ("parameters", "curves", "decisions", "log")
_PLOTS = 3  # at once, where there is room
_PLOT_ROWS = 10  # a plot needs this much to be worth drawing beside another one
_KEPT = ("copy_id", "copy_config", "adopt", "write", "mouse", "page_log", "log_scale", "log_steps", "zoom")
_METRIC = keys.Key("M", "next_metric", "Metric", "the curve of the next metric this trial reported", 3)
_LOOKING = (*(key for key in keys.LOOKING if key.action in _KEPT), _METRIC)
_WISHES = tuple(key for key in keys.WISHES if not key.action.startswith("slots"))
_BACK = keys.Key("escape", "back", "Back", "back to the table", 2, display="esc")
_AROUND = (*(key for key in keys.AROUND if key.action != "back"), _BACK)


class TrialScreen(Paned):
    PANES = PANES
    CSS_PATH = "trial.tcss"
    BINDING_GROUP_TITLE = "trial"
    HINTS = (*_WISHES, *_LOOKING, *_AROUND)
    BINDINGS: ClassVar[list[BindingType]] = keys.bindings(_WISHES, _LOOKING, _AROUND, keys.digits(PANES))

    def __init__(self, attached: Attached, number: int, snapshot: Snapshot) -> None:
        super().__init__(attached)
        self.number = number
        self.snapshot = snapshot
        self._metric = 0
        self._shown: frozenset[str] = frozenset(PANES)

    def compose(self) -> ComposeResult:
        yield TextLine(id="header")
        with Container(id="body"):
            with Vertical(id="left"):
                yield ParametersPane(id="parameters", classes="pane")
                yield DecisionsPane("3 what happened", comings=True, trial=False, id="decisions", classes="pane")
                yield LogView(self.attached.folder.trial(self.number).log, id="log", classes="pane")
            with Vertical(id="right"):
                for place in range(_PLOTS):
                    name = "curves" if place == 0 else f"curves-{place}"
                    yield LinePlot(id=name, classes="pane plot", empty="nothing reported yet")
        yield TextLine(id="hints")
        yield TextLine(id="too-small")

    def on_mount(self) -> None:
        self.query_one("#log").border_title = "4 log"
        self.query_one("#curves").focus()
        self.attached.feed.want(Wanted(frozenset({self.number}), self.number))
        self.show_snapshot(self.snapshot)

    def cursor(self) -> int | None:
        return self.number

    def targets(self) -> tuple[int, ...]:
        return (self.number,)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.settle()
        if not self.is_seen or not self.is_mounted:
            return
        trial = snapshot.trials.get(self.number)
        wished = self.attached.control.pending.shown().get(self.number)
        header = self.query_one("#header", TextLine)
        header.show(lambda width: trial_header(snapshot, trial, width, wished))
        if trial is not None:
            heard = self._heard() if trial.state == "RUNNING" and snapshot.alive else None
            about, why = about_lines(snapshot, trial, heard), why_line(snapshot, trial)
            self.query_one(ParametersPane).take(snapshot.facts, trial, about, why)
        self.show_curves()
        if snapshot.story[0] == self.number:
            self.query_one(DecisionsPane).take(snapshot.story[1], snapshot.trials)
        self.show_hints()

    def _heard(self) -> float | None:
        """When it last said something: the table has no times of reports, its spool has the latest one's."""
        try:
            return self.attached.folder.trial(self.number).spool.stat().st_mtime
        except OSError:
            return None

    def show_curves(self) -> None:
        """The metric chosen with M first; below it the next ones, as many as there is room for."""
        metrics = self._metrics()
        plots = list(self.query(LinePlot))
        for place, plot in enumerate(plots):
            plot.display = "curves" in self._shown and (place == 0 or place < min(self._room(), len(metrics)))
            if plot.display:
                self._draw(plot, metrics, (self._metric + place) % len(metrics))

    def _draw(self, plot: LinePlot, metrics: tuple[str, ...], at: int) -> None:
        facts, name = self.snapshot.facts, metrics[at]
        curve = self.snapshot.curves.get((self.number, name))
        series = [Series(self.number, curve.steps, curve.values)] if curve is not None and len(curve) else []
        scale = " · log" if plot.ylog else ""
        lead = "2 " if plot.id == "curves" else ""
        more = f" ─ {at + 1} of {len(metrics)}, M: next" if len(metrics) > 1 and lead else ""
        title = f"{lead}{name}{scale} over {plot.steps}{more}"
        lines = marks(facts) if name == facts.metric else ()
        plot.show(series, x_max=axis_end(facts.max_steps, series), focus=self.number, title=title, marks=lines)

    def _room(self) -> int:
        """How many plots the right column has room for."""
        return min(_PLOTS, self.size.height // _PLOT_ROWS) if self.size.width >= 100 or self.zoomed else 1

    def _metrics(self) -> tuple[str, ...]:
        """The main metric first, then what else this trial reported."""
        mine = [name for number, name in self.snapshot.curves if number == self.number]
        has = [name for name in mine if len(self.snapshot.curves[self.number, name])]
        return tuple(dict.fromkeys([self.snapshot.facts.metric, *has]))

    # --- keys -------------------------------------------------------------------------------------------------

    def action_next_metric(self) -> None:
        self._metric += 1
        for plot in self.query(LinePlot):
            plot.show([])  # another metric has a y axis of its own
        self.show_curves()

    def panes(self, lower: str, zoomed: str | None) -> frozenset[str]:
        return trial_panes_shown(*self.size, lower, zoomed)

    def place(self, shown: frozenset[str]) -> None:
        self._shown = shown
        left, right = self.query_one("#left"), self.query_one("#right")
        left.display, right.display = shown != {"curves"}, "curves" in shown
        left.styles.height = "auto" if right.display and len(shown) < len(PANES) else "1fr"
        self.set_class(len(shown) < len(PANES), "-single")

    def action_back(self) -> None:
        if not self.unzoomed():
            self.dismiss()
