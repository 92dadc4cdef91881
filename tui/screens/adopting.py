"""Adopting a trial's parameters as the baseline of the next round: a form, and the study it writes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hptui.core.study.session import SessionFolder
from hptui.tui.launching import Launched, Plan, launched
from hptui.tui.screens.form import Checked, Field, FormScreen, Texts

_HOWS = ("default", "enqueue")


def adopt_form(trial: int, parameters: Sequence[str], evidence: str) -> FormScreen:
    """evidence: what speaks for the trial; it stands below the fields."""
    names = " ".join(parameters)
    fields = [
        Field("goal", "goal", "", "what the next round is to tell, in one sentence"),
        Field("scientific", "scientific", "", f"compared: any of {names}"),
        Field("fixed", "fixed", "", "held at this trial's values; the others are tuned"),
        Field("how", "baseline as", _HOWS[0], "default | enqueue: the defaults, or a point tried first", _HOWS),
    ]

    def check(texts: Texts) -> Checked:
        problems = {}
        for key in ("scientific", "fixed"):
            if strange := [name for name in _names(texts[key]) if name not in parameters]:
                problems[key] = f"there is no parameter {strange[0]}"
        if both := set(_names(texts["scientific"])) & set(_names(texts["fixed"])):
            problems["fixed"] = f"{sorted(both)[0]} is scientific as well"
        if texts["how"] not in _HOWS:
            problems["how"] = "default or enqueue"
        return Checked(problems, evidence, ready=not problems)

    return FormScreen(f"trial {trial} as the baseline of the next round", fields, check, "writes its study")


def adopt(folder: SessionFolder, trial: int, texts: Texts) -> Launched:
    """Raises SessionError and StudyErrors; then nothing is written."""
    plan = Plan(texts["goal"].strip(), _names(texts["scientific"]), _names(texts["fixed"]), texts["how"] == "enqueue")
    return launched(folder, trial, plan, Path.cwd())


def _names(text: str) -> list[str]:
    return text.replace(",", " ").split()
