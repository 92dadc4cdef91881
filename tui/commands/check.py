"""`hptui check`: every problem of a study, or what it would do."""

from __future__ import annotations

import json
import math
from typing import Any

import click
import msgspec

from hptui.core.devices.inventory import Inventory, inventory
from hptui.core.errors import HptuiError, StudyErrors
from hptui.core.scheduler.target import Target, read_study
from hptui.core.search.pruners.entries import PRUNERS
from hptui.core.search.samplers.entries import SAMPLERS
from hptui.core.space import Categorical, Parameter, Space
from hptui.core.space.parameter import guess
from hptui.core.study.durations import format_duration
from hptui.core.study.file import baseline
from hptui.core.study.sizes import format_size
from hptui.core.study.study import Chosen, StopWhen, Study
from hptui.tui.commands.answers import cut, folded, plural, print_json, setting, settings, table
from hptui.tui.commands.check_run import as_json as as_json_run
from hptui.tui.commands.check_run import lines, look, short_of
from hptui.tui.commands.options import study_options
from hptui.tui.commands.target import read_target


@click.command()
@click.argument("target", metavar="STUDY.toml|SCRIPT.py[:FUNCTION]|'COMMAND'")
@study_options
@click.option("--json", "as_json", is_flag=True, help="{ok problems[{where problem hint}] study slots devices notes}")
@click.option("--run", "run_it", is_flag=True, help="Run the objective shortly and say what that shows.")
@click.option("--steps", type=click.IntRange(2), default=3, show_default=True, help="With --run: steps of each trial.")
@click.option("--limit", default="2min", show_default=True, metavar="TIME", help="With --run: of each trial.")
@click.option("--step-is", type=click.Choice(["epoch", "batch"]), default="epoch", show_default=True,
              help="With --run: what a reported step goes through; throughput is told by it.")
@click.option("--each", is_flag=True, help="With --run: move each parameter, even where that takes long.")
@click.option("--text", is_flag=True, help="Print the study file that a script or a command line stands for.")
def check(
    target: str, params: tuple[str, ...], pattern: str | None, as_json: bool, text: bool, run_it: bool, steps: int,
    limit: str, step_is: str, each: bool, **overrides: Any,
) -> int:  # fmt: skip
    """Say everything that is wrong with a study, or what it would do. Without --run nothing is started.

    --run: a few short trials of the baseline, in processes of their own. Does it report, is it finite, is it the same
    twice under one seed, does each parameter change something, can it learn one batch (a function `one_batch(trial)` in
    the script), what does a step take, what does each batch size. Nothing of it is kept.
    """
    try:
        source = read_target(target, params, pattern)
        study = read_study(source, overrides)
        here = inventory(study.resources)
        short = short_of(steps, limit) if run_it else None
    except HptuiError as error:
        if not as_json:
            raise
        problems = error.problems if isinstance(error, StudyErrors) else [error]
        found = [{"where": p.where, "problem": p.problem, "hint": p.hint} for p in problems]
        print_json({"ok": False, "problems": found, "study": None, "slots": None, "devices": [], "notes": []})
        return error.exit_status
    if text:
        print(source.text, end="")
    elif as_json:
        study_json = msgspec.to_builtins(study)
        devices = [device.id for device in here.devices]
        good = {"ok": True, "problems": [], "study": study_json, "slots": here.at_once}
        looked = look(source, study, short, step_is == "epoch", each, overrides) if short else None
        if looked is not None:
            good["run"] = as_json_run(looked)
        print_json({**good, "devices": devices, "notes": [*here.notes, *small_population(study, here)]})
        return 0 if looked is None else looked.exit_status
    elif short:
        looked = look(source, study, short, step_is == "epoch", each, overrides)
        print("\n".join(lines(looked, study, here)))
        return looked.exit_status
    else:
        print(describe(source, study, here))
    return 0


def describe(source: Target, study: Study, here: Inventory) -> str:
    space = Space.parse(study.space)
    first = baseline(study)
    lines = [
        f"{source.where}: no problems",
        f"  session    {study.name}",
        f"  objective  {_objective(study)}",
        f"  aim        {', '.join(f'{goal.direction} {goal.metric}' for goal in study.goals)}",
        f"  sampler    {_chosen(study.sampler)}, seed {study.seed}",
        f"  pruner     {_chosen(study.pruner)}",
        *(f"             {warning}" for warning in small_population(study, here)),
        f"  budget     {_budget(study)}",
        f"  slots      {_at_once(study, here)}, {plural(here.threads, 'thread')} each",
        *(f"             {note}" for note in here.notes),
    ]
    if first is not None:
        lines.append(f"  baseline   {settings(first) or 'as the objective asks'}")
    if not space.dim:
        lines.append("  space      as the objective asks for it: trial.suggest_float and the like")
        return "\n".join(folded(line, " " * 13) for line in lines)
    points = "infinitely many points" if (size := space.size()) is None else plural(size, "point")
    lines.append(f"  space      {plural(space.dim, 'parameter')}, {points}")
    if study.sampler.name == "grid":
        lines.append(f"  grid       {_grid(study, space)}")
    rows = [(f"    {name}", *_described(parameter)) for name, parameter in space.parameters.items()]
    told = table(("", "kind", "values", "default", "only when"), rows)
    return "\n".join([*(folded(line, " " * 13) for line in lines), cut(told)])


