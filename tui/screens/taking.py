"""What leaves the screen of a session: copies of parameters, its trials as a table, the study of the next round."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from hptui.core.errors import HptuiError
from hptui.tui.screens.around import PICTURES
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


class Taking(SessionScreen):
    KINDS: ClassVar[Sequence[Answer]] = (
        *PICTURES,
        Answer("c", "csv      the trials of the table, in its order", "csv"),
        Answer("l", "jsonl    the same, a JSON object a line", "jsonl"),  # j goes down
    )
    _format = "json"

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

    @property
    def called(self) -> str:
        return self.attached.folder.name

    def writers(self) -> Mapping[str, Callable[[Path], object]]:
        return {
            **super().writers(),
            "csv": lambda path: self._write_trials(path, "csv"),
            "jsonl": lambda path: self._write_trials(path, "jsonl"),
        }

    def _write_trials(self, path: Path, format: str) -> None:
        from hptui.core.review.export import export
        from hptui.core.store.reader import Reader

        with Reader(self.attached.folder) as reader, open(path, "w", encoding="utf-8", newline="") as file:
            for line in export(reader, "trials", format, list(self.rows_shown())):  # type: ignore[arg-type]  # a file's ending
                file.write(line + "\n")
