"""The user's script as a module, and their own lines of a traceback."""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
import traceback
from collections.abc import Callable
from types import ModuleType
from typing import Any

from hptui.core.errors import HptuiError, ObjectiveError

_OURS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_WORKER = tuple(os.path.join(path, "") for path in (_OURS, os.path.dirname(os.path.realpath(__file__))))
_NOT_THEIRS = tuple(
    {
        os.path.join(path, "")
        for path in (
            *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
            _OURS,
            os.path.realpath(_OURS),
            os.path.dirname(os.path.realpath(__file__)),
        )
        if path
    }
)


def load(path: str) -> ModuleType:
    """Run the script as a module named as its file, not `__main__`: what it guards by that name does not run.

    Raises ObjectiveError when there is no such file, and whatever the script itself raises.
    """
    if not os.path.isfile(path):
        raise ObjectiveError("objective.script", f"there is no file {path}", "the path is relative to the study file")
    name = module_name(path)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ObjectiveError("objective.script", f"{path} is not a Python file", "its name should end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # classes of the script are pickled by this name, for DataLoader workers
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def module_name(path: str) -> str:
    """The script's name, unless that is taken: a script may be called random.py."""
    stem = os.path.splitext(os.path.basename(path))[0]
    taken = stem in sys.modules or stem in sys.stdlib_module_names or stem == "hptui"
    return f"_script_{stem}" if taken else stem


def front_of_path(path: str) -> None:
    """Make the script's folder the first place to import from, as `python script.py` does."""
    folder = os.path.dirname(os.path.realpath(path))
    if sys.flags.safe_path:
        sys.path.insert(0, folder)
    else:
        sys.path[0] = folder  # was the current folder, by `python -m`


def function_of(module: ModuleType, name: str, where: str = "objective.function") -> Callable[..., Any]:
    """The script's function of that name. Raises ObjectiveError, with the nearest name, when there is none."""
    found = getattr(module, name, None)
    if callable(found):
        return found  # type: ignore[no-any-return]  # callable() tells nothing about the arguments
    path = os.path.basename(str(getattr(module, "__file__", "the script")))
    if found is not None:
        raise ObjectiveError(where, f"{name} in {path} is a {type(found).__name__}, not a function")
    from hptui.core.space.reading import nearest

    own = [
        other
        for other, value in vars(module).items()
        if callable(value) and not other.startswith("_") and getattr(value, "__module__", None) == module.__name__
    ]
    raise ObjectiveError(where, f"{path} has no function {name}", nearest(name, own) or "define it in the script")


def shorten(error: BaseException) -> str:
    """The traceback with the user's own frames only, ending in the error itself.

    A syntax error is shown with its line and caret. Never empty, never raises.
    """
    if isinstance(error, HptuiError):
        return str(error)
    theirs = [frame for frame in traceback.extract_tb(error.__traceback__) if is_theirs(frame.filename)]
    head = ["Traceback (your code only):\n", *traceback.format_list(theirs)] if theirs else []
    return "".join([*head, *traceback.format_exception_only(error)]).rstrip()


def print_traceback(error: BaseException) -> None:
    """Into the trial's log, from the first frame that is not ours on. An error that is ours alone is one message."""
    frame = error.__traceback__
    while frame is not None and frame.tb_frame.f_code.co_filename.startswith(_WORKER):
        frame = frame.tb_next
    if frame is None:
        print(shorten(error), file=sys.stderr)
    else:
        traceback.print_exception(type(error), error, frame)


def is_theirs(filename: str) -> bool:
    return not filename.startswith(("<frozen", *_NOT_THEIRS))


def one_line(error: BaseException, limit: int = 300) -> str:
    """`ValueError: text`, on one line."""
    if isinstance(error, HptuiError):
        return f"{error.where}: {error.problem}"
    if isinstance(error, SyntaxError):
        place = f" ({os.path.basename(error.filename or '?')}, line {error.lineno})"
        return f"{type(error).__name__}: {error.msg}{place}"
    try:
        text = " ".join(str(error).split())
    except Exception:
        text = ""  # their __str__ raises; the type still says something
    text = f"{type(error).__name__}: {text}" if text else type(error).__name__
    return text if len(text) <= limit else text[: limit - 1] + "…"
