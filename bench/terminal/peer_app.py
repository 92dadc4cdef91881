"""The load of `live_app.py` on stock parts: DataTable.update_cell and textual-plotext, cells coalesced to 4 Hz."""

from __future__ import annotations

import sys
from typing import Any

import live_app
from textual.app import ComposeResult
from textual.widgets import DataTable, Static
from textual_plotext import PlotextPlot


class Stock(live_app.Live):
    def compose(self) -> ComposeResult:
        yield Static("hptui READYMARK", id="head")
        yield DataTable(id="table", cursor_type="row")
        yield PlotextPlot(id="plot")

    def fill(self) -> None:
        table: DataTable[Any] = self.query_one(DataTable)
        self.columns = table.add_columns(*(column.title for column in live_app.COLUMNS))
        for row in self.rows:
            table.add_row(*(cell if isinstance(cell, str) else cell[0] for cell in row), key=row[0])
        table.focus()
        self.changed: set[int] = set()
        self.set_timer(0.2, self.show_all)

    def change(self) -> None:
        i = self.random.randrange(len(self.rows))
        self.rows[i][2] = f"{self.random.random():.5f}"
        self.changed.add(i)

    def show_all(self) -> None:
        self.tick += 1
        for i in self.changed:
            self.query_one(DataTable).update_cell(self.rows[i][0], self.columns[2], self.rows[i][2])
        self.changed.clear()
        plot = self.query_one(PlotextPlot)
        plot.plt.clear_data()
        for i, curve in enumerate(self.curves):
            plot.plt.plot(curve[: min(500, 60 + 15 * i + (self.tick if i % 2 else 0))])
        plot.refresh()


if __name__ == "__main__":
    Stock(200, "idle" not in sys.argv).run()
