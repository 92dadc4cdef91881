"""A study file on its way from another tool's file: its tables, what is wrong, and what is left out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hptui.core.errors import HptuiError, StudyError


@dataclass
class Made:
    tables: dict[str, Any] = field(default_factory=dict)
    problems: list[HptuiError] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def wrong(self, where: str, problem: str, hint: str = "") -> None:
        self.problems.append(StudyError(where, problem, hint))

    def number(self, where: str, value: Any, default: float = math.nan) -> float:
        """What is written there; the default, and a problem, where it is no finite number. None: not written."""
        if value is None:
            return default
        try:  # YAML reads 1e-5 as text
            found = float(value) if not isinstance(value, bool | list | dict) else math.nan
        except (TypeError, ValueError):
            found = math.nan
        if not math.isfinite(found):
            self.wrong(where, f"{value!r} is no number")
            return default
        return found

    def table(self, where: str, value: Any) -> Mapping[str, Any]:
        """A table of keys; an empty one, and a problem, where it is something else. None: not written."""
        if value is not None and not isinstance(value, Mapping):
            self.wrong(where, f"expected a table of keys, not {value!r}")
        return value if isinstance(value, Mapping) else {}

    def choices(self, where: str, name: str, values: Any) -> None:
        if not isinstance(values, Sequence) or isinstance(values, str):
            self.wrong(where, f"expected a list of values, not {values!r}")
            return
        kept = [value for value in values if not _has_null(value)]
        if len(kept) < len(values):
            self.left_out.append(f"{name}: the choice null, which TOML can't write")
        if not kept:
            self.wrong(where, "has no value to choose")
        self.tables["space"][name] = {"type": "categorical", "choices": kept}

    def interval(
        self, where: str, name: str, bounds: tuple[float, float], log: bool, q: float | None, whole: bool
    ) -> None:
        """bounds: both are in. q: steps from the lower bound on."""
        low, high = bounds
        if math.isnan(low) or math.isnan(high):
            return  # has been told
        if low > high or (log and low <= 0):
            problem = f"min ({low:g}) is above max ({high:g})" if low > high else f"a log scale can't begin at {low:g}"
            self.wrong(where, problem)
            return
        if low == high:
            self.tables["space"][name] = {"type": "categorical", "choices": [int(low) if whole else low]}
            return
        definition: dict[str, Any] = {"type": "int" if whole else "float"}
        definition |= {"low": int(low) if whole else low, "high": int(high) if whole else high}
        if log:
            definition["log"] = True
            if q:
                self.left_out.append(f"{name}: steps of {q:g} on a log scale")
        elif q:
            definition["step"] = int(q) if whole else q
        self.tables["space"][name] = definition

    def file(self, path: Path) -> str:
        """The study file. Raises StudyError for what TOML has no word for."""
        import tomlkit

        try:
            return self._written(path)
        except tomlkit.exceptions.ConvertError as error:
            raise StudyError(str(path), f"can't be a study file: {error}", "is there a null in it?") from error

    def _written(self, path: Path) -> str:
        import tomlkit

        document = tomlkit.document()
        document.add(tomlkit.comment(f"Made from {path.name}."))
        for line in self.left_out:
            document.add(tomlkit.comment(f"Not carried over: {' '.join(line.split())}"))
        for key, value in self.tables.items():
            if key == "space":
                space = tomlkit.table()
                for name, definition in value.items():
                    inline = tomlkit.inline_table()
                    inline.update(definition)
                    space[name] = inline
                document["space"] = space
            else:
                document[key] = value
        return tomlkit.dumps(document)


def _has_null(value: Any) -> bool:
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return value is None or any(map(_has_null, inner))


def multiple(count: int, q: float) -> float:
    """count * q as people write it: 0.3, not 0.30000000000000004."""
    return float(f"{count * q:.12g}")
