"""Which class a guest's name means: `optuna:GPSampler`, `optunahub:samplers/auto_sampler`."""

from __future__ import annotations

import inspect
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from hptui.core.errors import HptuiError, StudyError
from hptui.core.search.entry import Entry
from hptui.core.search.plugins import CatalogKind
from hptui.core.space.reading import nearest

_FETCH = 'python -c "import optunahub; optunahub.load_module({package!r})" fetches it'


@dataclass(frozen=True)
class Anything:
    """An option of a guest: whatever Optuna takes."""

    meaning: str
    default: None = None
    asked: str = "what Optuna takes"

    def admits(self, value: object) -> bool:
        return True

    def made(self, value: Any) -> Any:
        return value

    def read(self, text: str) -> Any:
        try:
            return json.loads(text)
        except ValueError:
            return text.strip()


@cache
def guest(kind: CatalogKind, name: str) -> Entry:
    """The entry of a guest. Raises StudyError when Optuna is not installed, or there is no such class."""
    from hptui.core.search.guests.making import maker

    cls = guest_class(kind, name)
    taken = [each for each in inspect.signature(cls).parameters.values() if each.kind is not each.VAR_KEYWORD]
    options = {each.name: Anything(each.name) for each in taken if each.name != "seed"}
    line = (inspect.getdoc(cls) or cls.__name__).splitlines()[0].rstrip(".")
    when = "as its documentation says"
    made = partial(maker(kind), name)
    unfit = partial(_unfit, kind, name, cls)
    return Entry(line, when, name, options, choosy=kind == "sampler", cls=made, whole=True, unfit=unfit)


def guest_class(kind: CatalogKind, name: str) -> Any:
    """Raises StudyError."""
    where, _, rest = name.partition(":")
    if where == "optuna":
        return _of_optuna(kind, rest)
    if where == "optunahub":
        return _of_hub(kind, rest)
    hint = 'write "optuna:GPSampler" or "optunahub:samplers/auto_sampler"'
    raise StudyError(kind, f'there are no guests from "{where}"', hint)


def optuna(kind: str) -> Any:
    """The package. Raises StudyError when it is not installed."""
    try:
        import optuna
    except ImportError:
        raise StudyError(kind, "Optuna is not installed", "pip install 'hptui[optuna]'") from None
    return optuna


def names_of(kind: CatalogKind) -> list[str]:
    """The classes of Optuna itself that can be named."""
    package, base = _home(kind)
    known = ((name, getattr(package, name)) for name in package.__all__)
    return [name for name, each in known if _is_a(each, base)]


def _home(kind: CatalogKind) -> tuple[Any, Any]:
    package = optuna(kind)
    if kind == "sampler":
        return package.samplers, package.samplers.BaseSampler
    return package.pruners, package.pruners.BasePruner


def _is_a(each: object, base: type) -> bool:
    return isinstance(each, type) and issubclass(each, base) and not each.__name__.startswith("Base")


def _of_optuna(kind: CatalogKind, name: str) -> Any:
    package, base = _home(kind)
    found = getattr(package, name, None)
    if _is_a(found, base):
        return found
    names = names_of(kind)
    hint = nearest(name, names) or "there is: " + ", ".join(names)
    raise StudyError(kind, f"Optuna {optuna(kind).__version__} has no {kind} {name or 'without a name'}", hint)


def _of_hub(kind: CatalogKind, rest: str) -> Any:
    """`samplers/auto_sampler`, or with `:AutoSampler` where a package has several."""
    package, _, cls = rest.partition(":")
    base = _home(kind)[1]
    if not package.startswith(f"{kind}s/"):
        raise StudyError(kind, f'"{package}" is no {kind} of OptunaHub', f'write "optunahub:{kind}s/NAME"')
    module = _hub_package(kind, package)
    own = {name: each for name, each in vars(module).items() if _is_a(each, base)}
    public = {name: own[name] for name in getattr(module, "__all__", own) if name in own}
    if cls in public or (not cls and len(public) == 1):
        return public[cls or next(iter(public))]
    hint = nearest(cls, public) or f'it has {", ".join(public) or "none"}: write "optunahub:{package}:NAME"'
    raise StudyError(kind, f"{package} has no {kind} {cls}" if cls else f"{package} has {len(public)} {kind}s", hint)


def _hub_package(kind: CatalogKind, package: str) -> ModuleType:
    """A package that is on this machine; nothing is downloaded in the middle of a search."""
    try:
        import optunahub
        from optunahub import _conf
    except ImportError:
        raise StudyError(kind, "OptunaHub is not installed", "pip install optunahub") from None
    home = os.path.join(_conf.cache_home(), "github.com", "optuna", "optunahub-registry", "main", "package")
    if not os.path.isdir(os.path.join(home, package)):
        beside = os.path.join(home, os.path.dirname(package))
        there = [f"{os.path.dirname(package)}/{each}" for each in os.listdir(beside)] if os.path.isdir(beside) else []
        hint = nearest(package, there) or _FETCH.format(package=package)
        raise StudyError(kind, f"{package} of OptunaHub is not on this machine", hint)
    try:
        module: ModuleType = optunahub.load_module(package)
    except Exception as error:  # whatever a package does when it is imported
        hint = f"pip install {error.name}" if isinstance(error, ModuleNotFoundError) and error.name else ""
        raise StudyError(kind, f"{package} can't be imported: {type(error).__name__}: {error}", hint) from error
    return module


def _not_installed(cls: Any) -> str:
    """The first package that Optuna would import where the class is first used (torch, cmaes), and can't; else ""."""
    home = getattr(sys.modules.get(cls.__module__), "__dict__", {})
    packages = [each.__name__.partition(".")[0] for each in home.values() if isinstance(each, ModuleType)]
    return next((each for each in packages if sys.modules.get(each) is None and find_spec(each) is None), "")


def _unfit(kind: CatalogKind, name: str, cls: Any, options: Mapping[str, Any]) -> list[HptuiError]:
    """What it needs and was not given, or is not installed; of a pruner also what it says of its options."""
    if missing := _not_installed(cls):
        return [StudyError(kind, f"{name} needs {missing}, which is not installed", f"pip install {missing}")]
    needed = [
        each.name
        for each in inspect.signature(cls).parameters.values()
        if each.default is each.empty and each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
        and each.name not in options and each.name != "seed"
    ]  # fmt: skip
    if needed:
        hint = f'write {kind} = {{name = "{name}", {needed[0]} = ...}}'
        return [StudyError(kind, f"{name} needs {', '.join(needed)}", hint)]
    if kind == "pruner":
        from hptui.core.search.guests.making import made

        try:
            made(kind, name, options)
        except StudyError as error:
            return [error]
    return []
