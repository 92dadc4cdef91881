"""What leaves the screen: copies of a trial's parameters, pictures and tables in files, and the mouse."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from hptui.core.errors import HptuiError
from hptui.core.study.session import home
from hptui.tui import terminal
from hptui.tui.screens.confirm import Answer, PickScreen
from hptui.tui.screens.session import SessionScreen

_FORMATS = [
    Answer("j", "JSON     one object", "json"),
    Answer("a", "args     --lr 0.01 …, quoted for a shell", "args"),
    Answer("h", "hydra    lr=0.01 …, overrides quoted for a shell", "hydra"),
    Answer("t", "TOML     lines for a [[enqueue]] of a study file", "toml"),
    Answer("y", "YAML", "yaml"),
    Answer("p", "Python   a dict", "python"),
]
_KINDS = [
    Answer("s", "svg      the screen as a picture for a page", "svg"),
    Answer("p", "png      the screen as a picture", "png"),
    Answer("t", "txt      the screen as text", "txt"),
    Answer("c", "csv      the trials of the table, in its order", "csv"),
    Answer("j", "jsonl    the same, a JSON object a line", "jsonl"),
]


class Taking(SessionScreen):
    _format = "json"
    _mouse = True

    def rows_shown(self) -> Sequence[int]:
        """The trials of the table, top to bottom."""
        return self.targets()

    # --- copying ----------------------------------------------------------------------------------------------

    def action_copy_config(self) -> None:
        self.app.push_screen(PickScreen("copy the parameters as", _FORMATS, self._format), self._copy_as)

    def _copy_as(self, format: str | None) -> None:
        if format is not None:
            self._format = format
            self.copy_config(format)

    def copy_config(self, format: str) -> None:
        from hptui.core.review.config import config_texts

        rows = [self.snapshot.trials[number] for number in self.targets() if number in self.snapshot.trials]
        if rows:
            self.copied(config_texts([row.params for row in rows], format))  # type: ignore[arg-type]  # the menu's

    # --- the next round ---------------------------------------------------------------------------------------

    def action_adopt(self) -> None:
        """A form; sent, it writes the next round's study with this trial as its baseline."""
        number = self.cursor()
        row = None if number is None else self.snapshot.trials.get(number)
        if row is None or row.state != "COMPLETE":
            self.say("a baseline needs a result: choose a complete trial", "warning")
            return
        from hptui.core.review.adoption import adoption
        from hptui.tui.launching import told
        from hptui.tui.screens.adopting import adopt, adopt_form

        facts = self.snapshot.facts
        found = adoption(list(self.snapshot.trials.rows()), facts.sign, row.number)
        evidence = "" if found is None else f"evidence: {found.evidence}"

        def send(texts: dict[str, str] | None) -> None:
            if texts is None:
                return
            try:
                made = adopt(self.attached.folder, row.number, texts)
            except HptuiError as error:
                hint = f" ({error.hint})" if error.hint else ""
                self.say(f"{error.where}: {error.problem}{hint}", "error")
                return
            said = "" if made.adopted.proof == "shown" else f"; {made.caution(self.attached.folder.name)}"
            self.say(f"{told(made.path)}{said}")

        self.app.push_screen(adopt_form(row.number, [one.name for one in facts.space], evidence), send)

    # --- files ------------------------------------------------------------------------------------------------

    def action_write(self) -> None:
        self.app.push_screen(PickScreen("write to a file", _KINDS, "svg"), self._write_as)

    def _write_as(self, kind: str | None) -> None:
        if kind is not None:
            at = time.strftime("%Y%m%d-%H%M%S")
            # once the dialog is off the screen: it is no part of the picture
            self.call_after_refresh(self.write_to, f"{self.attached.folder.name}-{at}.{kind}")

    def write_to(self, name: str) -> None:
        """A relative name is in the folder where hptui was started; where that can't be written, in its own."""
        path = Path(name).expanduser()
        kind = path.suffix.removeprefix(".").lower()
        write = self._writers().get(kind)
        if write is None:
            self.say(f"{name}: its name ends in none of .svg .png .txt .csv .jsonl", "warning")
            return
        try:
            self.say(f"written: {_first_that_works(write, path)}")
        except ImportError:
            self.say("a png needs Pillow: pip install pillow, or write an svg", "warning")
        except HptuiError as error:
            self.say(error.problem, "error")
        except OSError as error:
            self.say(f"{path}: {error.strerror or error}", "error")

    def _writers(self) -> dict[str, Callable[[Path], object]]:
        from hptui.tui import picture

        return {
            "svg": lambda path: path.write_text(self.app.export_screenshot(), "utf-8"),
            "png": lambda path: picture.png(self.app, path),
            "txt": lambda path: path.write_text(picture.text(self.app), "utf-8"),
            "csv": lambda path: self._write_trials(path, "csv"),
            "jsonl": lambda path: self._write_trials(path, "jsonl"),
        }

    def _write_trials(self, path: Path, format: str) -> None:
        from hptui.core.review.export import export
        from hptui.core.store.reader import Reader

        with Reader(self.attached.folder) as reader, open(path, "w", encoding="utf-8", newline="") as file:
            for line in export(reader, "trials", format, list(self.rows_shown())):  # type: ignore[arg-type]  # a file's ending
                file.write(line + "\n")

    # --- the mouse --------------------------------------------------------------------------------------------

    def action_mouse(self) -> None:
        self.set_mouse(not Taking._mouse)

    def set_mouse(self, on: bool) -> None:
        Taking._mouse = on  # of the terminal, so of every screen
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
