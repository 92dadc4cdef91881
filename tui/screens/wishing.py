"""What the user wishes of a session, and what comes of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from hptui.core.errors import HptuiError
from hptui.core.study.commands import Wish
from hptui.tui.control import ANSWER_S
from hptui.tui.deeds import Request, back_of
from hptui.tui.facts import set_of_session
from hptui.tui.screens.confirm import Answer, ConfirmScreen
from hptui.tui.screens.session import SessionScreen
from hptui.tui.screens.taking import Taking
from hptui.tui.weigh import Weighed, toggled, weigh

_WAKING = frozenset({Wish.RETRY, Wish.ENQUEUE, Wish.BUDGET, Wish.NOTE})  # a session that is over heeds these


class Wishing(Taking):
    """The keys that change a session. Grave ones ask first; every one is answered by the ledger."""

    frozen = False  # held still while data comes in

    def wish(self, wish: Wish, trials: Sequence[int | None], **args: Any) -> None:
        """Ask the scheduler. The rows show it at once; the answer comes with a later snapshot."""
        if not self.snapshot.alive and wish not in _WAKING:
            over = "this session is over"
            self.say(over if self.snapshot.finished else "scheduler is gone: R starts it again", "warning")
            return
        request = Request(wish, tuple(trials), args)
        back = back_of(request, self.snapshot.trials, set_of_session(self.snapshot.facts))
        self.attached.control.wish(request, time.time(), back)
        self._await_answer(wish)

    def _await_answer(self, wish: Wish | None = None) -> None:
        self.attached.feed.hurry()
        self.set_timer(ANSWER_S + 0.2, self.settle)
        self.show_snapshot(self.snapshot)
        if not self.snapshot.alive and wish is Wish.NOTE:
            self.run_worker(self._write_notes, thread=True, group="scheduler", exit_on_error=False)
        elif not self.snapshot.alive:
            self.start_scheduler()

    def _write_notes(self) -> None:
        from hptui.core.scheduler.remarking import remark_at_rest

        self.attached.control.wait_written()
        try:
            remark_at_rest(self.attached.folder, time.time())
        except HptuiError as error:
            self.post_message(self.Failed(error))
        self.attached.feed.hurry()

    @property
    def stands_still(self) -> bool:
        """What it shows is not the newest, as the user wished."""
        return self.frozen

    def settle(self) -> None:
        """Hear the ledger's answers to what was asked here; a screen that stands still hears them, too."""
        newest = self.attached.feed.snapshot if self.stands_still else self.snapshot
        for told in self.attached.control.settle(newest, time.time()):
            self.say(told, "warning")

    def weighed(self, found: Weighed, **args: Any) -> None:
        """Do it, after asking if it is grave. args: of the wish."""
        if not found.trials:
            self.say(found.none, "warning")
            return
        if not found.question:
            self._do(found, args)
            return
        letter = "t" if found.wish is Wish.RETRY else found.wish.value[0]  # not r, the key that asked
        answer = Answer(letter, f"{found.wish.value.capitalize()} {these(found.trials)}", "yes")
        self.app.push_screen(
            ConfirmScreen(found.question, [answer], found.details),
            lambda said: self._do(found, args) if said == "yes" else None,
        )

    def _do(self, found: Weighed, args: Mapping[str, Any]) -> None:
        waits = [number for number in found.trials if self.snapshot.trials[number].state == "WAITING"]
        self.wish(found.wish, found.trials, **args)
        if found.wish is Wish.PRUNE and len(waits) == len(found.trials):
            self.say(f"{these(waits)} pruned before starting: r tries again")
        elif found.wish is Wish.PRUNE:
            self.say(f"pruning {these(found.trials)} in 5 s: u takes it back")
        elif len(found.trials) > 1:
            self.say(f"{found.wish.value}: {these(found.trials)}; u takes it back")

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
        deeds = self.attached.control.deeds
        self._turn([one for deed in deeds.done[-1:] for one in deed.back], self.attached.control.take_back)

    def action_redo(self) -> None:
        deeds = self.attached.control.deeds
        self._turn([one for deed in deeds.undone[-1:] for one in deed.done], self.attached.control.do_again)

    def _turn(self, requests: Sequence[Request], turn: Callable[[float], str]) -> None:
        """Back, or back again. Where nobody schedules the session only notes are: the rest would start it again."""
        if self.snapshot.alive:
            self.say(turn(time.time()))
            self._await_answer()
        elif _notes(requests):
            self.say(turn(time.time()))
            self._await_answer(Wish.NOTE)
        else:
            self.wish(Wish.UNDO, (None,))  # which says why not

    def dead_keys(self) -> frozenset[str]:
        """A note can be taken back where little else can be done."""
        if self.attached.read_only:
            return super().dead_keys()
        deeds = self.attached.control.deeds
        undo = {"undo"} if any(_notes(deed.back) for deed in deeds.done[-1:]) else set()
        redo = {"redo"} if any(_notes(deed.done) for deed in deeds.undone[-1:]) else set()
        return super().dead_keys() - undo - redo

    def action_slots(self, by: int) -> None:
        devices = self.snapshot.devices
        slots = self.snapshot.facts.slots
        if slots is None and by < 0 and any(device.slots > 1 and device.id != "cpu" for device in devices):
            slots = sum(device.used_slots for device in devices)  # as many as fit: one less than run now
        self.ask_slots((slots or sum(device.slots for device in devices) or 1) + by)

    def ask_slots(self, slots: int) -> None:
        if slots < 0:
            self.say("there is no slot to take away", "warning")
            return
        caution = self.crowding(slots)
        self.say(caution or f"asking for {slots} at once", "warning" if caution else "information")
        self.wish(Wish.SLOTS, (None,), slots=slots)

    def crowding(self, slots: int) -> str:
        """What is to be known of so many on the cores of this machine, where trials run on them."""
        from hptui.core.devices import host
        from hptui.core.study.gpus import MOST_SLOTS

        here = all(device.id == "cpu" for device in self.snapshot.devices)
        return host.crowding(slots, host.cores()) if here and slots <= MOST_SLOTS else ""  # more are refused

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

        self.attached.control.wait_written()  # it looks for waiting wishes, so they come first
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


def _notes(requests: Sequence[Request]) -> bool:
    return bool(requests) and all(one.wish is Wish.NOTE for one in requests)


def these(trials: Sequence[int]) -> str:
    return f"trial {trials[0]}" if len(trials) == 1 else f"{len(trials)} trials"
