"""The cockpit: `run` shows it and returns when it is left. No numpy here, nor in anything imported here: the first
paint waits for no library that it does not need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual._context import active_message_pump  # it has no public name
from textual.app import App, ComposeResult, SystemCommand
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from hptui.core.store.library import summary
from hptui.core.study.session import SessionFolder, config_file, home
from hptui.tui import keys, terminal, theme, visiting
from hptui.tui.ascii_only import AsciiOnly
from hptui.tui.config import Config, read_config
from hptui.tui.glyphs import current, harmless
from hptui.tui.keymap import shown

if TYPE_CHECKING:
    from textual.command import Provider

# providers are named by functions, as Textual allows: the palette's module is imported when it is first opened
Lazy = Callable[[], "type[Provider]"]


def _keys() -> type[Provider]:
    from hptui.tui.palette import Keys

    return Keys


def _trials() -> type[Provider]:
    from hptui.tui.palette import TrialsByNumber

    return TrialsByNumber


class HptuiApp(terminal.CrashNotes, App[int]):  # type: ignore[misc]  # a mixin can't name App's own attribute types
    """`folder`: the session to open at once; None: the list of sessions. `read_only`: without keys that change it."""

    TITLE = "hptui"
    ENABLE_COMMAND_PALETTE = True
    COMMANDS: ClassVar[set[type[Provider] | Lazy]] = {_keys, _trials, *App.COMMANDS}
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-normal"), (140, "-wide")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "hint_leave", "Hint", show=False, system=True),
        Binding("ctrl+q", "leave", "Quit", show=False, system=True),
        Binding("ctrl+z", "suspend_process", "Suspend", show=False, system=True),
    ]
    CSS = """
    Toast { padding: 0 1; margin: 0; }
    """

    def __init__(
        self, folder: SessionFolder | None = None, read_only: bool = False, beside: Sequence[SessionFolder] = (),
        shelf: Path | None = None, config: Config | None = None,
    ) -> None:  # fmt: skip
        """beside: sessions to compare, instead of one to open. shelf: the folder whose sessions are listed."""
        self.config = config or Config()
        super().__init__()
        self.folder, self.read_only, self.beside, self.shelf = folder, read_only, beside, shelf
        self.crash_folder = home()
        self.goes_on = False  # whether a session lives on behind the screen that is left

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme.variable_defaults(self.current_theme)

    def compose(self) -> ComposeResult:
        """What is seen while everything else is still being imported."""
        name = "sessions" if self.folder is None else self.folder.name
        yield Static(Content(f"hptui  {harmless(name)}  opening…"))

    def on_mount(self) -> None:
        chosen = self.config.theme
        theme.install(cast("Any", self), terminal.theme_for() if chosen == "auto" else chosen)
        self.set_keymap(self.config.keys)
        if current().level == "ascii":
            self._filters.append(AsciiOnly())  # no public way to add one; a test watches it
        if not self.is_headless:
            terminal.guard(visiting.leave)
        self.call_after_refresh(self._open)

    def _open(self) -> None:
        if self.beside:
            self.open_compare(self.beside)
            return
        if self.folder is not None:
            self.open_session(self.folder, read_only=self.read_only)
            return
        from hptui.tui.screens.sessions import SessionsScreen

        self.push_screen(SessionsScreen(self.read_only, self.shelf))

    def action_command_palette(self) -> None:
        from hptui.tui.palette import Palette

        if not Palette.is_open(cast("App[object]", self)):
            self.push_screen(Palette(id="--command-palette"))

    def pop_screen(self) -> AwaitComplete:
        """Close the screen on top, unless one asks that is closed already: of two keys pressed in a hurry the second
        may still reach the dialog that the first one closes, and the screen below must not go instead."""
        asks = active_message_pump.get(None)
        if isinstance(asks, Widget) and not any(node in self.screen_stack for node in asks.ancestors_with_self):
            return AwaitComplete()
        return super().pop_screen()

    def open_session(self, folder: SessionFolder, *, read_only: bool) -> None:
        from hptui.tui.screens.live import LiveScreen

        self.push_screen(LiveScreen(folder, read_only))

    def open_compare(self, folders: Sequence[SessionFolder]) -> None:
        """Two to four sessions beside each other."""
        from hptui.tui.screens.compare import CompareScreen

        self.push_screen(CompareScreen(folders))

    def leave(self, *, goes_on: bool) -> None:
        """End the screen and nothing else."""
        self.goes_on = goes_on
        self.exit(0)

    def action_leave(self) -> None:
        leave: Callable[[], None] = getattr(self.screen, "action_leave", lambda: self.leave(goes_on=False))
        leave()

    def action_hint_leave(self) -> None:
        self.notify("q leaves the screen, the session goes on; K stops it", timeout=4)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        for name in ("dark", "light", "ansi"):
            paint = partial(setattr, self, "theme", f"hptui-{name}")
            yield SystemCommand(f"Colours: {name}", f"the {name} theme", paint)
        yield SystemCommand("Keys", "all keys of this pane", self._menu)

    def _menu(self) -> None:
        menu: Callable[[], None] | None = getattr(self.screen, "action_menu", None)
        if menu is not None:
            menu()


def run(
    folder: SessionFolder | None = None, read_only: bool = False, beside: Sequence[SessionFolder] = (),
    shelf: Path | None = None,
) -> int:  # fmt: skip
    """Show the screen until it is left; its exit status. `folder` None: the list of sessions, or those `beside`."""
    config = read_config(config_file())
    keys.remapped.update({id_: shown(name) for id_, name in config.keys.items()})
    terminal.prepare(color=config.color, glyphs="" if config.glyphs == "auto" else config.glyphs)
    app = HptuiApp(folder, read_only, beside, shelf, config)
    status = app.run(mouse=config.mouse)
    if folder is not None and not read_only:
        print(_farewell(folder, app.goes_on))
    return status if isinstance(status, int) else (app.return_code or 0)


def _farewell(folder: SessionFolder, goes_on: bool) -> str:
    """What becomes of a session whose screen was left, and the verb that goes with it."""
    name = folder.name
    told = summary(folder)
    if goes_on or told.state == "live":  # live behind a screen that crashed, too
        return f"{name} goes on: hptui attach {name}"
    if told.state == "broken":
        return f"{name} can't be read: {told.reason}"
    best = "" if told.best is None else f", best {told.best:.6g} of trial {told.best_trial}"
    best = f", a front of {told.front}" if told.front else best
    then = f"hptui best {name}" if told.state == "finished" else f"hptui resume {name}"
    return f"{name} {told.state}{best}: {then}"
