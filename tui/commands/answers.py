"""How commands print: tables, numbers, times and JSON. Unknown is `–` for people and null for programs."""

from __future__ import annotations

import json
import math
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from hptui.core.study.durations import format_duration

UNKNOWN = "–"


def harmless(text: str) -> str:
    """The text with control characters made visible: nothing that a trial prints may steer a terminal."""
    return "".join(c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in text)


def number(value: float | None) -> str:
    """Six significant digits, or `–` when there is no number; an infinite one is said."""
    if value is None or math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    return f"{value:.6g}"


def setting(value: Any) -> str:
    """A parameter's value as people write it."""
    if isinstance(value, bool) or value is None or isinstance(value, (list, dict)):
        return json.dumps(value)
    return f"{value:.4g}" if isinstance(value, float) else harmless(str(value)).replace("\n", " ")


def settings(params: Mapping[str, Any]) -> str:
    return "  ".join(f"{harmless(name)} {setting(value)}" for name, value in params.items())


def duration(seconds: float | None) -> str:
    """0.4s, 42s, 5m 07s; `–` when unknown."""
    return UNKNOWN if seconds is None or seconds < 0 else format_duration(seconds)


def size(n_bytes: float | None) -> str:
    """1.4 GiB."""
    if n_bytes is None:
        return UNKNOWN
    for unit in ("B", "KiB", "MiB"):
        if n_bytes < 1000:
            return f"{n_bytes:.3g} {unit}"
        n_bytes /= 1024
    return f"{n_bytes:.3g} GiB"


def plural(n: int, word: str) -> str:
    return f"{n} {word}" if n == 1 else f"{n} {word}s"


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> str:
    """Columns two spaces apart; those in `right` are aligned to the right. Nothing is padded at the end."""
    lines = [list(heads), *(list(row) for row in rows)]
    widths = [max(width_of(line[i]) for line in lines) for i in range(len(heads))]

    def cell(text: str, i: int) -> str:
        pad = " " * (widths[i] - width_of(text))
        return pad + text if i in right else text + pad

    return "\n".join("  ".join(cell(text, i) for i, text in enumerate(line)).rstrip() for line in lines)


def terminal_width() -> int | None:
    """Cells of a line of the terminal; None where what is printed goes elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def folded(text: str, indent: str = "") -> str:
    """Broken at the terminal's width, further lines after `indent`; in one piece where it goes elsewhere."""
    return folded_at(text, terminal_width(), indent)


def folded_at(text: str, width: int | None, indent: str = "") -> str:
    if width is None:
        return text
    room = max(width, 40)
    return textwrap.fill(text, room, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def cut(text: str) -> str:
    """Its lines no longer than the terminal is wide, where it is shown on one."""
    return cut_at(text, terminal_width())


def cut_at(text: str, width: int | None) -> str:
    if width is None:
        return text
    return "\n".join(line if width_of(line) <= width else f"{begun(line, width - 1)}…" for line in text.splitlines())


def begun(text: str, width: int) -> str:
    """As much of it, from its beginning, as fits `width` cells."""
    return next((text[:n] for n in range(min(len(text), width), 0, -1) if width_of(text[:n]) <= width), "")


def width_of(text: str) -> int:
    """Cells of a terminal."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def plain(value: Any) -> Any:
    """The value as JSON can carry it: what is not finite becomes null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return value


def print_json(value: Any) -> None:
    """One document on stdout."""
    sys.stdout.write(json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def say(text: str) -> None:
    """One line to a person, beside what a program may be reading from stdout."""
    print(text, file=sys.stderr)
