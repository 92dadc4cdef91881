"""A function that was typed into a notebook, as a script that trials can import.

Trials are processes of their own, so nothing is handed over but text: the function's source, that of the functions and
classes it uses, the imports, and the constants that can be written down. What can't be is said by its name.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import linecache
import math
import symtable
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path, PurePath
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from hptui.core.errors import ObjectiveError

_FUTURE = "from __future__ import annotations\n"
_LONGEST_CONSTANT = 10_000  # characters
_WHERE = "hptui.run"
_OF_EVERY_MODULE = ("__name__", "__file__", "__doc__", "__builtins__")


def captured(function: FunctionType, folder: Path) -> str:
    """The text of a module that defines `function` and all that it uses.

    folder: where modules beside the notebook are imported from. Names mean what they mean now.
    Raises ObjectiveError for what can't be written down.
    """
    capture = _Capture(function.__module__)
    capture.take(function.__name__, function, "")
    head = [
        f"# Written by hptui.run from {function.__name__}, as it was defined in a session of Python.",
        _FUTURE.rstrip(),
        "import sys",
        f"sys.path.insert(1, {str(folder)!r})",
        *capture.imports,
    ]
    return "\n".join([*head, *capture.constants, *("\n\n" + source for source in capture.definitions)]) + "\n"


class _Capture:
    """What the module will have: each name once, definitions after those that they use."""

    def __init__(self, home: str) -> None:
        self._home = home
        self._known: dict[str, Any] = {}
        self.imports: list[str] = []
        self.constants: list[str] = []
        self.definitions: list[str] = []

    def take(self, name: str, value: Any, user: str) -> None:
        """Write down what `name` means to `user`."""
        if name in self._known:
            if self._known[name] is not value:
                problem = f"{name} means one thing in {user} and another elsewhere"
                raise ObjectiveError(_WHERE, problem, "give them two names, or write them into a file")
            return
        self._known[name] = value
        if isinstance(value, ModuleType):
            self._import_module(name, value, user)
        elif isinstance(value, (FunctionType, type)) and value.__module__ == self._home:
            self._define(name, value)
        elif (line := _imported(name, value)) is not None:
            self.imports.append(line)
        elif (text := _written(value)) is not None:
            self.constants.append(f"{name} = {text}")
        else:
            what = f"{name}, a {type(value).__name__} of this session of Python"
            hint = f"make {name} inside {user}, or in a function that it calls"
            raise ObjectiveError(_WHERE, f"{user} uses {what}, which trials (processes of their own) do not have", hint)

    def _import_module(self, name: str, module: ModuleType, user: str) -> None:
        if getattr(module, "__spec__", None) is None or module.__name__ == "__main__":
            raise ObjectiveError(_WHERE, f"{user} uses {name}, a module that can't be imported by name")
        self.imports.append(f"import {module.__name__} as {name}" if "." in module.__name__ or name != module.__name__
                            else f"import {name}")  # fmt: skip

    def _define(self, name: str, value: FunctionType | type) -> None:
        if value.__name__ == "<lambda>":
            raise ObjectiveError(_WHERE, f"{name} is a lambda", f"write it as: def {name}(...):")
        if value.__name__ != name:
            hint = f"call it {value.__name__} where it is used"
            raise ObjectiveError(_WHERE, f"{name} is another name of {value.__name__}", hint)
        source = _source_of(value)
        known = _names_known_to(value)
        for asked in sorted(_asked_for(source)):
            if asked in known and asked not in _OF_EVERY_MODULE:
                self.take(asked, known[asked], name)
            elif not hasattr(builtins, asked) and asked not in (name, *_OF_EVERY_MODULE, "__class__"):
                hint = "run the cell that defines it"
                raise ObjectiveError(_WHERE, f"{name} uses {asked}, which is not defined", hint)
        self.definitions.append(source)


def _names_known_to(value: FunctionType | type) -> dict[str, Any]:
    if isinstance(value, FunctionType):
        cells = zip(value.__code__.co_freevars, value.__closure__ or (), strict=True)
        return {**value.__globals__, **{name: cell.cell_contents for name, cell in cells}}
    own = (each for each in vars(value).values() if getattr(each, "__module__", None) == value.__module__)
    methods = [each for each in own if isinstance(each, FunctionType)]  # an Enum has some of enum's
    return methods[0].__globals__ if methods else vars(sys.modules[value.__module__])


def _source_of(value: FunctionType | type) -> str:
    """Its source from the first column. Raises ObjectiveError when nobody kept it."""
    name = value.__name__
    try:
        text = inspect.getsource(value) if isinstance(value, FunctionType) else _class_source(value)
        source = textwrap.dedent(text)
        first = ast.parse(source).body[0]
    except (OSError, TypeError, SyntaxError, IndexError):
        hint = "write it into a file, and give that: hptui.run('train.py:objective')"
        raise ObjectiveError(_WHERE, f"the source of {name} is not known", hint) from None
    if not isinstance(first, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) or first.name != name:
        raise ObjectiveError(_WHERE, f"{name} is not defined by a def of that name", "write it as a plain function")
    return source.rstrip()


def _class_source(value: type) -> str:
    """Of a class of a notebook, which inspect finds by its module's file: through one of its methods.

    Raises OSError when it has none.
    """
    for method in vars(value).values():
        if isinstance(method, FunctionType):
            lines = linecache.getlines(method.__code__.co_filename)
            for node in ast.walk(ast.parse("".join(lines))):
                if not isinstance(node, ast.ClassDef) or node.name != value.__name__:
                    continue
                if node.lineno <= method.__code__.co_firstlineno <= (node.end_lineno or 0):
                    first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
                    return "".join(lines[first - 1 : node.end_lineno])
    return inspect.getsource(value)


def _asked_for(source: str) -> set[str]:
    """The names that a definition takes from its module."""
    asked: set[str] = set()

    def look(table: symtable.SymbolTable) -> None:
        top = table.get_type() == "module"
        for symbol in table.get_symbols():
            if symbol.is_referenced() and (symbol.is_global() or (top and not symbol.is_assigned())):
                asked.add(symbol.get_name())
        for child in table.get_children():
            look(child)

    look(symtable.symtable(_FUTURE + source, "captured", "exec"))
    return asked


def _imported(name: str, value: Any) -> str | None:
    """The line that imports this very object; None when there is none."""
    home, path = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not isinstance(home, str) or not isinstance(path, str) or "." in path or home == "__main__":
        return None
    if getattr(sys.modules.get(home), path, None) is not value:
        return None
    return f"from {home} import {path}" + ("" if path == name else f" as {name}")


def _written(value: Any) -> str | None:
    """The value as an expression that makes it again; None when it is more than a constant.

    A number of numpy, as a mean is, is written as the plain number.
    """
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({str(value)!r})"
    if isinstance(value, PurePath):
        return f"__import__('pathlib').Path({str(value)!r})"
    text = repr(value) if _is_plain(value) else ""
    return text if 0 < len(text) <= _LONGEST_CONSTANT else None


def _is_plain(value: Any) -> bool:
    match value:
        case float():
            return type(value) is float and math.isfinite(value)
        case None | bool() | int() | str() | bytes():
            return type(value).__module__ == "builtins"
        case list() | tuple() | set() if type(value) in (list, tuple, set):
            return all(map(_is_plain, value))
        case dict() if type(value) is dict:
            return all(_is_plain(key) and _is_plain(inner) for key, inner in value.items())
        case _:
            return False


def plain_function(objective: Callable[..., Any]) -> FunctionType:
    """The objective, when it is a function with a name. Raises ObjectiveError."""
    hint = "write it as: def objective(trial): ..."
    if not isinstance(objective, FunctionType):
        raise ObjectiveError(_WHERE, f"the objective is a {type(objective).__name__}, not a function", hint)
    if objective.__name__ == "<lambda>":
        raise ObjectiveError(_WHERE, "a lambda has no name by which a trial could find it", hint)
    return objective


__all__ = ["captured", "plain_function"]
