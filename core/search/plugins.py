"""Samplers and pruners of other distributions, by their entry points. None is loaded before it is asked for.

    [project.entry-points."hptui.samplers"]
    mine = "my_package.mine:Mine"

The object is the class itself: a frozen dataclass as `protocol` asks for. Its fields beside those that every sampler or
pruner is given are its options, and need defaults: whole numbers, numbers, or words with `choices` in their metadata.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from hptui.core.errors import StudyError
from hptui.core.search.entry import Asked, Entry, Option, Word

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

CatalogKind = Literal["sampler", "pruner"]
GROUPS: dict[CatalogKind, str] = {"sampler": "hptui.samplers", "pruner": "hptui.pruners"}
_GIVEN: dict[CatalogKind, tuple[str, ...]] = {"sampler": ("space", "seed", "grows"), "pruner": ("sign", "max_steps")}
_METHODS: dict[CatalogKind, tuple[str, ...]] = {"sampler": ("ask",), "pruner": ("milestones", "judge")}


@cache
def declared(kind: CatalogKind) -> Mapping[str, EntryPoint]:
    """Name -> where it is, of every installed distribution; nothing of theirs is imported."""
    from importlib.metadata import entry_points  # a tenth of a scheduler's start, and most studies name ours

    return {point.name: point for point in entry_points(group=GROUPS[kind])}


def plugin(kind: CatalogKind, name: str) -> Entry | None:
    """The entry of this name; None when no distribution declares it. Raises StudyError when it can't be used."""
    point = declared(kind).get(name)
    if point is None:
        return None
    try:
        made = point.load()
    except Exception as error:  # whatever another's module does when it is imported
        raise _broken(kind, point, f"it can't be imported: {type(error).__name__}: {error}") from error
    missing = [method for method in _METHODS[kind] if not callable(getattr(made, method, None))]
    if not (isinstance(made, type) and dataclasses.is_dataclass(made)) or missing:
        lacks = f", and lacks {', '.join(missing)}" if missing else ""
        raise _broken(kind, point, f"{point.value} is no dataclass that is a {kind}{lacks}")
    fields = {field.name: field for field in dataclasses.fields(made) if field.init}
    if absent := [given for given in _GIVEN[kind] if given not in fields and given != "max_steps"]:
        raise _broken(kind, point, f"it has no field {' or '.join(absent)}")
    options = {}
    for each in fields.values():
        if each.name not in _GIVEN[kind]:
            option = _option(each)
            if option is None:
                raise _broken(kind, point, f"its option {each.name} has no default that is a number or a word")
            options[each.name] = option
    dist = f"{point.dist.name} {point.dist.version}" if point.dist else "another distribution"
    line = (inspect.getdoc(made) or "it does not say what it does").splitlines()[0].rstrip(".")
    when = str(getattr(made, "when", "")) or f"as {dist} says"
    return Entry(line, when, point.value, options, max_steps="used" if "max_steps" in fields else "ignored", cls=made)


def _option(field: dataclasses.Field[Any]) -> Asked | None:
    about, default = field.metadata, field.default
    meaning = str(about.get("meaning", field.name))
    if isinstance(default, str) and "choices" in about:
        return Word(meaning, tuple(about["choices"]), default)
    if isinstance(default, bool) or not isinstance(default, (int, float)):
        return None
    bounds = {key: about[key] for key in ("low", "high") if key in about}
    return Option(meaning, default, whole=isinstance(default, int), **bounds)


def _broken(kind: CatalogKind, point: EntryPoint, problem: str) -> StudyError:
    dist = f" of {point.dist.name} {point.dist.version}" if point.dist else ""
    return StudyError(kind, f"{kind} {point.name}{dist} is broken: {problem}", "repair or uninstall it, or use another")