def _at_once(study: Study, here: Inventory) -> str:
    at_once = f"{plural(here.at_once, 'trial')} at once"
    if not here.on_gpus:
        return at_once
    asked, where = study.resources, plural(len(here.devices), "GPU")
    if asked.gpus is not None:
        return f"{at_once} on {where}, {asked.gpus:g} GPU each"
    known = asked.gpu_memory_bytes
    need = "learned from the first" if known is None else f"{format_size(known)} each"
    return f"as many as fit by memory ({need}) on {where}, {here.at_once} at most"


def _objective(study: Study) -> str:
    objective = study.objective
    if objective.script:
        shared = f", data from {objective.shared} once" if objective.shared else ""
        return f"{objective.function} of {objective.script}{shared}"
    command = objective.command if isinstance(objective.command, str) else " ".join(objective.command or [])
    return f"{command} (parameters as {'overrides' if '{overrides}' in command else objective.arguments})"


def small_population(study: Study, here: Inventory) -> list[str]:
    """What to say when fewer trials run at once than population-based training has in its population."""
    if study.pruner.name != "pbt":
        return []
    share = float(study.pruner.options.get("share", PRUNERS["pbt"].options["share"].default))
    wanted = study.budget.n_trials or math.ceil(1 / share)
    if here.at_once >= wanted:
        return []
    population = "the budget's trials" if study.budget.n_trials else f"so that one in {wanted} gives way"
    return [f"warning: only trials that run have heirs: use slots = {wanted} ({population}), or another pruner"]


def _chosen(chosen: Chosen) -> str:
    return " ".join([chosen.name, *(f"{key}={setting(value)}" for key, value in chosen.options.items())])


def _grid(study: Study, space: Space) -> str:
    """How many points, and how many of them the budget leaves out."""
    size = space.size(int(study.sampler.options.get("points", SAMPLERS["grid"].options["points"].default))) or 0
    asked, limit = study.budget.n_trials, study.budget.trial_time_s
    longest = f", {format_duration(limit * size)} of trials at the longest" if limit else ""
    left = f"; {asked} of them are tried, spread over the space" if asked and asked < size else ""
    return f"{plural(size, 'point')}{longest}{left}"


def _budget(study: Study) -> str:
    budget = study.budget
    said = [
        plural(budget.n_trials, "trial") if budget.n_trials else "",
        f"{format_duration(budget.wall_clock_s)} in all" if budget.wall_clock_s else "",
        f"{budget.gpu_hours:g} GPU-hours in all" if budget.gpu_hours else "",
        f"{plural(budget.total_steps, 'step')} in all" if budget.total_steps else "",
        _stop(study.stop),
    ]
    limits = [text for text in said if text] or ["no end: it runs until it is stopped or -n is given"]
    if budget.max_steps:
        limits.append(f"at most {plural(budget.max_steps, 'step')} each")
    if budget.trial_time_s:
        limits.append(f"at most {format_duration(budget.trial_time_s)} each")
    limits.append(f"given up after {plural(budget.stop_after_failures, 'failure')} in a row")
    return ", ".join(limits)


def _stop(rules: StopWhen) -> str:
    """When the search ends by itself, by the keys of [stop]; "" where none is set."""
    values = {key: getattr(rules, key) for key in ("target", "same_best_for", "gain_below", "chance_below")}
    said = [f"{key} {value:g}" for key, value in values.items() if value is not None]
    between = " and " if rules.need == "all" else " or "
    return f"until {between.join(said)}" if said else ""


def _described(parameter: Parameter) -> tuple[str, str, str, str]:
    """Kind, values, default, condition."""
    when = " and ".join(f"{name} is {' or '.join(map(setting, values))}" for name, values in parameter.when.items())
    default = "" if guess(parameter) is msgspec.UNSET else setting(guess(parameter))
    if isinstance(parameter, Categorical):
        return (
            "categorical",
            ", ".join(json.dumps(choice, ensure_ascii=False) for choice in parameter.choices),
            default,
            when,
        )
    scale = " log" if parameter.log else ""
    step = f" step {setting(parameter.step)}" if parameter.step else ""
    tied = parameter.scaled_by
    scaled = f", {tied.rule} in {tied.parameter} / {setting(tied.base)}" if tied else ""
    kind = "int" if isinstance(parameter.low, int) else "float"
    return kind, f"{setting(parameter.low)} .. {setting(parameter.high)}{scale}{step}{scaled}", default, when
