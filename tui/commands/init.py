"""`hptui init`: a study file for a script."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from hptui.core.advice.draft import Draft, draft
from hptui.core.advice.draft_text import study_text
from hptui.core.advice.presets import names_of
from hptui.core.errors import HptuiError, StudyError
from hptui.core.scheduler.target import Target, read_study
from hptui.core.study.script import read_script
from hptui.tui.commands.answers import folded, harmless, say


@click.command()
@click.argument("script", metavar="SCRIPT.py")
@click.option("-o", "--output", metavar="FILE", help="Default: NAME.toml beside the script; - prints it.")
@click.option("--preset", "presets", multiple=True, metavar="NAMES", help="Blocks to search: adamw,cosine,layers ...")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def init(script: str, output: str | None, presets: tuple[str, ...], force: bool) -> int:
    """Write a study file for a training script: its parameters as found, ranges proposed, each line explained.

    The script is read, never run: its trial.suggest_* calls, or else its argparse flags. --preset adds blocks of
    parameters with their usual ranges (`hptui presets` lists them).
    """
    path = Path(os.path.expanduser(script))
    target = path.with_suffix(".toml") if output in (None, "-") else Path(os.path.expanduser(str(output)))
    found = read_draft(path, target.parent, names_of(",".join(presets)))
    text = study_text(found)
    if output == "-":
        print(text, end="")
        return 0
    if target.exists() and not force:
        raise StudyError(str(target), "is there already", "-o writes elsewhere, --force writes over it")
    write_study(target, text)
    print(f"written: {target}")
    searched = ", ".join(found.space) or "what the script states by trial.suggest_float and the like"
    left = f"; not {', '.join(found.unsearched)}" if found.unsearched else ""
    say(folded(harmless(f"searches {searched}{left}"), "  "))
    for problem in problems_of(text, target):
        say(f"{problem.where}: {problem.problem}" + (f" ({problem.hint})" if problem.hint else ""))
    say(f"look it over, then: hptui check {target}, hptui run {target}")
    return 0


def read_draft(script: Path, folder: Path, presets: Sequence[str] = ()) -> Draft:
    """folder: where the study file is to be; its paths start there. Raises StudyError for what can't be read."""
    try:
        source = script.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise StudyError(str(script), "there is no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(str(script), f"can't be read: {error}") from None
    try:
        read = read_script(source)
    except (SyntaxError, ValueError, RecursionError) as error:
        line, said = (f":{error.lineno}", error.msg) if isinstance(error, SyntaxError) else ("", str(error))
        raise StudyError(f"{script.name}{line}", f"is not Python: {said}") from None
    if not (read.objectives or read.flags):
        hint = "write `def objective(trial): ...`, or argparse flags; for any other program: hptui run 'COMMAND' -p ..."
        raise StudyError(script.name, "has no function that takes a trial, and no argparse flag", hint)
    return draft(os.path.relpath(script, folder), read, presets)


def problems_of(text: str, target: Path) -> list[HptuiError]:
    """What `hptui check` would say of it."""
    try:
        read_study(Target(text, str(target), target.resolve().parent), {})
    except HptuiError as error:
        return list(getattr(error, "problems", [error]))
    return []


def write_study(target: Path, text: str) -> None:
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StudyError(str(target), f"can't be written: {error.strerror}") from error
