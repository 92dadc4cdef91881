"""`hptui advise`: what a study gets wrong before it starts, or what a session shows; and the study with it taken."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from hptui.core.advice.finding import Edit, Finding
from hptui.core.advice.following import followed
from hptui.core.advice.lint import lint
from hptui.core.advice.plan import Means, Plan, plan
from hptui.core.advice.rewrite import rewrite
from hptui.core.errors import HptuiError, StudyError
from hptui.core.scheduler.target import read_study
from hptui.core.space.space import Space
from hptui.core.store.rows import CommandRow
from hptui.core.study.commands import Wish
from hptui.core.study.durations import parse_duration
from hptui.core.study.remarks import FACT, dismissed_of
from hptui.core.study.study import Study
from hptui.tui.commands.answers import cut, duration, folded, harmless, plural, print_json, say, table
from hptui.tui.commands.finding import find
from hptui.tui.commands.target import read_target
from hptui.tui.commands.wishes import by

_MARKS = {"warning": "!", "hint": "·", "good": "✓"}


@click.command()
@click.argument("target", metavar="[STUDY.toml|SESSION]", required=False)
@click.option("--trial-time", metavar="TIME", help="What one full trial takes, such as 12min; plans are in hours then.")
@click.option("--examples", type=click.IntRange(1), metavar="N", help="How many there are to train on.")
@click.option("--fine-tuning", is_flag=True, help="The model was trained before.")
@click.option("--goal", type=click.Choice(["explore", "exploit"]),
              help="To learn of the space, or to find its best; default: what the study's [round] asks, else exploit.")
@click.option("--fix", "fix", type=click.Path(path_type=Path), metavar="FILE", help="Write a study with it taken.")
@click.option("--only", multiple=True, metavar="RULE", help="With --fix: take only this advice (may be repeated).")
@click.option("--dismiss", multiple=True, metavar="RULE", help="Of a session: never tell this again (repeatable).")
@click.option("--json", "as_json", is_flag=True, help="{findings[{rule level about says do why edits}] plan}")
def advise(
    target: str | None, trial_time: str | None, examples: int | None, fine_tuning: bool, goal: Any, fix: Path | None,
    only: tuple[str, ...], dismiss: tuple[str, ...], as_json: bool,
) -> int:  # fmt: skip
    """Say what would make a search better, with its reason: before it starts, or by what a session has shown.

    For a study file: what its space gets wrong, and a plan. For a session: its red flags.
    """
    trial_s = _seconds(trial_time)
    if dismiss and not _is_study(target):
        _dismiss(target, dismiss)
    text, study, findings = _study(target, trial_s) if _is_study(target) else _session(target)
    means = replace(_means(study, trial_s), examples=examples, fine_tuning=fine_tuning)
    goal = goal or ("explore" if study.round.scientific else "exploit")
    made = plan(Space.parse(study.space), means, goal) if _is_study(target) and study.space else None
    if fix is not None:
        taken = [f for f in findings if f.edits and (not only or f.rule in only)]
        edits = [edit for finding in taken for edit in finding.edits]
        if edits and not _is_study(target):  # the next round of the session
            from hptui.tui.launching import round_edits

            edits += round_edits(find(target).name, f"takes the advice: {', '.join(f.key for f in taken)}")
        write_study(fix, text, edits)
    if as_json:
        print_json({"findings": [asdict(f) for f in findings], "plan": None if made is None else asdict(made)})
        return 0
    for finding in findings:
        _print(finding)
    if not findings and (study.space or not _is_study(target)):
        print("nothing to object to")
    if _is_study(target) and not study.space:
        script = study.objective.script
        print(f"the objective states its space as it runs: `hptui init {script}` writes it down, to be advised on")
    elif made is not None:
        _print_plan(made)
    elif any(f.edits for f in findings) and fix is None:
        print("\nhptui advise --fix new.toml writes the next study with this taken")
    return 0


def _is_study(target: str | None) -> bool:
    return target is not None and (target.endswith(".toml") or ".py" in target)


def _study(target: str | None, trial_s: float | None) -> tuple[str, Study, list[Finding]]:
    source = read_target(target or "")
    study = read_study(source, {})
    return source.text, study, lint(study, trial_s)


def _session(name: str | None) -> tuple[str, Study, list[Finding]]:
    from hptui.core.review.diagnosis import advice, standing
    from hptui.core.store.reader import Reader
    from hptui.core.study.file import load_study

    folder = find(name)
    text = folder.study.read_text(errors="replace")
    study = load_study(text, where=str(folder.study), folder=None)
    with Reader(folder) as reader:
        return text, study, standing(reader, advice(reader, study.budget.max_steps))


def _dismiss(name: str | None, rules: tuple[str, ...]) -> None:
    """Note in the session which findings its people have read. Raises StudyError for a rule that has not spoken."""
    from hptui.core.review.diagnosis import advice
    from hptui.core.scheduler.remarking import remark_at_rest
    from hptui.core.store.mailbox import post
    from hptui.core.store.reader import Reader

    folder = find(name)
    with Reader(folder) as reader:
        found, before = advice(reader, reader.fact("max_steps")), dismissed_of(reader.fact(FACT) or {})
    keys = [f.key for f in found if f.rule in rules]
    if strange := [rule for rule in rules if rule not in {f.rule for f in found}]:
        hint = f"it says: {', '.join(sorted({f.rule for f in found})) or 'nothing'}"
        raise StudyError("--dismiss", f"{folder.name} has no finding {strange[0]}", hint)
    args = {"dismissed": [*before, *(key for key in keys if key not in before)]}
    post(folder, CommandRow(Wish.NOTE.value, None, args, by(), time.time()))
    remark_at_rest(folder, time.time())


def _seconds(written: str | None) -> float | None:
    try:
        return None if written is None else parse_duration(written)
    except ValueError as wrong:
        raise StudyError("--trial-time", *str(wrong).split(": ", 1)) from None


def _means(study: Study, trial_s: float | None) -> Means:
    from hptui.core.devices.inventory import inventory

    budget = study.budget
    try:
        here = inventory(study.resources)
        slots = len(here.devices) if here.devices[0].kind == "gpu" else len(here.slots)
    except HptuiError:
        slots = 1  # `check` says what is wrong with the devices
    return Means(trial_s, budget.wall_clock_s, budget.n_trials, slots, budget.max_steps)


def write_study(path: Path, text: str, edits: list[Edit]) -> None:
    """A study file, never over one that is there.

    Raises StudyError when there is nothing to write, or no place, or when no study is left, as without a parameter.
    """
    if not edits:
        raise StudyError(str(path), "there is no advice that a study file can take", "hptui advise lists it")
    if any(edit.key[0] == "space" for edit in edits) and "[space" not in text:
        hint = "change the ranges of trial.suggest_... in the script as `hptui advise` says"
        raise StudyError(str(path), "the objective defines its space itself", hint)
    from hptui.core.study.file import load_study

    edits = followed(text, edits)
    made = rewrite(text, edits)
    load_study(made, where=str(path), folder=None)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(made)
    except FileExistsError:
        raise StudyError(str(path), "is there already", "name a new file") from None
    except OSError as error:
        raise StudyError(str(path), error.strerror or str(error), "name another file") from error
    say(f"wrote {path}: {plural(len(edits), 'change')} ({', '.join(edit.path for edit in edits)})")


def _print(finding: Finding) -> None:
    print(folded(f"{_MARKS[finding.level]} {harmless(finding.says)}", "  "))
    if finding.do:
        print(folded(f"    do:  {harmless(finding.do)}", " " * 9))
    if finding.why:
        print(folded(f"    why: {finding.why}  [{finding.rule}]", " " * 9))


def _print_plan(made: Plan) -> None:
    for reason in made.against:
        print("\n" + folded(f"! don't search: {reason}", "  "))
    print(f"\nsampler {made.sampler}, pruner {made.pruner}")
    for reason in made.why:
        print(folded(f"    {reason}", "    "))
    if made.phases:
        rows = [
            (p.name, str(p.trials), duration(p.hours and p.hours * 3600), p.sampler, p.pruner, p.what)
            for p in made.phases
        ]
        print()
        print(cut(table(("phase", "trials", "time", "sampler", "pruner", ""), rows, right=frozenset({1, 2}))))
    for caution in made.cautions:
        print(folded(f"· {caution}", "  "))
