"""Keys that steer a session: points of one's own, priority, pinning, the budget, notes, copying."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hptui.core.errors import HptuiError
from hptui.core.study.commands import Wish
from hptui.core.study.remarks import is_pinned, note_of, priority_of, remarks_of, tags_of
from hptui.tui.screens.wishing import Wishing
from hptui.tui.weigh import weigh

if TYPE_CHECKING:
    from hptui.tui.settings import Asked


class Steering(Wishing):
    """What these keys open is imported when they are pressed: the first paint waits for none of it."""

    # --- points of one's own ----------------------------------------------------------------------------------

    def action_clone(self) -> None:
        """A form with the trial's parameters; sent, they are tried as a new trial."""
        number = self.cursor()
        self.enqueue_form(None if number is None else self.snapshot.trials.get(number))

    def enqueue_form(self, trial: Any) -> None:
        from hptui.tui.screens.point import point_form, point_of

        space = {one.name: one.definition for one in self.snapshot.facts.space}

        def send(texts: dict[str, str] | None) -> None:
            if texts is not None:
                args = point_of(space, texts)
                if trial is not None:
                    args["of"] = trial.number
                self.wish(Wish.ENQUEUE, (None,), **args)
                self.say("asked: it is tried next to those that wait; u takes it back")

        try:
            form = point_form(space, trial)
        except HptuiError as error:  # a session of another version, or a damaged one
            self.say(f"{error.where}: {error.problem}", "error")
            return
        self.app.push_screen(form, send)

    def enqueue(self, text: str) -> None:
        """The point under the cursor with some `name=value` of it changed; a form when nothing is named."""
        if not text:
            self.action_clone()
            return
        from hptui.core.space.space import Space
        from hptui.core.space.typed import text_of, typed_point

        number = self.cursor()
        row = None if number is None else self.snapshot.trials.get(number)
        given = {} if row is None else {name: text_of(value) for name, value in row.params.items()}
        texts = given | {name: value for name, _, value in (word.partition("=") for word in text.split())}
        try:
            space = Space.parse({one.name: one.definition for one in self.snapshot.facts.space})
        except HptuiError as error:
            self.say(f"{error.where}: {error.problem}", "error")
            return
        params, problems = typed_point(space, texts, "")
        if problems:
            self.say("; ".join(f"{one.where}: {one.problem}".lstrip(": ") for one in problems), "warning")
            return
        self.wish(Wish.ENQUEUE, (None,), params=params, **({} if row is None else {"of": row.number}))

    def set_by(self, text: str) -> None:
        """`budget.n_trials=200 slots=3`; a form when nothing is named."""
        if not text:
            self.action_settings()
            return
        from hptui.tui.settings import wishes_for

        texts = {key: value for key, _, value in (word.partition("=") for word in text.split())}
        asked, problems = wishes_for(texts, self.snapshot.facts.pruner)
        if problems:
            self.say("; ".join(f"{key}: {problem}" for key, problem in problems.items()), "warning")
            return
        self._wish_all(asked)

    def action_priority(self) -> None:
        """Before every other waiting trial."""
        found = weigh(Wish.PRIORITY, self.targets(), self.snapshot)
        if not found.trials:
            self.say("no waiting trial here: a priority says which of those that wait starts first", "warning")
            return
        waiting = [row for row in self.snapshot.trials.rows() if row.state == "WAITING"]
        highest = max((priority_of(row.attrs) for row in waiting if row.number not in found.trials), default=0)
        self.wish(Wish.PRIORITY, found.trials, priority=min(highest + 1, 99))

    def action_spare(self) -> None:
        """Pin against pruning, or no more."""
        found = weigh(Wish.PIN, self.targets(), self.snapshot)
        if not found.trials:
            self.say("this trial has ended: nothing can stop it any more", "warning")
            return
        pinned = [number for number in found.trials if is_pinned(self.snapshot.trials[number].attrs)]
        loose = tuple(number for number in found.trials if number not in pinned)
        if loose:
            self.wish(Wish.PIN, loose, on=True)
        else:
            self.wish(Wish.PIN, pinned, on=False)

    # --- the session ------------------------------------------------------------------------------------------

    def action_settings(self) -> None:
        from hptui.tui.screens.settings import changed, facts_now, settings_form

        facts = facts_now(self.snapshot)

        def send(texts: dict[str, str] | None) -> None:
            if texts is None:
                return
            asked = changed(facts, texts)
            self._wish_all(asked)
            if not asked:
                self.say("nothing was changed")

        self.app.push_screen(settings_form(facts), send)

    def _wish_all(self, asked: Sequence[Asked]) -> None:
        for one in asked:
            self.wish(one.wish, (None,), **one.args)
            if one.wish is Wish.SLOTS and (caution := self.crowding(one.args["slots"])):
                self.say(caution, "warning")

    # --- notes ------------------------------------------------------------------------------------------------

    def action_remark(self) -> None:
        """Of the trials at hand; with several marked, tags are added to what they have."""
        from hptui.tui.screens.notes import notes_form, notes_of

        trials = self.targets()
        rows = [self.snapshot.trials[number] for number in trials if number in self.snapshot.trials]
        if not rows:
            self.remark_session()
            return
        first = remarks_of(rows[0].attrs) if len(rows) == 1 else {}

        def send(texts: dict[str, str] | None) -> None:
            if texts is not None:
                self.wish(Wish.NOTE, [row.number for row in rows], **notes_of(texts, several=len(rows) > 1))

        who = f"trial {rows[0].number}" if len(rows) == 1 else f"{len(rows)} marked trials"
        self.app.push_screen(notes_form(who, note_of(first), tags_of(first), several=len(rows) > 1), send)

    def remark_session(self) -> None:
        from hptui.tui.screens.notes import notes_form, notes_of

        remarks = self.snapshot.facts.remarks

        def send(texts: dict[str, str] | None) -> None:
            if texts is not None:
                self.wish(Wish.NOTE, (None,), **notes_of(texts, several=False))

        self.app.push_screen(notes_form("the session", note_of(remarks), tags_of(remarks), several=False), send)
