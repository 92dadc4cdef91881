"""What the fork server imports before the first fork, and whether forking is still safe after it.

A fork copies one thread. Another thread's locks stay locked in the copy for ever, and a CUDA context does not work in
it. So the server may import, but must not compute; a script that does at import is left to each trial.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from hptui.core.errors import ObjectiveError
from hptui.core.wire.request import Preload
from hptui.core.worker import script

IMPORT_SETTINGS = {
    "OPENBLAS_NUM_THREADS": "1",  # numpy's thread pool would be the second thread
    "PYTORCH_NVML_BASED_CUDA_CHECK": "1",  # torch.cuda.is_available() asks NVML and leaves CUDA alone
}

SETTLE_S = 0.2
"""A thread that was joined may be seen for an instant more."""


@dataclass
class Loaded:
    """What is in memory for the trials."""

    module: ModuleType | None = None
    shared: Any = None
    shared_loaded: bool = False
    notes: list[str] = field(default_factory=list)
    broken_by: str | None = None  # "modules", "script" or "shared": after which forking was no longer safe
    reason: str = ""  # why


def load(preload: Preload, without: Iterable[str], extra: Iterable[str]) -> Loaded:
    """Import as asked, and stop at the first thing that makes forking unsafe.

    without: "script", "shared" or both, when an earlier attempt showed that they are not for a fork server.
    extra: modules that the script imported in an earlier attempt.
    Raises ObjectiveError and whatever the script and its `shared` function raise.
    """
    loaded = Loaded()
    os.environ.update(preload.env)
    os.chdir(preload.cwd)
    if preload.script is not None:
        script.front_of_path(preload.script)
        sys.argv = [preload.script]
    for name in (*preload.modules, *extra, "numpy.random"):
        if name != "auto":
            _import(name, loaded.notes)
    if _unsafe(loaded, "modules"):
        return loaded
    if preload.script is not None and "script" not in without:
        loaded.module = script.load(preload.script)
        if preload.function is not None:
            script.function_of(loaded.module, preload.function)
    if _unsafe(loaded, "script"):
        return loaded
    if "auto" in preload.modules and "torch" in sys.modules:
        _import("torch._dynamo", loaded.notes)  # the first optimizer imports it: over a second, in every trial
        if _unsafe(loaded, "modules"):
            return loaded
    if preload.shared is not None and loaded.module is not None:
        function = script.function_of(loaded.module, preload.shared, "objective.shared")
        if "shared" not in without:
            set_threads = getattr(sys.modules.get("torch"), "set_num_threads", None)
            if set_threads is not None:
                set_threads(1)  # with one thread torch makes no pool; each trial sets its own number
            loaded.shared = function()
            if not _unsafe(loaded, "shared"):
                loaded.shared_loaded = True
    return loaded


def unsafe() -> str:
    """Why this process must not fork, or "" when it may."""
    count = len(os.listdir("/proc/self/task"))
    if count > 1:
        names = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
        named = f" ({', '.join(names[:3])})" if names else ""
        return f"{count - 1} thread{'s' if count > 2 else ''} left running{named}"
    cuda = getattr(sys.modules.get("torch"), "cuda", None)
    if cuda is not None and cuda.is_initialized():
        return "CUDA was initialised"
    return ""


def _unsafe(loaded: Loaded, part: str) -> bool:
    deadline = time.monotonic() + SETTLE_S
    while (reason := unsafe()) and time.monotonic() < deadline:
        time.sleep(0.005)
    if reason:
        loaded.broken_by, loaded.reason = part, reason
    return bool(reason)


@contextlib.contextmanager
def exit_handlers_kept() -> Iterator[None]:
    """Afterwards a trial runs at its end what the user's own code registered with atexit, and not what libraries did.

    torch's handlers alone take 50 ms. Two are kept: log handlers flush, and left-over workers are ended. Finalizers of
    objects made here would undo in the first trial what the others still need: a temporary folder.
    """
    theirs: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = []
    register = atexit.register

    def noted(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if script.is_theirs(sys._getframe(1).f_code.co_filename):
            theirs.append((function, args, kwargs))
        return register(function, *args, **kwargs)

    vars(atexit)["register"] = noted
    try:
        yield
    finally:
        vars(atexit)["register"] = register
    atexit._clear()
    finalizers: Any = weakref.finalize
    for finalizer in list(finalizers._registry):
        finalizer.atexit = False
    finalizers._registered_with_atexit = False  # the first finalizer of a trial registers them again
    for module, name in (("multiprocessing.util", "_exit_function"), ("logging", "shutdown")):
        function = getattr(sys.modules.get(module), name, None)
        if function is not None:
            register(function)
    for function, args, kwargs in theirs:
        register(function, *args, **kwargs)


def _import(name: str, notes: list[str]) -> None:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not (name == error.name or name.startswith(f"{error.name}.")):
            notes.append(f"preload {name}: {script.one_line(error)}")
        elif name != "torch._dynamo":
            notes.append(f"preload {name}: not installed")
    except Exception as error:
        notes.append(f"preload {name}: {script.one_line(error)}")


def heavy() -> tuple[str, ...]:
    """Modules of this process that a server without the script should have all the same."""
    return tuple(name for name in ("torch", "torch._dynamo") if name in sys.modules)


def import_failed(error: BaseException) -> tuple[str, str]:
    """Reason and detail for a script that can't be imported."""
    if isinstance(error, SystemExit):
        reason = f"the script called sys.exit({error.code!r}) while it was imported"
        hint = '  hint: put what should not run at import under `if __name__ == "__main__":`'
        return reason, f"{script.shorten(error)}\n{hint}"
    if isinstance(error, ObjectiveError):
        return script.one_line(error), str(error)
    if isinstance(error, ImportError) and "no known parent package" in str(error):
        hint = "  hint: a script is read by its path, outside its package: in a script beside the package write "
        return script.one_line(error), f"{script.shorten(error)}\n{hint}`from PACKAGE.MODULE import objective`"
    if isinstance(error, ModuleNotFoundError):
        hint = f"  hint: trials run in {sys.executable}, which lacks {error.name}: install it there"
        return script.one_line(error), f"{script.shorten(error)}\n{hint}"
    return script.one_line(error), script.shorten(error)
