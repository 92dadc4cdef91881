"""One thing that was noticed: what, with its numbers, why it matters, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Level = Literal["warning", "hint", "good"]
"""warning: likely costs a better result. hint: worth a thought. good: a reason to trust what was found."""


@dataclass(frozen=True)
class Edit:
    """A change to a study file: the value of a key, or None to take the key out."""

    key: tuple[str, ...]  # ("space", "lr", "log")
    value: Any

    @property
    def path(self) -> str:
        return ".".join(self.key)


@dataclass(frozen=True)
class Finding:
    rule: str  # its stable name, as in `best-at-edge`
    level: Level
    about: str  # key path, "" for the whole study or session
    says: str  # what was seen, with its numbers
    do: str  # what to do, "" where nothing is to be done
    why: str = ""  # the rule behind it
    edits: tuple[Edit, ...] = ()  # `do`, as changes to the study file
    trials: tuple[int, ...] = ()  # that show it, the plainest first

    @property
    def key(self) -> str:
        """By which it is dismissed: the same rule about the same thing."""
        return f"{self.rule} {self.about}".strip()
