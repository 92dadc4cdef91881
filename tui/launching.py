"""Writing the study of the next round: beside the study of the round before, under a name that is free."""

from __future__ import annotations

import os
import re
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hptui.core.advice.finding import Edit, Finding
from hptui.core.advice.following import followed
from hptui.core.advice.rewrite import rewrite
from hptui.core.errors import SessionError, StudyError
from hptui.core.review.adoption import Adoption, adoption, baseline_edits
from hptui.core.review.front import values_of
from hptui.core.review.trust import why_none
from hptui.core.scheduler.remarking import remark_at_rest
from hptui.core.search.catalog import check
from hptui.core.store.mailbox import post
from hptui.core.store.reader import Reader
from hptui.core.store.rows import CommandRow, TrialRow
from hptui.core.study.checks import named_after
from hptui.core.study.commands import Wish
from hptui.core.study.file import load_study
from hptui.core.study.goals import goals_of
from hptui.core.study.overrides import apply_overrides
from hptui.core.study.session import SessionFolder, sessions_home

TAG = "adopted"


@dataclass(frozen=True)
class Plan:
    """What the next round is for."""

    goal: str = ""
    scientific: Sequence[str] = ()
    fixed: Sequence[str] = ()
    enqueue: bool = False  # the baseline as an enqueued point, not as the defaults


@dataclass(frozen=True)
class Launched:
    path: Path
    name: str
    adopted: Adoption

    def caution(self, session: str) -> str:
        """What is said where the evidence does not exclude chance."""
        if self.adopted.proof == "against":
            return "the evidence speaks against it: the baseline before does as well or better"
        return f"chance is not excluded: hptui replicate {session} runs the best and the baseline again"


def launched(
    folder: SessionFolder, trial: int | None, plan: Plan, here: Path, output: Path | None = None
) -> Launched:
    """Write the next round's study with a configuration of `folder` as its baseline.

    trial: whose; None: the best of what was repeated most. here: where to write when the study's own place is gone.
    Raises SessionError and StudyErrors; then nothing is written.
    """
    with Reader(folder) as reader:
        facts, rows, definitions = reader.facts(), reader.trials(), reader.parameters()
    goals = goals_of(facts)
    if len(goals) > 1 and trial is None:
        raise SessionError(folder.name, "has several objectives: none of its trials is the best", "name one: --trial")
    adopted = adoption(rows, -1.0 if facts.get("direction") == "maximize" else 1.0, trial)
    if adopted is None:
        raise SessionError(folder.name, _why_not(rows, trial), "a baseline needs a result")
    if len(goals) > 1:
        row = next(row for row in rows if row.number == trial)
        values = zip(goals, values_of(row, goals), strict=True)
        said = ", ".join(f"{goal.metric} {'–' if value is None else f'{value:.5g}'}" for goal, value in values)
        adopted = replace(adopted, evidence=f"{said} in one run", proof="open")
    text = study_text(folder)
    written = tomllib.loads(text).get("space") or {}
    edits = baseline_edits(definitions, written, adopted.params, enqueue=plan.enqueue)
    edits += round_edits(folder.name, plan.goal, plan.scientific, plan.fixed, adopted)
    path = write_round(folder, text, edits, facts, here, output)
    _tag(folder, adopted.trial)
    return Launched(path, path.stem if output is None else _name_in(path), adopted)


def _why_not(rows: Sequence[TrialRow], trial: int | None) -> str:
    """Why a configuration, or any, can't be adopted."""
    if trial is None:
        return why_none(rows)
    broke = next((row.broken for row in rows if row.number == trial and row.state == "COMPLETE"), ())
    return f"trial {trial} broke the constraint {broke[0]}" if broke else f"trial {trial} is not complete"


def next_round(folder: SessionFolder, findings: Sequence[Finding], here: Path) -> Path:
    """Write the study of the next round with advice taken; its goal names the rules. Raises as `launched` does."""
    text = study_text(folder)
    edits = [edit for finding in findings for edit in finding.edits]
    if any(edit.key[0] == "space" for edit in edits) and not tomllib.loads(text).get("space"):
        hint = "change the ranges of its trial.suggest_ calls"
        raise StudyError(folder.name, "the objective defines its space itself", hint)
    with Reader(folder) as reader:
        facts = reader.facts()
    goal = f"takes the advice: {', '.join(finding.key for finding in findings)}"
    return write_round(folder, text, [*edits, *round_edits(folder.name, goal)], facts, here, None)


