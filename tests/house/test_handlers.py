"""Textual calls a message's handler in every class of the line, so one of ours must not think it overrides another."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

TUI = Path(__file__).resolve().parents[2] / "tui"


def classes() -> Iterator[ast.ClassDef]:
    for path in sorted(TUI.rglob("*.py")):
        yield from (node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef))


def test_no_handler_overrides_another() -> None:
    known = {node.name: node for node in classes()}
    handlers = {
        name: {part.name for part in node.body if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef))}
        for name, node in known.items()
    }

    def line(name: str) -> Iterator[str]:
        for base in known[name].bases if name in known else ():
            above = ast.unparse(base).partition("[")[0]
            yield above
            yield from line(above)

    twice = [
        f"{name}.{method} also in {above}"
        for name in known
        for above in line(name)
        for method in handlers[name] & handlers.get(above, set())
        if method.startswith(("on_", "_on_"))
    ]
    assert len(known) > 40 and twice == []
