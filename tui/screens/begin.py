"""A new session: a script is picked, its parameters are found in it, a study file is written and started."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from textual.app import App
from textual.screen import Screen

from hptui.core.advice.draft import Draft, advised
from hptui.core.advice.draft_text import study_text, usage
from hptui.core.advice.presets import conditions_kept, names_of
from hptui.core.errors import HptuiError
from hptui.core.search.catalog import PRUNERS, SAMPLERS
from hptui.core.study.checks import LARGEST
from hptui.core.study.short import HOW, from_short, to_short
from hptui.core.study.study import Study
from hptui.tui.commands.init import problems_of, read_draft, write_study
from hptui.tui.glyphs import short_path
from hptui.tui.screens.confirm import Answer, PickScreen
from hptui.tui.screens.form import Checked, Field, FormScreen, Texts
from hptui.tui.views.numbers import count

_PARAMETER = "space."
MOST_SCRIPTS = 200


def scripts_in(folder: Path) -> tuple[str, ...]:
    """Python files here and one folder down, those that look like training first."""
    found = [path for pattern in ("*.py", "*/*.py") for path in sorted(folder.glob(pattern))][:MOST_SCRIPTS]
    names = [str(path.relative_to(folder)) for path in found if not path.name.startswith(("test_", "__"))]
    return tuple(sorted(names, key=lambda name: not any(word in name for word in ("train", "objective", "main"))))


def script_form(folder: Path) -> FormScreen:
    choices = scripts_in(folder)
    about = "space goes through those here" if choices else "a Python file"
    fields = [
        Field("script", "script", choices[0] if choices else "", about, choices),
        Field("presets", "presets", "", "as adamw,cosine; empty: none"),
    ]
    title = f"a new session: which script? ({short_path(folder)})"
    return FormScreen(title, fields, lambda texts: check_script(folder, texts), "goes on")


def _script(folder: Path, texts: Texts) -> Path:
    """`~bob` of a bob who is not there is a file's name: Path.expanduser would raise."""
    return folder / os.path.expanduser(texts["script"])


def check_script(folder: Path, texts: Texts) -> Checked:
    try:
        presets = names_of(texts["presets"])
    except HptuiError as error:
        return Checked({"presets": error.problem}, error.hint, ready=False)
    try:
        found = read_draft(_script(folder, texts), folder, presets)
    except HptuiError as error:
        return Checked({"script": error.problem}, error.hint, ready=False)
    how = f"the function {found.function}(trial)" if found.function else "a program with argparse flags"
    said = [f"{how}: {count(len(found.space), 'parameter')} to search" + _named(found.space)]
    said += [line.lstrip("# ") for line in usage(found.block.groups)[1:]] if found.function else []
    said += [f"not searched: {', '.join(found.left)}"] if found.left else []
    return Checked({}, "\n".join(said))


def _named(space: Mapping[str, object]) -> str:
    return f" ({', '.join(space)})" if space else ", or as the script states them"


def study_form(found: Draft, target: Path) -> FormScreen:
    """Everything of the study in one form; a parameter with an empty range is not searched."""
    fields = [
        Field("name", "name", found.name, "of the session, and of the file"),
        Field("metric", "metric", found.metric, "what the reported value is called"),
        Field("direction", "direction", found.direction, "minimize | maximize", ("minimize", "maximize")),
    ]
    names = [*found.space, *(name for name in found.left if name not in found.space)]
    for name in names:
        text = to_short(found.space[name]) if name in found.space else ""
        about = found.left.get(name) or _only_when(found.space[name]) or HOW
        fields.append(Field(_PARAMETER + name, name, text, about))
    fields += [
        Field("sampler", "sampler", found.sampler, found.why[0] if found.why else "", tuple(SAMPLERS)),
        Field("pruner", "pruner", found.pruner, found.why[1] if found.why else "", tuple(PRUNERS)),
        Field("n_trials", "n_trials", str(found.n_trials or ""), "trials in all; empty: no limit"),
        Field("max_steps", "max_steps", str(found.max_steps or ""), "how far a trial goes; rules with rungs need it"),
    ]
    return FormScreen(f"a study of {found.script}", fields, lambda texts: check_study(found, target, texts),
                      "writes the study file")  # fmt: skip


def _only_when(definition: Mapping[str, Any]) -> str:
    when = definition.get("when") or {}
    said = " and ".join(f"{name} is {' or '.join(map(str, values))}" for name, values in when.items())
    return f"only when {said}" if said else ""


