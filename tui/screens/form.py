"""A form: lines of text under each other, checked as one types; enter sends it when nothing is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.events import Key
from textual.screen import ModalScreen
from textual.suggester import SuggestFromList
from textual.widgets import Input, Static

from hptui.tui.glyphs import as_title, fit, harmless

Texts = dict[str, str]
_TYPED = (20, 28, 36)  # cells of a line to type in: on a narrow screen, on a wide one, where its text is long
_NARROW = 100  # a screen with fewer cells has no room for all that stands beside a line


@dataclass(frozen=True, slots=True)
class Field:
    """about: what stands beside it while nothing is wrong. choices: space goes through them."""

    key: str
    label: str
    text: str = ""
    about: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """problems: field -> what is wrong with it. say: of the form as a whole. ready: it can be sent."""

    problems: Mapping[str, str] = field(default_factory=dict)
    say: str = ""
    ready: bool = True


Check = Callable[[Texts], Checked]


class FormScreen(ModalScreen[Texts | None]):
    """Dismisses with the texts by field, or None. `check` is asked after every key and must not wait for anything."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", show=False, priority=True),
        Binding("down,tab", "go(1)", "Next", show=False, priority=True),
        Binding("up,shift+tab", "go(-1)", "Before", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    FormScreen { align: center middle; }
    FormScreen #form { width: 100; max-width: 98%; height: auto; max-height: 96%; background: $panel;
        border: round $accent; padding: 0 1; }
    FormScreen #fields { height: auto; }
    FormScreen Horizontal { height: 1; }
    FormScreen .label { width: auto; }
    FormScreen Input { border: none; height: 1; padding: 0 1; background: $surface; }
    FormScreen Input:focus { background: $boost; text-style: bold; }
    FormScreen .about { width: 1fr; height: 1; color: $text-muted; padding: 0 1; text-wrap: nowrap;
        text-overflow: ellipsis; }
    FormScreen .about.-wrong { color: $text-error; }
    FormScreen #help { height: 2; color: $text-muted; display: none; }
    FormScreen #say { height: auto; max-height: 5; margin-top: 1; }
    FormScreen #keys { color: $text-muted; }
    """

    def __init__(self, title: str, fields: list[Field], check: Check, does: str = "sends it") -> None:
        super().__init__()
        self._title, self._fields, self._check, self._does = title, fields, check, does
        self._checked = Checked()

    def compose(self) -> ComposeResult:
        wide = min(max((cell_len(harmless(one.label)) for one in self._fields), default=4), 24)
        box = Vertical(id="form")
        box.border_title = as_title(self._title)
        with box:
            with VerticalScroll(id="fields", can_focus=False):
                for at, one in enumerate(self._fields):
                    with Horizontal():
                        yield Static(fit(one.label, wide + 1), classes="label", markup=False)
                        yield _Line(one, at)
                        yield Static(harmless(one.about), id=f"about-{at}", classes="about", markup=False)
            yield Static("", id="help", markup=False)
            yield Static("", id="say", markup=False)
            yield Static(f"enter {self._does} · esc leaves · tab ↓ ↑ next line", id="keys", markup=False)

    def on_mount(self) -> None:
        narrow = self.app.size.width < _NARROW
        longest = max(cell_len(harmless(text)) for one in self._fields for text in (one.text, *one.choices)) + 3
        for line in self.query(_Line):
            line.styles.width = max(_TYPED[not narrow], min(longest, _TYPED[-1]))
        self.query_one("#help").display = narrow
        self.query(_Line).first().focus()
        self._show()
        self.call_after_refresh(self._explain)  # it is known then how wide all is

    def on_resize(self) -> None:
        """Many lines scroll, so that what stands below them is seen: help (2), what is said (3), keys; and a border."""
        room = self.size.height * 96 // 100 - 6 - 2 * (self.size.width < _NARROW)
        self.query_one("#fields").styles.max_height = max(room, 3)
        self.call_after_refresh(self._see_focus)

    def _see_focus(self) -> None:
        if self.focused is not None:
            self.focused.scroll_visible(animate=False)

    def on_descendant_focus(self) -> None:
        self._explain()

    def _explain(self) -> None:
        """What a narrow screen cuts beside the line in focus."""
        for at, (one, line) in enumerate(zip(self._fields, self.query(_Line), strict=True)):
            if line.has_focus:
                told = harmless(self._checked.problems.get(one.key, "") or one.about)
                room = self.query_one(f"#about-{at}").content_size.width
                self.query_one("#help", Static).update(told if cell_len(told) > room else "")

    def texts(self) -> Texts:
        return {one.key: line.value for one, line in zip(self._fields, self.query(_Line), strict=True)}

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._show()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter comes through the line it was typed in, behind the letters typed before it."""
        event.stop()
        self._send()

    def _show(self) -> None:
        self._checked = self._check(self.texts())
        for at, one in enumerate(self._fields):
            about = self.query_one(f"#about-{at}", Static)
            problem = self._checked.problems.get(one.key, "")
            about.set_class(bool(problem), "-wrong")
            about.update(harmless(problem or one.about))
        self.query_one("#say", Static).update(harmless_lines(self._checked.say))
        self._explain()

    def action_go(self, by: int) -> None:
        lines = list(self.query(_Line))
        at = next((i for i, line in enumerate(lines) if line.has_focus), 0)
        self.set_focus(lines[(at + by) % len(lines)])  # at once: letters may be behind this key already

    def _send(self) -> None:
        self._show()
        wrong = next((at for at, one in enumerate(self._fields) if one.key in self._checked.problems), None)
        if wrong is not None:
            self.set_focus(list(self.query(_Line))[wrong])
        elif self._checked.ready:
            self.dismiss(self.texts())

    def action_cancel(self) -> None:
        self.dismiss(None)


class _Line(Input):
    def __init__(self, one: Field, at: int) -> None:
        suggester = SuggestFromList(one.choices) if one.choices else None
        super().__init__(one.text, compact=True, suggester=suggester, id=f"line-{at}")
        self.cursor_blink = False  # a blinking cursor is bytes for ever
        self._choices = one.choices

    def on_key(self, event: Key) -> None:
        """Space goes to the next choice."""
        if event.key == "space" and self._choices:
            event.stop()
            event.prevent_default()
            at = self._choices.index(self.value) + 1 if self.value in self._choices else 0
            self.value = self._choices[at % len(self._choices)]
            self.cursor_position = len(self.value)


def harmless_lines(text: str) -> str:
    return "\n".join(harmless(line) for line in text.split("\n"))
