"""What `hptui.run` is given as an objective, as a script and the name of a function in it."""

from __future__ import annotations

import ast
import hashlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, FunctionType
from typing import Any

from hptui.core.api.capture import captured, plain_function
from hptui.core.errors import ObjectiveError, SessionError
from hptui.core.study.quick import split_target
from hptui.core.study.session import sessions_home

Objective = Callable[..., Any] | str


@dataclass(frozen=True)
class Found:
    """Where trials find the function."""

    script: Path
    function: str
    name: str  # for a session that is not named


def find_objective(objective: Objective, caller: FrameType | None) -> Found:
    """A function of a file is imported from there; one of a notebook is written to a file first.

    objective: a function, or "train.py:objective". caller: the frame that called `hptui.run`.
    Raises ObjectiveError when trials can't import it.
    """
    if isinstance(objective, str):
        script, name = split_target(objective)
        path = Path(os.path.expanduser(script)).resolve()
        if not path.is_file():
            raise ObjectiveError("hptui.run", f"there is no file {path}", "the path is relative to the current folder")
        return Found(path, name, path.stem)
    function = plain_function(objective)
    file = _file_of(function)
    if file is None:
        return Found(_kept(captured(function, Path.cwd()), function.__name__), function.__name__, function.__name__)
    if _in_package(function):
        text = f"# Written by hptui.run.\nfrom {function.__module__} import {function.__name__}\n"
        return Found(_kept(_with_path(text), function.__name__), function.__name__, function.__name__)
    _check_guarded(file, caller)
    return Found(file, function.__name__, file.stem)


def _file_of(function: FunctionType) -> Path | None:
    """The file in which this function is found by its name, at the top; None for one of a notebook or of a function."""
    module = sys.modules.get(function.__module__)
    file = getattr(module, "__file__", None)
    if not file or not str(file).endswith(".py") or not os.path.isfile(file):
        return None
    same = getattr(module, function.__name__, None) is function and "<locals>" not in function.__qualname__
    return Path(file).resolve() if same else None


def _in_package(function: FunctionType) -> bool:
    return bool(getattr(sys.modules[function.__module__], "__package__", ""))


def _with_path(text: str) -> str:
    places = [os.path.abspath(place or ".") for place in sys.path if os.path.isdir(place or ".")]
    return f"import sys\nsys.path[1:1] = [p for p in {places!r} if p not in sys.path]\n{text}"


def _kept(text: str, name: str) -> Path:
    """The file that holds this text, named by it: the same function has the same file, and goes on in its session.

    Raises SessionError when it can't be written.
    """
    folder = sessions_home().parent / "captured"
    path = folder / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}.py"
    draft = path.with_suffix(f".{os.getpid()}.new")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.is_file():
            draft.write_text(text, encoding="utf-8")
            os.replace(draft, path)
    except OSError as error:
        hint = "set HPTUI_HOME to a folder of yours with room in it"
        raise SessionError(str(folder), f"can't be written: {error.strerror or error}", hint) from error
    return path


def _check_guarded(script: Path, caller: FrameType | None) -> None:
    """A call at the top of the objective's own script would be made again by every trial that imports it."""
    if caller is None or caller.f_code.co_name != "<module>":
        return
    if os.path.realpath(caller.f_code.co_filename) != str(script):
        return
    tree = ast.parse(script.read_bytes())
    for node in tree.body:
        guarded = isinstance(node, ast.If) and "__name__" in ast.dump(node.test)
        if node.lineno <= caller.f_lineno <= (node.end_lineno or 0) and not guarded:
            where = f"{script.name}:{caller.f_lineno}"
            problem = "hptui.run is called whenever this file is imported, and every trial imports it"
            raise ObjectiveError(where, problem, 'put the call under: if __name__ == "__main__":')
