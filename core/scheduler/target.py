"""A study as text, and its reading with everything that can be checked without running it."""

from __future__ import annotations

import ast
import os
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hptui.core.errors import HptuiError, StudyError, StudyErrors
from hptui.core.search.catalog import check, misfits
from hptui.core.space.reading import nearest
from hptui.core.space.space import Space
from hptui.core.study.file import load_study
from hptui.core.study.placeholders import PLACES, placeholders
from hptui.core.study.study import Study


@dataclass(frozen=True)
class Target:
    """A study as text, before it is read."""

    text: str  # the study file, as it is kept with the session
    where: str  # the file's name, or what stands for it
    folder: Path  # where its paths start


def read_study(target: Target, overrides: Mapping[str, Any]) -> Study:
    """The study, checked as far as it can be without running it. Raises StudyErrors with all its problems."""
    study = load_study(target.text, where=target.where, folder=target.folder, overrides=overrides, check_choice=check)
    unfit = misfits(study.sampler, Space.parse(study.space), study.seed)
    if problems := [*unfit, *script_problems(study, target.folder), *command_problems(study, target.folder)]:
        raise StudyErrors(target.where, problems)
    return study


def script_problems(study: Study, folder: Path) -> list[HptuiError]:
    """What reading the script shows without running it: a syntax error, a function that is nowhere in it."""
    objective = study.objective
    if objective.script is None:
        return []
    path = folder / os.path.expanduser(objective.script)
    try:
        tree = ast.parse(path.read_bytes(), filename=str(path))
    except SyntaxError as error:
        line = (error.text or "").strip()
        hint = f"line {error.lineno} reads: {line[:80]}" if line else ""
        return [StudyError(f"{path.name}:{error.lineno or '?'}", f"not Python: {error.msg}", hint)]
    except (ValueError, OSError) as error:  # a NUL byte; gone or unreadable since it was looked for
        return [StudyError("objective.script", f"{path} can't be read: {error}")]
    names, may_be_elsewhere = _names_of(tree)
    if may_be_elsewhere:
        return []
    defined = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    functions = sorted(node.name for node in defined)
    if problem := _takes_nothing([node for node in defined if node.name == objective.function], path):
        return [problem]
    asked = {"function": objective.function, "shared": objective.shared}
    return [
        StudyError(f"objective.{key}", f"{path.name} has no function {name}", _instead(key, name, functions, path))
        for key, name in asked.items()
        if name is not None and name not in names
    ]


def _takes_nothing(defined: list[ast.FunctionDef], path: Path) -> StudyError | None:
    """A `def main():` is no objective; what decorators make of it is not known."""
    if len(defined) != 1 or defined[0].decorator_list:
        return None
    name, takes = defined[0].name, defined[0].args
    if takes.posonlyargs or takes.args or takes.vararg:
        return None
    problem = f"{name} of {path.name} takes no argument, and an objective its trial"
    return StudyError("objective.function", problem, f"def {name}(trial): ...; {_as_a_program(path)}")


def _instead(key: str, name: str, functions: list[str], path: Path) -> str:
    """A function that is there; where none is alike, how a script without one is run."""
    hint = nearest(name, functions)
    if key == "shared" or hint.startswith("did you mean"):
        return hint
    return f"{hint}; {_as_a_program(path)}" if hint else _as_a_program(path)


def _as_a_program(path: Path) -> str:
    return f"as a program it needs none: hptui run 'python {path.name}' -p lr=1e-5..0.1:log"


def command_problems(study: Study, folder: Path) -> list[HptuiError]:
    """A program that is nowhere, or a word in braces that nobody fills in, said before a trial fails for it."""
    command, env = study.objective.command, study.objective.env
    if command is None:
        return []
    problems = _placeholder_problems(study, command)
    program, *words = shlex.split(command) if isinstance(command, str) else command
    cwd = folder / os.path.expanduser(study.objective.cwd or "")
    script = words[0] if words and os.path.basename(program).startswith("python") else ""
    if script.endswith(".py") and "{" not in script and cwd.is_dir() and not os.path.isfile(cwd / script):
        hint = nearest(script, sorted(path.name for path in cwd.glob("*.py")))
        problems.append(StudyError("objective.command", f"there is no file {script} in {cwd}", hint))
    if "{" in program or "PATH" in env or shutil.which(str(cwd / program) if "/" in program else program):
        return problems  # some are known only when a trial starts
    instead = program == "python" and shutil.which("python3")
    hint = "there is python3" if instead else "name one on the PATH, or give its path"
    return [*problems, StudyError("objective.command", f"there is no program {program}", hint)]


def _placeholder_problems(study: Study, command: str | list[str]) -> list[HptuiError]:
    """Words in braces that a trial would fail for, or that would reach the program as they are."""
    named, fills = placeholders(command), study.objective.arguments == "placeholders"
    found = []
    for name in () if "overrides" in named else named:
        parameter = study.space.get(name)
        if fills and parameter is None:
            found.append((f"{{{name}}} is no parameter of the study", nearest(name, [*study.space, *PLACES])))
        elif fills and parameter is not None and parameter.get("when"):
            found.append((f"{{{name}}} has no value where it is not active", 'arguments = "flags" leaves it out there'))
        elif not fills and parameter is not None:
            hint = 'add arguments = "placeholders", or take it out: flags are appended'
            found.append((f"nothing fills {{{name}}} in, as arguments = {study.objective.arguments!r}", hint))
    return [StudyError("objective.command", problem, hint) for problem, hint in found]


def _names_of(tree: ast.Module) -> tuple[set[str], bool]:
    """Every name a module could bind anywhere, and whether it may bind others (`import *`, `globals()`)."""
    names: set[str] = set()
    elsewhere = False
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
            case ast.Name(id="globals" | "exec" | "setattr" | "__getattr__"):
                elsewhere = True
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                elsewhere = elsewhere or any(alias.name == "*" for alias in aliases)
                names |= {alias.asname or alias.name.partition(".")[0] for alias in aliases}
            case _:
                pass
    return names, elsewhere or "__getattr__" in names
