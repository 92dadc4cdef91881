"""A stand-in for Jupyter, and what a session that was started from it comes to."""

from __future__ import annotations

import linecache
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import hptui


class Notebook:
    """Cells that are compiled as Jupyter does it: in `__main__`, each under the name of a file that is none."""

    def __init__(self) -> None:
        self.main, self._count = ModuleType("__main__"), 0

    def cell(self, source: str) -> None:
        self._count += 1
        name = f"/tmp/ipykernel_0/{id(self)}-{self._count}.py"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        exec(compile(source, name, "exec"), self.main.__dict__)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.main, name)


@dataclass(frozen=True)
class Ran:
    session: hptui.Session
    again: Callable[[], hptui.Session]  # the same call once more
    printed: str
