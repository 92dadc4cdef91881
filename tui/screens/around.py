"""What every screen does: a word to the user, the menu of keys, what is seen in a file, the mouse, drawing anew."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from textual import on
from textual.events import Key, Mount
from textual.screen import Screen

from hptui.core.errors import HptuiError
from hptui.core.study.session import home
from hptui.tui import terminal
from hptui.tui.panes.header import TextLine
from hptui.tui.screens.confirm import Answer, PickScreen
from hptui.tui.screens.menu import Entry, MenuScreen, entries
from hptui.tui.views.cells import Cell
from hptui.tui.views.layout import too_small

SAY_S = 6.0  # how long a word to the user stands
PICTURES = (
    Answer("s", "svg      the screen as a picture for a page", "svg"),
    Answer("p", "png      the screen as a picture", "png"),
    Answer("t", "txt      the screen as text", "txt"),
)


class Around(Screen[None]):
    """`KINDS`: what `w` writes; `writers` does it."""

    KINDS: ClassVar[Sequence[Answer]] = PICTURES
    _told_until = 0.0

    @property
    def called(self) -> str:
        """What the names of its files begin with."""
        return "hptui"

    def say(self, text: str, severity: str = "information") -> None:
        self.notify(text, severity=severity, timeout=SAY_S, markup=False)  # type: ignore[arg-type]  # one of three words

    @on(Mount)
    def _be_as_wide(self) -> None:
        """Narrow from the first paint on: Textual says so only after it, and all would be painted twice."""
        self.add_class(*self._get_breakpoint_classes(self.app.size.width, self.app.HORIZONTAL_BREAKPOINTS or []))

    def check_size(self) -> None:
        """Say so when there is no room for a screen."""
        problem = too_small(*self.size)
        self.query_one("#too-small", TextLine).show(lambda width: (Cell(problem, "warn"),))
        self.set_class(bool(problem), "-tiny")

    def why_dead(self) -> str:
        """Why keys that change something do nothing now."""
        return "this screen only looks"

    def on_key(self, event: Key) -> None:
        """A key that does nothing now says why, and one that is not known where the others are listed."""
        bound = self.active_bindings.get(event.key)
        plain = event.is_printable and "+" not in event.key  # not alt+q, which esc and q are that come together
        if bound is None and plain and time.monotonic() > self._told_until:
            self._told_until = time.monotonic() + SAY_S  # once: a word typed in the wrong place is many keys
            self.say(f"{event.character} does nothing here; ? lists the keys")
        elif bound is not None and not bound.enabled:
            self.say(f"{bound.binding.description}: {self.why_dead()}", "warning")

    def action_menu(self) -> None:
        self.app.push_screen(MenuScreen(entries(self)), self._run_entry)

    def _run_entry(self, entry: Entry | None) -> None:
        if entry is not None:
            self.run_worker(self.app.run_action(entry.action, default_namespace=entry.node), exit_on_error=False)

    def action_redraw(self) -> None:
        self.refresh(repaint=True, layout=True)
        self.app.refresh(repaint=True, layout=True)

    # --- files ------------------------------------------------------------------------------------------------

    def action_write(self) -> None:
        self.app.push_screen(PickScreen("write to a file", self.KINDS, "svg"), self._write_as)

    def _write_as(self, kind: str | None) -> None:
        if kind is not None:
            at = time.strftime("%Y%m%d-%H%M%S")
            # once the dialog is off the screen: it is no part of the picture
            self.call_after_refresh(self.write_to, f"{self.called}-{at}.{kind}")

    def write_to(self, name: str) -> None:
        """A relative name is in the folder where hptui was started; where that can't be written, in its own."""
        path = Path(os.path.expanduser(name))  # Path.expanduser raises for a user who is not there
        kind = path.suffix.removeprefix(".").lower()
        write = self.writers().get(kind)
        if write is None:
            self.say(f"{name}: its name ends in none of {' '.join(f'.{one}' for one in self.writers())}", "warning")
            return
        try:
            self.say(f"written: {_first_that_works(write, path)}")
        except ImportError:
            self.say("a png needs Pillow: pip install pillow, or write an svg", "warning")
        except HptuiError as error:
            self.say(error.problem, "error")
        except OSError as error:
            self.say(f"{path}: {error.strerror or error}", "error")

    def writers(self) -> Mapping[str, Callable[[Path], object]]:
        """By the ending of a file's name."""
        from hptui.tui import picture

        app: Any = self.app
        return {
            "svg": lambda path: path.write_text(app.export_screenshot(), "utf-8"),
            "png": lambda path: picture.png(app, path),
            "txt": lambda path: path.write_text(picture.text(app), "utf-8"),
        }

    # --- the mouse --------------------------------------------------------------------------------------------

    def action_mouse(self) -> None:
        self.set_mouse(not terminal.has_mouse(self.app))

    def set_mouse(self, on: bool) -> None:
        terminal.set_mouse(self.app, on)
        self.say("clicks go to the screen; m gives them back" if on else "the terminal's own selecting works; m: back")


def _first_that_works(write: Callable[[Path], object], path: Path) -> Path:
    try:
        write(path)
        return path.resolve()
    except PermissionError:
        if path.is_absolute():
            raise
        other = home() / path.name
        write(other)
        return other
