"""The form of what can be set of a live session: slots, budget, and the pruner's options."""

from __future__ import annotations

from dataclasses import replace

from hptui.core.search.catalog import PRUNERS
from hptui.core.search.entry import told
from hptui.core.study.commands import Wish
from hptui.core.study.durations import format_duration
from hptui.tui.screens.form import Checked, Field, FormScreen, Texts
from hptui.tui.settings import Asked, text_of, wishes_for
from hptui.tui.snapshot import Facts, Snapshot

_BUDGET = (
    ("n_trials", "n_trials", "trials in all; empty: no limit"),
    ("wall_clock", "wall_clock_s", "of the whole session, such as 4 h; empty: no limit"),
    ("trial_time", "trial_time_s", "of one trial, pauses not counted; empty: no limit"),
    ("max_steps", "max_steps", "of one trial; it can only grow"),
    ("gpu_hours", "gpu_hours", "of all trials; empty: no limit"),
    ("total_steps", "total_steps", "steps of all trials together; empty: no limit"),
    ("stop_after_failures", "stop_after_failures", "failures in a row that end the session; 0: never"),
)
RUNGED = ("asha", "hyperband", "pasha", "successive_halving")


def facts_now(snapshot: Snapshot) -> Facts:
    """The slots that there are, where nobody set their number."""
    facts = snapshot.facts
    return replace(facts, slots=facts.slots or sum(device.slots for device in snapshot.devices) or None)


def settings_form(facts: Facts) -> FormScreen:
    title = f"settings of {facts.name}"
    return FormScreen(title, fields_of(facts), lambda texts: check_settings(facts, texts), "sets what was changed")


def fields_of(facts: Facts) -> list[Field]:
    fields = [Field("slots", "slots", text_of("slots", facts.slots), "trials at once")]
    for key, limit, about in _BUDGET:
        fields.append(Field(f"budget.{key}", key, text_of(key, facts.limits.get(limit)), about))
    movable = tuple(name for name in PRUNERS if name not in RUNGED)
    entry = PRUNERS.get(facts.pruner)
    if facts.pruner in RUNGED or entry is None:
        return fields
    fields.append(Field("pruner", "pruner", facts.pruner, " | ".join(movable), movable))
    for name, option in entry.options.items():
        value = facts.pruner_options.get(name)
        about = option.meaning + ("" if option.default is None else f"; default {told(option.default)}")
        fields.append(Field(f"pruner.{name}", f"  {name}", "" if value is None else told(value), about))
    return fields


def changed(facts: Facts, texts: Texts) -> list[Asked]:
    """The wishes that the changed lines come to."""
    return _changed(facts, texts)[0]


def _changed(facts: Facts, texts: Texts) -> tuple[list[Asked], dict[str, str]]:
    before = {one.key: one.text for one in fields_of(facts)}
    other = texts.get("pruner", facts.pruner) != facts.pruner
    new = {
        key: text
        for key, text in texts.items()
        if text.strip() != before.get(key, "").strip() and not (other and key.startswith("pruner."))
    }
    return wishes_for(new, texts.get("pruner", facts.pruner))


def check_settings(facts: Facts, texts: Texts) -> Checked:
    asked, problems = _changed(facts, texts)
    said = []
    for one in asked:
        args = one.args.get("options", {}) | {k: v for k, v in one.args.items() if k != "options"}
        said += [f"{key.removesuffix('_s')} {_said(one.wish, key, value)}" for key, value in args.items()]
    was, wanted = facts.max_steps, next((one.args["max_steps"] for one in asked if "max_steps" in one.args), ...)
    if wanted is not ... and facts.pruner in RUNGED:
        problems["budget.max_steps"] = f"{facts.pruner}'s rungs follow from it: they can't move"
    elif wanted is None or (wanted is not ... and was is not None and wanted < was):
        problems["budget.max_steps"] = "it can only grow"
    return Checked(problems, f"to be set: {', '.join(said)}" if said else "nothing is changed yet", ready=not problems)


def _said(wish: Wish, key: str, value: object) -> str:
    if value is None:
        return "default" if wish is Wish.PRUNER else "no limit"
    return format_duration(value) if key.endswith("_s") and isinstance(value, float) else str(value)


__all__ = ["changed", "check_settings", "facts_now", "settings_form"]
