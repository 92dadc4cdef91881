"""The form of a point to try: a trial's parameters, or the defaults, changed at will and checked against the space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hptui.core.errors import HptuiError
from hptui.core.space.space import Space
from hptui.core.space.typed import text_of, typed_point
from hptui.core.store.rows import TrialRow
from hptui.tui.screens.form import Checked, Field, FormScreen, Texts
from hptui.tui.views.numbers import plain
from hptui.tui.views.parameters import range_of

_PRIORITY = "\0priority"
_NOTE = "\0note"  # no parameter can be called so


def point_form(definitions: Mapping[str, Any], trial: TrialRow | None) -> FormScreen:
    """trial: whose parameters stand there first; None: the defaults."""
    space = Space.parse(definitions)
    given = dict(trial.params) if trial is not None else space.defaults() if space.dim else {}
    names = (*space.names, *(name for name in given if name not in space.parameters))
    fields = [_field(name, definitions.get(name), given) for name in names]
    fields.append(Field(_PRIORITY, "priority", "", "0; higher starts sooner, of those that wait"))
    fields.append(Field(_NOTE, "note", "", "kept with the trial"))
    title = "a new point" if trial is None else f"a new point, made from trial {trial.number}"
    return FormScreen(title, fields, lambda texts: check_point(space, texts, given), "tries it as a new trial")


def _field(name: str, definition: Mapping[str, Any] | None, given: Mapping[str, Any]) -> Field:
    text = text_of(given[name]) if name in given else ""
    if definition is None:
        return Field(name, name, text)
    choices = tuple(text_of(choice) for choice in definition.get("choices", ()))
    step = f", step {plain(definition['step'])}" if "step" in definition else ""
    whole = f"{step or ', whole'}" if definition.get("type") == "int" else step
    when = "".join(f", when {other} is {' or '.join(map(plain, values))}"
                   for other, values in (definition.get("when") or {}).items())  # fmt: skip
    return Field(name, name, text, f"{range_of(definition)}{whole}{when}", choices)


def check_point(space: Space, texts: Texts, given: Mapping[str, Any]) -> Checked:
    typed = {name: text for name, text in texts.items() if not name.startswith("\0")}
    params, problems = typed_point(space, typed, "")
    found = {problem.where: problem.problem for problem in problems if problem.where}
    if texts.get(_PRIORITY, "").strip() and _priority(texts) is None:
        found[_PRIORITY] = "a whole number from -99 to 99"
    whole = [problem for problem in problems if not problem.where]
    if found or whole:
        return Checked(found, "\n".join(_said(problem) for problem in whole), ready=False)
    changed = [name for name in {**given, **params} if given.get(name) != params.get(name)]
    said = [f"{name} {plain(given.get(name))} → {plain(params.get(name))}" for name in changed]
    return Checked({}, f"changed: {', '.join(said)}" if said else "the same point again, with another seed")


def _said(problem: HptuiError) -> str:
    return f"{problem.problem}: {problem.hint}" if problem.hint else problem.problem


def _priority(texts: Texts) -> int | None:
    try:
        number = int(texts.get(_PRIORITY, "").strip() or "0")
    except ValueError:
        return None
    return number if abs(number) <= 99 else None


def point_of(definitions: Mapping[str, Any], texts: Texts) -> dict[str, Any]:
    """What the wish carries."""
    typed = {name: text for name, text in texts.items() if not name.startswith("\0")}
    params, _ = typed_point(Space.parse(definitions), typed, "")
    args: dict[str, Any] = {"params": params}
    if priority := _priority(texts):
        args["priority"] = priority
    if note := texts.get(_NOTE, "").strip():
        args["note"] = note
    return args
