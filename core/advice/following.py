"""What edits of a space bring with them: defaults, points and conditions that would no longer fit it. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hptui.core.advice.finding import Edit
from hptui.core.advice.rewrite import rewrite
from hptui.core.space.parameter import mark
from hptui.core.space.space import Space

_ROLES = ("scientific", "nuisance", "fixed")


def followed(text: str, edits: Sequence[Edit]) -> list[Edit]:
    """The edits, and after them those that make the study fit: it can be read again if it could before.

    A default, a center or an enqueued value outside of its new range moves to the end or choice that is nearest. What
    names a parameter that is gone forgets it: points, roles, and conditions, which then always hold; conditions on
    what has become a continuum, too. A parameter whose condition has no value left goes as well, and so does a point
    that is not whole any more.
    text: TOML that `load_study` has read.
    """
    touched = {edit.key[1] for edit in edits if len(edit.key) > 1 and edit.key[0] == "space"}
    if not touched:
        return list(edits)
    study = tomllib.loads(rewrite(text, edits))
    space: Mapping[str, Any] = study.get("space", {})
    more = [edit for name, definition in space.items() for edit in _of(name, definition, space, touched)]
    if any(edit.value is None and len(edit.key) == 2 for edit in more):
        return followed(text, [*edits, *more])  # what hangs on it has lost its parent now
    if points := study.get("enqueue", []):
        fitting = Space.parse(tomllib.loads(rewrite(text, [*edits, *more]))["space"])
        moved = [_point(point, space, touched) for point in points]
        if (left := [point for point in moved if not fitting.complete(point)[1]]) != points:
            more.append(Edit(("enqueue",), left or None))
    for role in _ROLES:
        named = study.get("round", {}).get(role, [])
        if (still := [name for name in named if name in space or name not in touched]) != named:
            more.append(Edit(("round", role), still or None))
    return [*edits, *more]


def _of(name: str, definition: Any, space: Mapping[str, Any], touched: set[str]) -> Iterable[Edit]:
    if not isinstance(definition, Mapping):
        return
    tied = definition.get("scaled_by")
    if isinstance(tied, Mapping) and tied.get("parameter") in touched - set(space):
        yield Edit(("space", name, "scaled_by"), None)
    when = definition.get("when", {})
    asked = {p: values for p, values in when.items() if p in space and not (p in touched and _is_continuum(space[p]))}
    left = {p: _still(values, space[p]) if p in touched else values for p, values in asked.items()}
    if not all(left.values()):
        yield Edit(("space", name), None)
        return
    if left != when:
        yield Edit(("space", name, "when"), left or None)
    if name in touched:
        if "default" in definition and (fit := _nearest(definition["default"], definition)) != definition["default"]:
            yield Edit(("space", name, "default"), fit)
        prior = definition.get("prior", {})
        if "center" in prior and (fit := _nearest(prior["center"], definition)) != prior["center"]:
            yield Edit(("space", name, "prior", "center"), fit)


def _point(point: Mapping[str, Any], space: Mapping[str, Any], touched: set[str]) -> dict[str, Any]:
    """Values of scaled parameters stay: their range is another one for each point."""
    kept = {name: value for name, value in point.items() if name in space or name not in touched}
    fixed = {name for name in kept if name not in touched or "scaled_by" in space[name]}
    return {name: value if name in fixed else _nearest(value, space[name]) for name, value in kept.items()}


def _still(values: Any, parent: Any) -> Any:
    """Those of a condition that its parent still can have."""
    listed = values if isinstance(values, list) else [values]
    left = [value for value in listed if _nearest(value, parent) == value]
    return values if left == listed else left


def _nearest(value: Any, definition: Any) -> Any:
    """The value that a parameter can have which is nearest to this one; itself where it is one, or none is near."""
    choices = definition.get("choices") if isinstance(definition, Mapping) else definition
    if choices is not None:
        numbers = [choice for choice in choices if _is_number(choice)]
        if mark(value) in map(mark, choices) or not choices:
            return value
        return min(numbers, key=lambda n: abs(n - value)) if numbers and _is_number(value) else choices[0]
    low, high = definition.get("low"), definition.get("high")
    if not (_is_number(value) and _is_number(low) and _is_number(high)):
        return value
    inside = min(max(value, low), high)
    step = definition.get("step")
    return inside if inside == value or not step else float(f"{low + (inside - low) // step * step:.12g}")


def _is_continuum(definition: Any) -> bool:
    """No condition can hang on it."""
    plain = isinstance(definition, Mapping) and definition.get("type") == "float" and "step" not in definition
    return plain and definition.get("low") != definition.get("high")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


__all__ = ["followed"]