def draft_of(found: Draft, texts: Texts) -> tuple[Draft, dict[str, str]]:
    """The draft as the form has it, and what is wrong with it by field."""
    problems: dict[str, str] = {}
    space = {}
    for key, text in texts.items():
        if key.startswith(_PARAMETER) and text.strip():
            try:
                space[key.removeprefix(_PARAMETER)] = from_short(text)
            except ValueError as error:
                problems[key] = str(error)
    numbers: dict[str, int | None] = {}
    for key in ("n_trials", "max_steps"):
        text = texts[key].strip()
        number = int(text) if text.isdecimal() and len(text) <= len(str(LARGEST)) else 0
        if text and not 1 <= number <= LARGEST:
            problems[key] = f"{text} is no whole number from 1 to {LARGEST:.0e}"
        numbers[key] = number or None
    space = conditions_kept(space, found.space)
    left = {name: reason for name, reason in found.left.items() if name not in space}
    left |= {name: "left out by you" for name in found.space if name not in space}
    chosen = replace(
        found, name=texts["name"].strip(), metric=texts["metric"].strip() or "value", direction=texts["direction"],
        space=space, left=left, n_trials=numbers["n_trials"], max_steps=numbers["max_steps"],
    )  # fmt: skip
    why = advised(chosen)
    same = (why.sampler, why.pruner) == (texts["sampler"], texts["pruner"])
    return replace(chosen, sampler=texts["sampler"], pruner=texts["pruner"], why=why.why if same else ()), problems


def check_study(found: Draft, target: Path, texts: Texts) -> Checked:
    chosen, problems = draft_of(found, texts)
    if problems:
        return Checked(problems, ready=False)
    told = problems_of(study_text(chosen), target)
    other = []
    for problem in told:
        field = next((key for key in texts if problem.where in (key, f"budget.{key}", f"{key}.name")
                      or problem.where.startswith(f"{key}.")), None)  # fmt: skip
        if field is None:
            other.append(f"{problem.where}: {problem.problem}" + (f" ({problem.hint})" if problem.hint else ""))
        else:
            problems[field] = problem.problem
    if told:
        return Checked(problems, "\n".join(other[:4]), ready=False)
    why = advised(chosen)
    said = f"no problems; writes {free_file(target.parent, chosen.name).name}. "
    if (why.sampler, why.pruner) != (chosen.sampler, chosen.pruner):
        said += f"Advised: {why.sampler} ({why.why[0]}), {why.pruner} ({why.why[1]})"
    return Checked({}, said)


def free_file(folder: Path, name: str) -> Path:
    """NAME.toml, or NAME-2.toml and so on where that is taken."""
    file, number = folder / f"{name}.toml", 1
    while file.exists():
        number += 1
        file = folder / f"{name}-{number}.toml"
    return file


def begin(screen: Screen[object], folder: Path) -> None:
    """Ask for the script, then for the study; write it, and start it when that is wished."""
    app = screen.app

    def picked(texts: Texts | None) -> None:
        if texts is None:
            return
        try:
            found = read_draft(_script(folder, texts), folder, names_of(texts["presets"]))
        except HptuiError as error:  # an editor may have saved it since it was checked
            app.notify(f"{error.where}: {error.problem}", severity="error", markup=False)
            return

        def written(texts: Texts | None) -> None:
            if texts is None:
                return
            chosen, _ = draft_of(found, texts)
            file = free_file(folder, chosen.name)
            try:
                write_study(file, study_text(chosen))
            except HptuiError as error:
                app.notify(f"{error.where}: {error.problem}", severity="error", markup=False)
                return
            answers = [Answer("s", "start it now, and open its screen", "start"),
                       Answer("l", f"later: hptui run {file.name}", "later")]  # fmt: skip
            app.push_screen(PickScreen(f"written: {file}", answers, "start"), lambda said: _start(screen, file, said))

        app.push_screen(study_form(found, folder / "study.toml"), written)

    app.push_screen(script_form(folder), picked)


def _start(screen: Screen[object], file: Path, said: str | None) -> None:
    if said != "start":
        screen.app.notify(f"hptui run {file} starts it", markup=False)
        return
    app: App[object] = screen.app

    def run() -> None:
        from hptui.core.scheduler.begin import find_or_create
        from hptui.core.scheduler.target import read_study
        from hptui.tui.commands.finding import start
        from hptui.tui.commands.target import read_target

        try:
            source = read_target(str(file))
            study: Study = read_study(source, {})
            session = find_or_create(source, study, {}, say=lambda _: None)
            start(session, quiet=True)
        except HptuiError as error:
            app.call_from_thread(app.notify, f"{error.where}: {error.problem}", severity="error", markup=False)
            return
        app.call_from_thread(app.open_session, session, read_only=False)  # type: ignore[attr-defined]  # it is our app

    app.notify(f"{file.stem} is being started", markup=False)
    screen.run_worker(run, thread=True, group="begin", exit_on_error=False)
