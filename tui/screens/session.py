"""What every screen of a session does: wishes and what comes of them, copying, leaving, the menu of keys."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from rich.cells import cell_len
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.timer import Timer

from hptui.core.errors import HptuiError
from hptui.core.study.commands import Wish
from hptui.core.study.session import home
from hptui.tui import keys
from hptui.tui.attached import Attached
from hptui.tui.control import ANSWER_S
from hptui.tui.glyphs import harmless
from hptui.tui.panes.header import TextLine
from hptui.tui.screens.confirm import Answer, ConfirmScreen
from hptui.tui.screens.menu import Entry, MenuScreen, entries
from hptui.tui.snapshot import Snapshot
from hptui.tui.terminal import copy
from hptui.tui.views.cells import Cell
from hptui.tui.views.hints import hints_line
from hptui.tui.views.layout import too_small
from hptui.tui.weigh import Weighed, toggled, weigh

if TYPE_CHECKING:
    from hptui.tui.app import HptuiApp

_WAKING = frozenset({Wish.RETRY, Wish.BUDGET})  # a session that is over goes on for these
SAY_S = 6.0  # how long a word to the user stands


class SessionScreen(Screen[None]):
    """`targets()` are the trials that keys are about; `show_snapshot` takes what the feed brought."""

    HINTS: Sequence[keys.Key] = (*keys.WISHES, *keys.LOOKING, *keys.AROUND)

    class Arrived(Message):
        """The feed has a new snapshot."""

    class Failed(Message):
        """A wish could not be written down."""

        def __init__(self, error: HptuiError) -> None:
            super().__init__()
            self.error = error

    def __init__(self, attached: Attached | None) -> None:
        super().__init__()
        self._attached = attached
        self.snapshot = Snapshot()
        self._said: Cell | None = None
        self._said_timer: Timer | None = None

    # --- for the screens themselves ---------------------------------------------------------------------------

    @property
    def attached(self) -> Attached:
        assert self._attached is not None
        return self._attached

    @property
    def cockpit(self) -> HptuiApp:
        return cast("HptuiApp", self.app)

    def show_snapshot(self, snapshot: Snapshot) -> None:
        raise NotImplementedError

    def show_again(self) -> None:
        """After panes came or went. Whatever is newest by then: a snapshot may have come in between."""
        self.show_snapshot(self.snapshot)

    def targets(self) -> tuple[int, ...]:
        """The marked trials, else the one under the cursor."""
        raise NotImplementedError

    def cursor(self) -> int | None:
        raise NotImplementedError

    @property
    def is_seen(self) -> bool:
        """Nothing but dialogs lies over it."""
        stack = self.app.screen_stack
        return self in stack and all(isinstance(above, ModalScreen) for above in stack[stack.index(self) + 1 :])

    def dead_keys(self) -> frozenset[str]:
        """Actions that do nothing now. A scheduler that died is no reason: pressing tells what to do then."""
        alive = self.snapshot.alive or not self.snapshot.finished
        return keys.disabled((keys.WISHES,), read_only=self.attached.read_only, alive=alive)

    def show_hints(self) -> None:
        hints, said = self.query_one("#hints", TextLine), self._said
        if said is not None:
            hints.show(lambda width: (said,))
            return
        dead = self.dead_keys()
        hints.show(lambda width: hints_line(self.HINTS, width, dead))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return None if self._attached is not None and action in self.dead_keys() else True

    def check_size(self) -> None:
        """Say so when there is no room for a screen."""
        problem = too_small(*self.size)
        line = self.query_one("#too-small", TextLine)
        line.show(lambda width: ((problem, "warn"),) if problem else ())  # type: ignore[arg-type, return-value]
        self.set_class(bool(problem), "-tiny")

    # --- wishes -----------------------------------------------------------------------------------------------

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

    def on_session_screen_failed(self, message: Failed) -> None:
        hint = f" ({message.error.hint})" if message.error.hint else ""
        self.say(f"{message.error.problem}{hint}", "error")
        self.show_snapshot(self.snapshot)

    # --- everything else --------------------------------------------------------------------------------------

    def say(self, text: str, severity: str = "information") -> None:
        """A word to the user, in place of the line of keys for a while. What does not fit there becomes a toast."""
        text = harmless(text)
        if cell_len(text) >= self.size.width:
            self.notify(text, severity=cast("Any", severity), timeout=SAY_S, markup=False)
            return
        self._said = Cell(text, {"warning": "warn bold", "error": "error bold"}.get(severity, "info bold"))
        if self._said_timer is not None:
            self._said_timer.stop()
        self._said_timer = self.set_timer(SAY_S, self._unsay)
        self.show_hints()

    def _unsay(self) -> None:
        self._said = None
        self.show_hints()

    def action_copy_id(self) -> None:
        number = self.cursor()
        if number is not None:
            self.copied(str(number))

    def action_copy_config(self) -> None:
        trial = None if (number := self.cursor()) is None else self.snapshot.trials.get(number)
        if trial is not None:
            self.copied(json.dumps(trial.params, ensure_ascii=False, indent=2))

    def copied(self, text: str) -> None:
        self.say(copy(text, home(), self.app.copy_to_clipboard).say)

    def action_menu(self) -> None:
        self.app.push_screen(MenuScreen(entries(self)), self._run_entry)

    def _run_entry(self, entry: Entry | None) -> None:
        if entry is not None:
            self.run_worker(self.app.run_action(entry.action, default_namespace=entry.node), exit_on_error=False)

    def action_leave(self) -> None:
        self.cockpit.leave(goes_on=self.snapshot.alive)

    def action_redraw(self) -> None:
        self.refresh(repaint=True, layout=True)
        self.app.refresh(repaint=True, layout=True)


def _these(trials: Sequence[int]) -> str:
    return f"trial {trials[0]}" if len(trials) == 1 else f"{len(trials)} trials"
