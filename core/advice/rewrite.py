"""A study file with advice taken: the edits made, its comments, order and spelling kept."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from typing import Any

from hptui.core.advice.finding import Edit


def rewrite(text: str, edits: Iterable[Edit]) -> str:
    """The text of a study file with the edits made. text: TOML that `load_study` has read."""
    import tomlkit  # only whoever takes advice needs it

    document = tomlkit.parse(text)
    for edit in edits:
        _set(document, edit.key, edit.value)
    return tomlkit.dumps(document)


def _set(table: MutableMapping[str, Any], key: tuple[str, ...], value: Any) -> None:
    """What stands on the way and is no table (`sampler = "random"`) gives way to one.

    The two short spellings stay: a list of choices, and the name of a sampler or pruner.
    """
    import tomlkit
    import tomlkit.items

    first, *rest = key
    below = table.get(first)
    if not rest:
        if value is None:
            table.pop(first, None)
        elif isinstance(value, str) and isinstance(below, MutableMapping):
            below.clear()  # the options of the old one
            below["name"] = value
        else:
            if isinstance(below, (tomlkit.items.Table, tomlkit.items.AoT)):
                table.pop(first)  # its place is under a header of its own
            table[first] = _item(value)
    elif rest == ["choices"] and isinstance(below, list):
        table[first] = value
    else:
        if not isinstance(below, MutableMapping):
            table[first] = tomlkit.table()
        _set(table[first], tuple(rest), value)


def _item(value: Any) -> Any:
    if isinstance(value, dict):
        return _inline(value)
    return _points(value) if isinstance(value, list) and value and isinstance(value[0], dict) else value


def _points(values: list[dict[str, Any]]) -> Any:
    """[[enqueue]], a table for each."""
    import tomlkit

    made = tomlkit.aot()
    for value in values:
        point = tomlkit.table()
        point.update(value)
        made.append(point)
    return made


def _inline(value: dict[str, Any]) -> Any:
    import tomlkit

    made = tomlkit.inline_table()
    for key, inner in value.items():
        made[key] = _inline(inner) if isinstance(inner, dict) else inner
    return made
