"""A chart of something that takes longer than a key may: it is worked out in a thread."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from time import monotonic
from typing import Any

from textual.message import Message

from hptui.tui.material import Material
from hptui.tui.panes.chart import ChartPane

REST = 5.0
"""A live session's answer is worked out again after this many times as long as it took."""


class ComputedPane(ChartPane):
    """`answer` is what `work` made of the columns in a thread; the one before stays until the next is there."""

    class Worked(Message):
        def __init__(self, pane: ComputedPane, answer: Any, took_s: float) -> None:
            super().__init__()
            self.pane, self.answer, self.took_s = pane, answer, took_s

        @property
        def control(self) -> ComputedPane:
            return self.pane

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.answer: Any = None
        self.at_work = False
        self._about: Hashable = None  # what the answer, or the work, is about
        self._next_at = 0.0

    def about(self, material: Material) -> Hashable:
        """What the answer depends on: as long as it is the same, so is the answer."""
        return material.columns

    def work(self, material: Material) -> Any:
        """In a thread: touches nothing of the screen. An exception is an answer too."""
        raise NotImplementedError

    def take(self, material: Material | None) -> None:
        self.material = material
        self._begin()
        self.redraw()

    def _begin(self) -> None:
        material = self.material
        if material is None or self.at_work or self._about == self.about(material):
            return
        if monotonic() < self._next_at:
            self.set_timer(max(self._next_at - monotonic(), 0.05), self._begin)
            return
        self.at_work, self._about = True, self.about(material)
        self.run_worker(partial(self._work, material), thread=True, exit_on_error=False)

    def _work(self, material: Material) -> None:
        begun = monotonic()
        try:
            answer = self.work(material)
        except Exception as error:  # what can't be worked out is said where the chart would stand
            answer = error
        self.post_message(self.Worked(self, answer, monotonic() - begun))

    def on_computed_pane_worked(self, message: Worked) -> None:
        message.stop()
        self.answer, self.at_work = message.answer, False
        self._next_at = monotonic() + REST * message.took_s
        self._begin()
        self.redraw()