def told(path: Path) -> str:
    """What is said once it is written: short where it lies here."""
    here = path.parent.resolve() == Path.cwd()
    return f"wrote {path.name if here else path}: hptui run {path.name if here else path}"


def study_text(folder: SessionFolder) -> str:
    try:
        return folder.study.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise SessionError(str(folder.study), f"can't be read: {error.strerror}") from error


def round_edits(
    parent: str,
    goal: str,
    scientific: Sequence[str] | None = None,
    fixed: Sequence[str] | None = None,
    adopted: Adoption | None = None,
) -> list[Edit]:
    """The [round] table of a study that goes on from `parent`. Roles that are None stay as they are."""
    story: list[tuple[str, Any]] = [("goal", goal or None), ("parent", parent)]
    story += [("scientific", list(scientific) or None)] if scientific is not None else []
    story += [("fixed", list(fixed) or None)] if fixed is not None else []
    story += [("adopted", None if adopted is None else adopted.trial)]
    story += [("evidence", None if adopted is None else adopted.evidence)]
    named = {*(scientific or ()), *(fixed or ())}
    cleared = [("nuisance", None)] if named else []  # a parameter has one role
    return [Edit(("round", key), value) for key, value in (*cleared, *story)]


def write_round(
    folder: SessionFolder, text: str, edits: Sequence[Edit], facts: dict[str, Any], here: Path, output: Path | None
) -> Path:
    """Write a study with its edits, what its options of the command line were, and a name of its own."""
    given = {key: value for key, value in (facts.get("overrides") or {}).items() if key != "name"}
    kept = [Edit(path, value) for path, value in _leaves(apply_overrides({}, given))]
    for path in _free(folder.name, facts, here) if output is None else [output]:
        made = rewrite(text, [*followed(text, [*kept, *edits]), Edit(("name",), named_after(str(path)))])
        load_study(made, where=str(path), folder=None, check_choice=check)
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(made)
        except FileExistsError:
            if output is not None:
                raise StudyError(str(path), "is there already", "name a new file") from None
            continue
        except OSError as error:
            raise StudyError(str(path), error.strerror or str(error), "name another file with -o") from error
        return path
    raise StudyError(str(here), "every name for the next round is taken", "name a file with -o")


def _free(name: str, facts: dict[str, Any], here: Path) -> list[Path]:
    """`digits-r2.toml`, or the next number that no session and no file has, beside the study that it goes on from."""
    place = Path(facts.get("script_folder") or here)
    place = place if place.is_dir() and os.access(place, os.W_OK) else here
    base, number = re.fullmatch(r"(.*?)(?:-r(\d+))?", name).groups()  # type: ignore[union-attr]  # matches anything
    names = (f"{base}-r{k}" for k in range(int(number or 1) + 1, int(number or 1) + 1000))
    home = sessions_home()
    return [place / f"{one}.toml" for one in names if not (home / one).exists()]


def _leaves(table: dict[str, Any], above: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    found: list[tuple[tuple[str, ...], Any]] = []
    for key, value in table.items():
        found += _leaves(value, (*above, key)) if isinstance(value, dict) else [((*above, key), value)]
    return found


def _name_in(path: Path) -> str:
    return str(tomllib.loads(path.read_text(encoding="utf-8"))["name"])


def _tag(folder: SessionFolder, trial: int) -> None:
    """The parent's trial says that it was adopted; a folder that can't be written stays as it is."""
    if os.access(folder.path, os.W_OK) and os.access(folder.database, os.W_OK):
        by = f"launch {os.environ.get('USER', '')}".strip()
        post(folder, CommandRow(Wish.NOTE.value, trial, {"add": [TAG]}, by, time.time()))
        remark_at_rest(folder, time.time())
