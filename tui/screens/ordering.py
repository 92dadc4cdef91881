"""Finding and commanding by typing: the filter of `/`, the command line of `:`, sorting."""

from __future__ import annotations

from collections.abc import Sequence

from textual.timer import Timer

from hptui.core.study.commands import Wish
from hptui.tui.arrangement import Arrangement
from hptui.tui.filter import Filter, parse
from hptui.tui.orders import CHANGING, Order, completion, filter_words, numbers_in, read_order
from hptui.tui.panes.prompt import Prompt
from hptui.tui.panes.trials import TrialsPane
from hptui.tui.screens.steering import Steering
from hptui.tui.views.devices import gpu_called
from hptui.tui.weigh import Weighed, no_trials, weigh

_TYPING_S = 0.08  # the table follows once no key came for this long


class Ordering(Steering):
    """A screen with a table of trials, a prompt, and an arrangement of the table."""

    arranged: Arrangement
    _typing: Timer | None = None

    @property
    def table(self) -> TrialsPane:
        raise NotImplementedError

    def show_table(self) -> None:
        raise NotImplementedError

    def open_trial(self, number: int) -> None:
        raise NotImplementedError

    # --- the filter -------------------------------------------------------------------------------------------

    def action_filter(self) -> None:
        facts = self.snapshot.facts

        def complete(text: str) -> str | None:
            head, space, last = text.rpartition(" ")
            found = next(
                (word for word in filter_words(facts) if last and word.startswith(last) and word != last), None
            )
            return None if found is None else head + space + found

        hint = f"such as  state:run {facts.metric}<0.3 why:median   esc clears"
        self.query_one(Prompt).ask("filter", "/", str(self.arranged.filter), hint, complete)

    def on_prompt_typed(self, message: Prompt.Typed) -> None:
        if message.kind == "filter":
            if self._typing is not None:
                self._typing.stop()
            self._typing = self.set_timer(self._typing_s, lambda: self.filter_by(message.text))

    @property
    def _typing_s(self) -> float:
        """A half-typed filter is a word looked for everywhere: among very many trials that is felt."""
        return _TYPING_S if len(self.snapshot.trials) < 20_000 else 4 * _TYPING_S

    def on_prompt_left(self, message: Prompt.Left) -> None:
        self._close_prompt()
        if message.kind == "filter":
            self.filter_by("")

    def on_prompt_entered(self, message: Prompt.Entered) -> None:
        self.unsay()  # what was said of the line before
        if message.kind == "filter":
            self.filter_by(message.text)
            problems = parse(message.text, self.snapshot.facts).problems
            if problems:
                self.say("; ".join(problems), "warning")
                return
            self._close_prompt()
            return
        order = read_order(message.text, self.snapshot.facts)
        if isinstance(order, str) and order:
            self.say(order, "warning")
            return
        self._close_prompt()
        if isinstance(order, Order):
            self.obey(order)

    def _close_prompt(self) -> None:
        if self._typing is not None:
            self._typing.stop()
        self.query_one(Prompt).close()
        self.set_focus(self.table)

    def filter_by(self, text: str) -> None:
        found = parse(text)
        if found.terms != self.arranged.filter.terms:
            self.arranged = self.arranged.rearranged(filter=Filter(found.terms))
            self.show_table()

    # --- sorting ----------------------------------------------------------------------------------------------

    def action_sort(self) -> None:
        self.sort_by(self.table.column or "value")

    def action_reverse(self) -> None:
        self._sort(self.arranged.sort, not self.arranged.reverse)

    def _sort(self, column: str, reverse: bool) -> None:
        """Another order, from its top: that is what one sorts for."""
        self.arranged = self.arranged.rearranged(sort=column, reverse=reverse)
        self.show_table()
        self.table.action_go_first()

    def sort_by(self, column: str) -> None:
        """The best first for the metric, the newest first for numbers, else ascending; the same again turns round."""
        if column in ("mark", ""):
            return
        same = column == self.arranged.sort
        higher = {"value" if at == 0 else f"o.{goal.metric}": goal.direction == "maximize" for at, goal
                  in enumerate(self.snapshot.facts.goals)}  # fmt: skip
        reverse = not self.arranged.reverse if same else column == "id" or higher.get(column, False)
        self._sort(column, reverse)

    def action_columns(self) -> None:
        from hptui.tui.screens.columns import ColumnsScreen

        def take(hidden: frozenset[str] | None) -> None:
            if hidden is not None:
                self.table.hidden = hidden
                self.show_table()

        self.app.push_screen(ColumnsScreen(self.table.all_titles(self.snapshot), self.table.hidden), take)

    def rows_shown(self) -> Sequence[int]:
        return self.arranged.order

    # --- commands ---------------------------------------------------------------------------------------------

    def action_order(self) -> None:
        facts = self.snapshot.facts
        hint = "prune · pause · enqueue · set · tag · goto …   tab completes, ↑ earlier"
        self.query_one(Prompt).ask("order", ":", "", hint, lambda text: completion(text, facts))

    def obey(self, order: Order) -> None:
        if order.verb in CHANGING and self.attached.read_only:
            self.say(f"{order.verb}: this screen is read-only", "warning")
            return
        number = order.number if order.number is not None else 0
        match order.verb:
            case "prune" | "pause" | "resume" | "put-away" | "retry":
                self._wish_for(Wish(order.verb), order.rest)
            case "pin" | "unpin":
                self.weighed(self._weighed_for(Wish.PIN, order.rest), on=order.verb == "pin")
            case "priority":
                self.weighed(self._weighed_for(Wish.PRIORITY, order.rest), priority=number)
            case "enqueue":
                self.enqueue(order.rest)
            case "set":
                self.set_by(order.rest)
            case "note":
                self.wish(Wish.NOTE, self.targets(), note=order.rest)
            case "tag":
                words = order.rest.replace(",", " ").split()
                gone = [word[1:] for word in words if word.startswith("-")]
                self.wish(Wish.NOTE, self.targets(), add=[word for word in words if word[0] != "-"], remove=gone)
            case "session":
                self.remark_session()
            case "copy" if order.rest:
                self.copy_config(order.rest)
            case "copy":
                self.action_copy_config()
            case "write" if order.rest:
                self.write_to(order.rest)
            case "write":
                self.action_write()
            case "columns":
                self.action_columns()
            case "mouse":
                self.set_mouse(order.rest == "on")
            case "redo":
                self.action_redo()
            case "goto":
                if number not in self.snapshot.trials:
                    self.say(no_trials([number]), "warning")
                elif not self.table.move_to(number):
                    self.say(f"trial {number} is not in the table", "warning")
            case "open":
                if number in self.snapshot.trials:
                    self.open_trial(number)
                else:
                    self.say(no_trials([number]), "warning")
            case "sort":
                column, _, way = order.rest.partition(" ")
                column = "value" if column in ("loss", self.snapshot.facts.metric) else column
                self._sort(column, way == "down")
            case "filter":
                self.filter_by(order.rest)
            case "mark":
                self._mark(self._matching(order.rest))
            case "slots":
                self.ask_slots(number)
            case "trials":
                self.wish(Wish.BUDGET, (None,), n_trials=number)
            case "drain" | "bring-back":
                self._about_gpu(order)
            case "undo":
                self.action_undo()
            case "stop" if order.rest == "now":
                self.wish(Wish.STOP, (None,), now=True)
            case "stop":
                self.action_stop()
            case "theme":
                self.app.theme = f"hptui-{order.rest}"
            case "help":
                self.action_menu()
            case "quit":
                self.action_leave()

    def _about_gpu(self, order: Order) -> None:
        name, _, how = order.rest.partition(" ")
        gpu = gpu_called(self.snapshot, name)
        if gpu is None or how not in ("", "now"):
            self.say(f"there is no GPU {name}" if gpu is None else f"{order.verb} takes a GPU, and now", "warning")
        elif order.verb == "drain":
            self.wish(Wish.DRAIN, (None,), device=gpu, pause=how == "now")
        else:
            self.wish(Wish.BRING_BACK, (None,), device=gpu)

    def _wish_for(self, wish: Wish, rest: str) -> None:
        if rest == "all" and wish in (Wish.PAUSE, Wish.RESUME):
            self.wish(wish, (None,))  # the session as a whole: nothing new starts either
            return
        self.weighed(self._weighed_for(wish, rest))

    def _mark(self, numbers: Sequence[int]) -> None:
        if unknown := [number for number in numbers if number not in self.snapshot.trials]:
            self.say(no_trials(unknown), "warning")
            return
        self.table.set_marked(set(numbers))
        self.show_table()

    def _weighed_for(self, wish: Wish, rest: str) -> Weighed:
        """For the trials of these numbers, or that a filter names; without either, for those at hand."""
        meant = self._matching(rest) if rest else self.targets()
        if not meant and rest not in ("", "all"):
            return Weighed(wish, (), none=f"no trial matches {rest}")
        return weigh(wish, meant, self.snapshot)

    def _matching(self, text: str) -> Sequence[int]:
        """Numbers as they are, also where there is no such trial."""
        if numbers := numbers_in(text):
            return numbers
        found = parse("" if text == "all" else text)
        facts = self.snapshot.facts
        return [row.number for row in self.snapshot.trials.rows() if found.matches(row, facts)]
