"""What the keys of the advice do: write the next round, repeat the best, show what a finding is about, dismiss it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hptui.core.advice.finding import Finding
from hptui.core.errors import HptuiError
from hptui.core.study.commands import Wish
from hptui.tui.acting import REPEATED, RUNS, act_on
from hptui.tui.panes.slices import SlicesPane
from hptui.tui.screens.wishing import Wishing

if TYPE_CHECKING:
    from hptui.tui.panes.advice import AdvicePane


class Advised(Wishing):
    """A screen with the tab of advice."""

    def action_tab(self, name: str) -> None:
        raise NotImplementedError

    def open_trial(self, number: int) -> None:
        raise NotImplementedError

    def on_advice_pane_taken(self, message: AdvicePane.Taken) -> None:
        self._next_round(message.findings)

    def on_advice_pane_acted(self, message: AdvicePane.Acted) -> None:
        act = act_on(message.finding)
        match act.does:
            case "write":
                self._next_round([message.finding])
            case "repeat":
                self._repeat()
            case "slice":
                self.action_tab("slices")
                self.call_after_refresh(lambda: self.query_one(SlicesPane).show_parameter(act.name))
            case "trial":
                self.open_trial(act.trial)
            case "nothing":
                self.say("nothing to press here: its advice is about the objective; d dismisses it")

    def on_advice_pane_dismissed(self, message: AdvicePane.Dismissed) -> None:
        if self.attached.read_only:
            self.say("dismissed until this read-only screen closes")
            return
        self.wish(Wish.NOTE, (None,), dismissed=message.keys)

    def _next_round(self, findings: Sequence[Finding]) -> None:
        from hptui.tui.launching import next_round, told

        if not findings:
            self.say("there is no advice that a study file can take")
            return
        try:
            path = next_round(self.attached.folder, findings, Path.cwd())
        except HptuiError as error:
            hint = f" ({error.hint})" if error.hint else ""
            self.say(f"{error.where}: {error.problem}{hint}", "error")
            return
        self.say(told(path))

    def _repeat(self) -> None:
        from hptui.core.review.trust import repeat_args, repeated, repeats

        if self.attached.read_only:
            self.say(f"this screen is read-only: hptui replicate {self.attached.folder.name}", "warning")
            return
        known = repeated(list(self.snapshot.trials.rows()), self.snapshot.facts.sign)
        wanted = repeats(known, REPEATED, RUNS)
        for one in wanted:
            self.wish(Wish.ENQUEUE, (None,), **repeat_args(one))
        asked = f"asked for {len(wanted)} repeats: hptui trust tells what they say"
        self.say(asked if wanted else f"the best {REPEATED} have {RUNS} runs each already")
