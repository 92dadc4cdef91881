"""Runs one trial in this process, from its first spool line to its last. Never returns.

`python -m hptui.core.worker.runner REQUEST` does so in a Python of its own: REQUEST is a file with a Start in it.
"""

from __future__ import annotations

import atexit
import contextlib
import faulthandler
import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from hptui.core.errors import ObjectiveError
from hptui.core.wire.lock import start_ticks
from hptui.core.wire.request import HOST_PEAK, MEASURE, TAG, Function, Program, Start, decode_to_server
from hptui.core.wire.spool import Attr, Begin, End
from hptui.core.worker import lines, process, program, rerun, script
from hptui.core.worker.environ import Tag
from hptui.core.worker.gpu_peak import TORCH_PEAK, host_peak_bytes, torch_peak_bytes
from hptui.core.worker.link import Link, NotOurs
from hptui.core.worker.objectives import of_several
from hptui.core.worker.outcome import of_error, of_result
from hptui.core.worker.trial import Trial

EXIT_HANDLERS_S = 2.0
"""How long exit handlers of the user's modules may take once the result is written."""


@dataclass(frozen=True)
class Prepared:
    """What the fork server has ready for every trial. A cold process has nothing."""

    path: str | None = None  # the script that is imported
    module: ModuleType | None = None
    shared_name: str | None = None
    shared: Any = None
    tag: Tag | None = None
    original: tuple[tuple[str, str | None], ...] = ()  # environment before it was changed for the imports
    blas: Callable[[int], object] | None = None
    cold: bool = True


def run(start: Start, prepared: Prepared) -> NoReturn:
    """The whole life of a trial's process. Its exit status is 0 unless it failed."""
    status = 70  # no spool: the log of whoever started it has the traceback
    try:
        process.own_session()
        link = Link(start)
        process.redirect(str(link.folder.log), link.wait_for_space)
        pid = os.getpid()
        link.append(Begin(time.time(), pid, start_ticks(pid) or 0, prepared.cold))
        end = _run_objective(start, link, prepared)
        status = int(end.outcome == "fail")
        if link.mine:  # a fork that came back from the objective has nothing to say
            _flush()
            if (peak := torch_peak_bytes()) is not None:
                link.append(Attr(time.time(), TORCH_PEAK, peak))
            if MEASURE in os.environ:
                link.append(Attr(time.time(), HOST_PEAK, host_peak_bytes()))
            link.append(end)
            link.ring()
            _run_exit_handlers()
    except NotOurs:
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        _flush()
        os._exit(status)  # threads that the objective left behind can't keep the process


def _run_objective(start: Start, link: Link, prepared: Prepared) -> End:
    try:
        process.take_environment(start, prepared.tag, dict(prepared.original))
        os.environ[lines.PARAMS] = json.dumps(start.params)
        os.chdir(start.cwd)
        if isinstance(start.objective, Program):
            return program.run(start, start.objective, link)
        return _run_function(start, start.objective, link, prepared)
    except BaseException as error:
        end = of_error(error, link.value, time.time())
        if end.outcome == "fail" and link.mine:
            with contextlib.suppress(Exception):
                script.print_traceback(error)
        return end


def _run_function(start: Start, objective: Function, link: Link, prepared: Prepared) -> End:
    gpu = not start.device.startswith("cpu")
    process.use_threads(start.threads, prepared.blas)
    process.seed(start.seed + start.stream, gpu)
    module = prepared.module
    if module is None or prepared.path != objective.script:
        script.front_of_path(objective.script)
        sys.argv = [objective.script]
        module = script.load(objective.script)
        process.use_threads(start.threads)
        process.seed(start.seed + start.stream, gpu)  # what the script imported draws from the start, too
    function = script.function_of(module, objective.name)
    trial = Trial(start, link, lambda: _shared(objective, module, prepared))
    lines.listener, lines.constrained = trial.report, trial.set_constraint
    if start.rerun:
        return rerun.run(start, link, trial, function)
    result = function(trial)
    if link.also:
        return of_several(result, start.metric, link, time.time())
    return of_result(result, link.value, time.time())


def _shared(objective: Function, module: ModuleType, prepared: Prepared) -> Any:
    if objective.shared is None:
        raise ObjectiveError(
            "trial.shared", "the study names no function that loads shared data", 'set objective.shared = "load_data"'
        )
    if prepared.module is module and prepared.shared_name == objective.shared:
        return prepared.shared
    return script.function_of(module, objective.shared, "objective.shared")()


def _run_exit_handlers() -> None:
    """What the user's modules registered with atexit, for a bounded time: log handlers flush, uploads finish."""
    faulthandler.dump_traceback_later(EXIT_HANDLERS_S, exit=True, file=2)
    with contextlib.suppress(BaseException):
        atexit._run_exitfuncs()
    faulthandler.cancel_dump_traceback_later()


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):
            stream.flush()


def main(arguments: list[str]) -> NoReturn:
    """A trial in a Python of its own. Executes itself once more when its environment is not the trial's yet."""
    start = decode_to_server(Path(arguments[0]).read_bytes())
    if not isinstance(start, Start):
        raise ObjectiveError(arguments[0], "the request does not start a trial")
    wanted = {**process.environment_of(start), TAG: process.tag_of(start)}
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **wanted})
    for fd in os.listdir("/proc/self/fd"):
        if int(fd) > 2:
            with contextlib.suppress(OSError):
                os.set_inheritable(int(fd), False)  # leases: for this process and its forks, not for what it executes
    faulthandler.enable(file=2)
    run(start, Prepared())


if __name__ == "__main__":
    main(sys.argv[1:])
