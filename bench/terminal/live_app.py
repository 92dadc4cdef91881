"""A screen under the load that the byte budgets are stated for.

A table of 200 rows with 20 cell updates a second, shown 4 times a second, over 20 growing curves. `live_app.py idle`:
nothing changes. `live_app.py 10000`: that many rows. Space writes MARK001, MARK002, … into the first line.
"""

from __future__ import annotations

import random
import sys
import time
from typing import Any

from hptui.tui import terminal

terminal.prepare()

from textual.app import App, ComposeResult  # noqa: E402  prepare() comes first
from textual.widgets import Static  # noqa: E402

from hptui.tui import theme  # noqa: E402
from hptui.tui.panes.line_table import Column, Line, LineTable  # noqa: E402
from hptui.tui.panes.plot import LinePlot, Series  # noqa: E402

COLUMNS = (
    Column("id", "id", 6, priority=9), Column("state", "state", 8, priority=8), Column("score", "score", 7, "right", 7),
    Column("step", "step", 4, "right", 6), Column("lr", "lr", 8, priority=5), Column("wd", "wd", 6, priority=4),
    Column("bs", "bs", 4, "right", 3), Column("opt", "opt", 4, priority=2), Column("gpu", "gpu", 3, priority=1),
    Column("age", "age", 4),
)  # fmt: skip
STATES = ("running", "complete", "pruned", "fail")


class Live(App[None]):
    CSS = "#head {height: 1} #table {height: 1fr} #plot {height: 1fr}"

    def __init__(self, rows: int, moving: bool) -> None:
        super().__init__()
        self.random = random.Random(0)
        self.rows = [self.row(i) for i in range(rows)]
        self.moving, self.marks, self.tick = moving, 0, 0
        self.curves = [self.curve() for _ in range(20)]

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme.variable_defaults(self.current_theme)

    def row(self, i: int) -> list[Any]:
        r = self.random
        state = r.choice(STATES)
        return [
            f"t{i:05d}", (f"▸ {state}", state), f"{r.random():.5f}", str(r.randrange(9999)),
            f"{10 ** r.uniform(-5, -1):.2e}", f"{r.random():.4f}", str(2 ** r.randrange(4, 10)),
            r.choice(("adam", "sgd", "lion")), str(r.randrange(8)), f"{r.randrange(99)}m",
        ]  # fmt: skip

    def curve(self) -> list[float]:
        r = self.random
        rate, floor = r.uniform(50, 200), r.uniform(0.05, 0.5)
        return [floor + 2 * 2.718 ** (-i / rate) + 0.01 * r.random() for i in range(500)]

    def compose(self) -> ComposeResult:
        yield Static("hptui READYMARK", id="head")
        yield LineTable(COLUMNS, id="table")
        yield LinePlot(id="plot")

    def on_mount(self) -> None:
        theme.install(self)
        terminal.guard()
        self.fill()
        if self.moving:
            self.set_interval(1 / 20, self.change)
            self.set_interval(1 / 4, self.show_all)

    def fill(self) -> None:
        self.query_one(LineTable).focus()
        self.show_all()

    def change(self) -> None:
        self.random.choice(self.rows)[2] = f"{self.random.random():.5f}"

    def line(self, key: int) -> Line:
        return tuple(self.rows[key])

    def show_all(self) -> None:
        self.tick += 1
        self.query_one(LineTable).show(range(len(self.rows)), self.line)
        # half of the curves get a point each time, and start at different lengths
        lengths = [min(500, 60 + 15 * i + (self.tick if i % 2 else 0)) for i in range(20)]
        self.query_one(LinePlot).show(
            [Series(i, range(1, n + 1), y[:n]) for i, (n, y) in enumerate(zip(lengths, self.curves, strict=True))],
            x_max=500, focus=3, title="curves",
        )  # fmt: skip

    def key_space(self) -> None:
        self.marks += 1
        self.query_one("#head", Static).update(f"hptui MARK{self.marks:03d} {time.perf_counter():.0f}", layout=False)


if __name__ == "__main__":
    count = next((int(word) for word in sys.argv[1:] if word.isdigit()), 200)
    Live(count, "idle" not in sys.argv).run()
