"""What the user wishes of a session, and what comes of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import Any

from hptui.core.errors import HptuiError
from hptui.core.study.commands import Wish
from hptui.tui.control import ANSWER_S
from hptui.tui.screens.confirm import Answer, ConfirmScreen
from hptui.tui.screens.session import SessionScreen
from hptui.tui.weigh import Weighed, toggled, weigh

_WAKING = frozenset({Wish.RETRY, Wish.BUDGET})  # a session that is over goes on for these


class Wishing(SessionScreen):
    """The keys that change a session. Grave ones ask first; every one is answered by the ledger."""

    def wish(self, wish: Wish, trials: Sequence[int | None], **args: Any) -> None:
        """Ask the scheduler. The rows show it at once; the answer comes with a later snapshot."""
        if not self.snapshot.alive and wish not in _WAKING:
            over = "this session is over"
            self.say(over if self.snapshot.finished else "scheduler is gone: R starts it again", "warning")
            return
        self.attached.control.wish(wish, tuple(trials), time.time(), **args)
        self.attached.feed.hurry()
        self.set_timer(ANSWER_S + 0.2, self.settle)
        self.show_snapshot(self.snapshot)
        if not self.snapshot.alive:
            self.set_timer(0.2, self.start_scheduler)  # it looks for waiting wishes, so they come first

    def settle(self) -> None:
        """Hear the ledger's answers to what was asked here."""
        for told in self.attached.control.settle(self.snapshot, time.time()):
            self.say(told, "warning")

    def weighed(self, found: Weighed) -> None:
        """Do it, after asking if it is grave."""
        if not found.trials:
            self.say(f"nothing to {found.wish.value} here", "warning")
            return
        if not found.question:
            self._do(found)
            return
        answer = Answer(found.wish.value[0], f"{found.wish.value.capitalize()} {_these(found.trials)}", "yes")
        self.app.push_screen(
            ConfirmScreen(found.question, [answer], found.details),
            lambda said: self._do(found) if said == "yes" else None,
        )

    def _do(self, found: Weighed) -> None:
        self.wish(found.wish, found.trials)
        if found.wish is Wish.PRUNE:
            self.say(f"pruning {_these(found.trials)} in 5 s: u takes it back")

    def action_toggle_pause(self) -> None:
        trials = self.targets()
        rows = [row for number in trials if (row := self.snapshot.trials.get(number)) is not None]
        wishes = {toggled(row) for row in rows}
        if len(rows) == 1 and toggled(rows[0]) is None:
            self.say(f"trial {rows[0].number} is not running: nothing to pause", "warning")
            return
        wish = Wish.PAUSE if Wish.PAUSE in wishes else Wish.RESUME  # mixed: first pause them all
        self.weighed(weigh(wish, trials, self.snapshot))

    def action_prune(self) -> None:
        self.weighed(weigh(Wish.PRUNE, self.targets(), self.snapshot))

    def action_retry(self) -> None:
        self.weighed(weigh(Wish.RETRY, self.targets(), self.snapshot))

    def action_undo(self) -> None:
        if not self.snapshot.alive:
            self.wish(Wish.UNDO, (None,))
            return
        self.say(self.attached.control.take_back(time.time()))
        self.attached.feed.hurry()
        self.set_timer(ANSWER_S + 0.2, self.settle)
        self.show_snapshot(self.snapshot)

    def action_slots(self, by: int) -> None:
        devices = sum(device.slots for device in self.snapshot.devices)
        self.ask_slots((self.snapshot.facts.slots or devices or 1) + by)

    def ask_slots(self, slots: int) -> None:
        if slots < 0:
            self.say("there is no slot to take away", "warning")
            return
        self.say(f"asking for {slots} at once")
        self.wish(Wish.SLOTS, (None,), slots=slots)

    def action_stop(self) -> None:
        running = len(self.snapshot.active)
        answers = [
            Answer("f", "Finish: running trials may end, no new one starts", "finish"),
            Answer("k", f"Kill: end {running} running trial{'s' if running != 1 else ''} now", "now"),
        ]
        details = ["`hptui resume` goes on with it later.", "q only leaves the screen: the session goes on."]
        self.app.push_screen(ConfirmScreen("Stop the session?", answers, details), self._stop)

    def _stop(self, said: str | None) -> None:
        if said:
            self.wish(Wish.STOP, (None,), now=said == "now")

    def action_restart(self) -> None:
        facts = self.snapshot.facts
        if self.snapshot.alive:
            self.say("the scheduler is alive")
        elif self.snapshot.finished and facts.final:
            self.say(f"it has ended ({facts.finish}): `:trials N` goes on to a larger total", "warning")
        else:
            self.start_scheduler(resume=True)

    def start_scheduler(self, resume: bool = False) -> None:
        """See that somebody schedules the session; in a thread, as it may take seconds."""
        start = partial(self._start_scheduler, resume)
        self.run_worker(start, thread=True, exclusive=True, group="scheduler", exit_on_error=False)

    def _start_scheduler(self, resume: bool) -> None:
        from hptui.core.scheduler.launch import ensure

        try:
            started = ensure(self.attached.folder, resume=resume)
        except HptuiError as error:
            self.post_message(self.Failed(error))
            return
        if started:
            self.attached.feed.hurry()

    def on_session_screen_failed(self, message: SessionScreen.Failed) -> None:
        hint = f" ({message.error.hint})" if message.error.hint else ""
        self.say(f"{message.error.problem}{hint}", "error")
        self.show_snapshot(self.snapshot)


def _these(trials: Sequence[int]) -> str:
    return f"trial {trials[0]}" if len(trials) == 1 else f"{len(trials)} trials"
