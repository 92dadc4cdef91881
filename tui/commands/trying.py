"""Short trials of an objective in a session of their own, which is gone when they have been measured."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import FrameType
from typing import Any

from hptui.core.advice.finding import Edit
from hptui.core.advice.rewrite import rewrite
from hptui.core.advice.sanity import Ran
from hptui.core.devices.inventory import inventory
from hptui.core.errors import SessionError
from hptui.core.scheduler.begin import facts_of
from hptui.core.scheduler.gpus import peak_of
from hptui.core.scheduler.launch import ensure
from hptui.core.scheduler.target import Target, read_study
from hptui.core.store.create import create_session
from hptui.core.store.mailbox import post
from hptui.core.store.reader import Reader
from hptui.core.store.rows import CommandRow, TrialRow
from hptui.core.study.commands import Wish
from hptui.core.study.session import SessionFolder
from hptui.core.study.study import Study
from hptui.core.study.trial import State
from hptui.core.wire.lock import scheduler_of
from hptui.core.wire.request import HOST_PEAK, MEASURE
from hptui.core.wire.spool import Begin, End, Report, read_from, unpack_number

LOOK_S = 0.1
FAREWELL_S = 20.0
NEVER_SO_GOOD = 1e300


@dataclass(frozen=True)
class Short:
    """How short. steps: what trial.max_steps is. limit_s: of each trial."""

    steps: int
    limit_s: float


def try_out(
    source: Target, study: Study, short: Short, points: Sequence[Mapping[str, Any]], overrides: Mapping[str, Any],
    function: str | None = None,
) -> list[Ran]:  # fmt: skip
    """One short trial at each point, one after the other; an empty point leaves the choice to the objective.

    overrides: of the study, by the command line. function: another one of the script than the study's. Nothing
    stays, also after Ctrl-C or a signal to end: no process, no folder.
    Raises SessionError when there is no answer, StudyErrors for a point that is none.
    """
    made = _study_of(source, study, short, points, function)
    with _ended_by_signals(), tempfile.TemporaryDirectory(prefix="hptui-check-") as place:
        checked = read_study(made, overrides)
        folder = SessionFolder(Path(place) / checked.name)
        create_session(folder, made.text, facts_of(made, checked, dict(overrides), folder))
        try:
            ensure(folder)
            rows = _wait(folder, len(points), short)
            return [_ran(folder, row) for row in rows]
        finally:
            _end(folder)


def _study_of(
    source: Target, study: Study, short: Short, points: Sequence[Mapping[str, Any]], function: str | None
) -> Target:
    """The study with everything that searches, saves time or stops taken out."""
    beyond = {"lower": NEVER_SO_GOOD} if study.direction == "maximize" else {"upper": -NEVER_SO_GOOD}
    stops = {"name": "threshold", "n_warmup_steps": short.steps + 1, **beyond}  # those that go on beyond max_steps
    budget = {
        "n_trials": len(points), "max_steps": short.steps, "trial_time": short.limit_s,
        "stop_after_failures": len(points) + 1,
    }  # fmt: skip
    edits = [
        Edit(("name",), f"{study.name}-check"),
        Edit(("sampler",), "random"),
        Edit(("pruner",), "none" if function or study.budget.rerun else stops),
        Edit(("stop",), None),
        Edit(("warm_start",), None),
        Edit(("budget",), {**budget, **({"rerun": True} if study.budget.rerun else {})}),
        Edit(("resources", "slots"), 1),
        Edit(("resources", "threads"), inventory(study.resources).threads),  # as many as beside others
        Edit(("objective", "env", MEASURE), "1"),
        Edit(("enqueue",), [dict(point) for point in points if point] or None),
    ]
    if function is not None:
        edits.append(Edit(("objective", "function"), function))
    return replace(source, text=rewrite(source.text, edits))


def _wait(folder: SessionFolder, n: int, short: Short) -> list[TrialRow]:
    """The trials by number, once they have ended."""
    deadline = time.monotonic() + n * (short.limit_s + 15) + 120  # starting up may import for a while
    with Reader(folder) as reader:
        while reader.finished() is None:
            if not scheduler_of(folder.lock).alive and reader.finished() is None:
                raise SessionError(folder.name, "its scheduler died", folder.log.read_text(errors="replace")[-500:])
            if time.monotonic() > deadline:
                raise SessionError(folder.name, f"did not end within {n * short.limit_s:g} s", "raise --limit")
            time.sleep(LOOK_S)
        ended = [row for row in reader.trials() if State(row.state).ended]
        reason = reader.finished()
    if not ended:
        raise SessionError(folder.name, f"no trial ran: {reason.reason if reason else 'no reason is known'}")
    return sorted(ended, key=lambda row: row.number)[:n]


def _ran(folder: SessionFolder, row: TrialRow) -> Ran:
    reports: dict[int, tuple[float, int, float]] = {}
    began = ended = None
    log, offset = folder.trial(row.number), 0
    while True:
        lines, after = read_from(log.spool, offset)
        for line in lines:
            match line:
                case Begin():
                    began = line.at
                case End():
                    ended = line.at
                case Report() if (value := unpack_number(line.value)) is not None:
                    reports[line.step] = (line.at, line.step, value)
                case _:
                    pass
        if after == offset:
            break
        offset = after
    return Ran(
        row.params, row.state, tuple(sorted(reports.values())), row.value, row.cause, row.reason, began, ended,
        row.attrs.get(HOST_PEAK), peak_of(row.attrs) or None, _tail(log.log),
    )  # fmt: skip


def _tail(log: Path, size: int = 3000) -> str:
    with contextlib.suppress(OSError):
        return log.read_text(errors="replace")[-size:].strip()
    return ""


def _end(folder: SessionFolder) -> None:
    """See that nobody is left: asked first, then ended."""
    info = scheduler_of(folder.lock)
    with contextlib.suppress(SessionError):
        if info.alive:
            post(folder, CommandRow(Wish.STOP.value, None, {"now": True}, "check", time.time()))
    deadline = time.monotonic() + FAREWELL_S
    while (info := scheduler_of(folder.lock)).alive and time.monotonic() < deadline:
        time.sleep(0.02)
    if info.alive and info.pid:
        with contextlib.suppress(ProcessLookupError):
            os.kill(info.pid, signal.SIGKILL)  # its fork server ends with it


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """A signal to end is an exception meanwhile, so that what was started is ended, too."""

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    asked = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(each, leave) for each in asked]
    try:
        yield
    finally:
        for each, handler in zip(asked, before, strict=True):
            signal.signal(each, handler)
