"""Read a written table field by field, and note every problem on the way instead of stopping at the first."""

from __future__ import annotations

import json
import types
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from hptui.core.errors import HptuiError, StudyError

_WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    dict: "a table",
    list: "a list",
}


def join(where: str, key: str) -> str:
    """The key path one level down: `space` and `lr` give `space.lr`."""
    return f"{where}.{key}" if where else key


def nearest(word: str, names: Iterable[str]) -> str:
    """A hint that offers the name closest to `word`, or lists them all when none is close."""
    names = list(dict.fromkeys(names))
    close = get_close_matches(word.lower(), [n.lower() for n in names], n=3)
    if close:
        # `lgo` is meant to be log, though difflib finds low as close.
        swapped = [c for c in close if sorted(c) == sorted(word.lower())]
        best = (swapped or close)[0]
        return f'did you mean "{next(n for n in names if n.lower() == best)}"?'
    return "valid: " + ", ".join(names) if names else ""


def show(value: object) -> str:
    """The value as a person would write it in TOML, at most 60 characters."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def figure(value: float) -> str:
    """A number in six digits at most; a whole one that no float can hold, as it was written."""
    try:
        return f"{value:g}"
    except OverflowError:
        return show(value)


def unbounded(value: object, where: str = "") -> list[HptuiError]:
    """Whole numbers of more than 64 bits, wherever they stand in a table: TOML has none, and no message holds one."""
    if isinstance(value, Mapping):
        return [problem for key, one in value.items() for problem in unbounded(one, join(where, key))]
    if isinstance(value, list):
        return [problem for at, one in enumerate(value) for problem in unbounded(one, f"{where}[{at}]")]
    if isinstance(value, int) and not fits(value):
        hint = "write it with an exponent, such as 1e20, or as text"
        return [StudyError(where, "a whole number of more than 19 digits is too large", hint)]
    return []


def fits(number: int) -> bool:
    """Whether a whole number has 64 bits at most, with or without a sign."""
    return -(2**63) <= number < 2**64


def say(kind: Any) -> str:
    """What a type admits, in words: `list[str] | None` is "a list of text"."""
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        said = [say(a) for a in args if a not in (type(None), msgspec.UnsetType)]
        return " or ".join(dict.fromkeys(said))
    if origin is Literal:
        return " or ".join(json.dumps(a) for a in args)
    if origin is list:
        return "a list" if args[0] is Any else f"a list of {say(args[0]).removeprefix('a ')}"
    if origin is dict:
        return "a table" if args[1] is Any else f"a table of {say(args[1]).removeprefix('a ')}"
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return "a table"
    return _WORDS.get(kind, "a value")


def words(kind: Any) -> list[str]:
    """Every text a type names by itself: the members of its literals."""
    if get_origin(kind) is Literal:
        return [a for a in get_args(kind) if isinstance(a, str)]
    return [w for a in get_args(kind) for w in words(a)]


@cache
def fields_of(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    """The fields a table of this kind may have. Asked of msgspec once: it evaluates all annotations each time."""
    return msgspec.structs.fields(kind)


def read_fields(
    table: Mapping[str, Any],
    kind: type[msgspec.Struct],
    where: str,
    problems: list[HptuiError],
    ignore: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """The fields of `kind` that `table` states rightly; unknown keys, wrong types and gaps are problems."""
    fields = {f.encode_name: f for f in fields_of(kind)}
    for key in table:
        if key not in fields and key not in ignore:
            problems.append(StudyError(join(where, key), "unknown key", nearest(key, fields)))
    good: dict[str, Any] = {}
    for name, field in fields.items():
        if name not in table:
            if field.required:
                problems.append(StudyError(where or name, f'"{name}" is missing', f"add {name} = ..."))
            continue
        value = table[name]
        try:
            good[name] = msgspec.convert(value, field.type)
        except msgspec.ValidationError:
            hint = ""
            if isinstance(value, str) and (literals := words(field.type)):
                hint = nearest(value, literals)
            problem = f"expected {say(field.type)}, not {show(value)}"
            problems.append(StudyError(join(where, name), problem, hint))
    return good
