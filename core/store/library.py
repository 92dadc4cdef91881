"""The sessions on disk: which there are, which one a name means, and how one goes away."""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from hptui.core.errors import HptuiError, SessionError
from hptui.core.store.reader import Reader
from hptui.core.study.checks import NAME_HINT, can_be_named
from hptui.core.study.front import Front, joined, losses_of
from hptui.core.study.goals import goals_of
from hptui.core.study.remarks import FACT
from hptui.core.study.session import SessionFolder
from hptui.core.study.study import OBJECTIVES
from hptui.core.study.trial import State
from hptui.core.wire.lock import SessionLock, scheduler_of, start_ticks


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """One line of `hptui ls`."""

    name: str
    path: Path
    state: Literal["live", "finished", "stopped", "interrupted", "broken"]
    reason: str = ""  # finished or stopped: why; broken: the problem
    alive: bool = False  # a scheduler runs it
    pid: int | None = None  # that scheduler's
    ok: bool = True  # finished: as the study wanted
    counts: dict[str, int] = field(default_factory=dict)  # state -> trials
    n_trials: int | None = None
    best: float | None = None
    best_trial: int | None = None
    front: int | None = None  # of several objectives: how many trials nobody beats
    metric: str = "value"
    direction: str = "minimize"
    created_at: float | None = None
    updated_at: float | None = None
    database_bytes: int = 0  # `size_bytes` walks the whole folder
    busy_s: float = 0.0  # running time of all trials
    gpu_s: float = 0.0  # of those on GPUs
    remarks: dict[str, Any] = field(default_factory=dict)  # its note and tags: study.remarks


def sessions(home: Path) -> list[SessionSummary]:
    """Every session in `home` (`study.session.sessions_home()`), the one changed last first.

    One that can't be read is listed as broken with its problem.
    """
    found = [summary(folder) for folder in _folders(home)]
    return sorted(found, key=lambda each: (-(each.updated_at or 0.0), each.name))


def summary(folder: SessionFolder) -> SessionSummary:
    scheduler = scheduler_of(folder.lock)
    changed, size = _database_stat(folder)
    try:
        with Reader(folder) as reader, reader.snapshot():
            facts, counts = reader.facts(), reader.counts()
            several = bool(facts.get("also"))
            best = [] if several else reader.best(1)  # of several objectives no trial is the best one
            on_front = _on_front(reader, facts) if several else None
            busy_s, gpu_s = reader.running_seconds()
    except HptuiError as error:
        return SessionSummary(
            folder.name,
            folder.path,
            "broken",
            error.problem,
            alive=scheduler.alive,
            pid=scheduler.pid if scheduler.alive else None,
            updated_at=changed,
            database_bytes=size,
        )
    finished = facts.get("finished")
    return SessionSummary(
        name=folder.name,
        path=folder.path,
        state=_state(scheduler.alive, finished),
        reason=finished.get("reason", "") if finished else "",
        alive=scheduler.alive,
        pid=scheduler.pid if scheduler.alive else None,
        ok=bool(finished.get("ok", True)) if finished else True,
        counts=counts,
        n_trials=facts.get("n_trials"),
        best=best[0].value if best else None,
        best_trial=best[0].number if best else None,
        front=on_front,
        metric=facts.get("metric", "value"),
        direction=facts.get("direction", "minimize"),
        created_at=facts.get("created_at"),
        updated_at=changed,
        database_bytes=size,
        busy_s=busy_s,
        gpu_s=gpu_s,
        remarks=facts.get(FACT) or {},
    )


def resolve(name_or_path: str, home: Path) -> SessionFolder:
    """The session that a name, the unique beginning of one, or a path means. Raises SessionError."""
    if "/" in name_or_path or name_or_path in (".", "..") or name_or_path.startswith("~"):
        folder = SessionFolder(Path(os.path.expanduser(name_or_path)).resolve())
        if not is_session(folder.path):
            problem = "is no session's folder" if os.path.exists(folder.path) else "there is no such folder"
            raise SessionError(str(folder.path), problem, _zip_hint(name_or_path) or "`hptui ls` lists sessions")
        return folder
    names = {folder.name: folder for folder in _folders(home)}
    if name_or_path in names:
        return names[name_or_path]
    matching = sorted(name for name in names if name_or_path and name.startswith(name_or_path))
    if len(matching) == 1:
        return names[matching[0]]
    if matching:
        some = ", ".join(matching[:8]) + (", ..." if matching[8:] else "")
        raise SessionError(name_or_path, f"{len(matching)} sessions begin so: {some}", "write more of the name")
    if name_or_path and is_session(Path(name_or_path)):
        return SessionFolder(Path(name_or_path).resolve())
    near = difflib.get_close_matches(name_or_path, names, n=3, cutoff=0.5)
    hint = _zip_hint(name_or_path) or (f"did you mean {' or '.join(near)}?" if near else "`hptui ls` lists sessions")
    raise SessionError(name_or_path or "session", "there is no session of this name", hint)


def _zip_hint(name: str) -> str:
    packed = name.endswith(".zip") and os.path.isfile(os.path.expanduser(name))
    return f"`hptui review {name}` looks into it" if packed else ""


def new_name(base: str, home: Path) -> str:
    """`base` as a folder's name ("digits"), with the first free number: "digits-2", "digits-3", ..."""
    plain = re.sub(r"[^\w.-]+", "-", base).strip("-.")[:80].rstrip("-.") or "study"
    taken = {entry.name for entry in _entries(home)}
    number, name = 1, plain
    while name in taken:
        number += 1
        name = f"{plain}-{number}"
    return name


def rename(folder: SessionFolder, name: str) -> SessionFolder:
    """Give a session another name; it keeps its place. Raises SessionError while somebody works on it.

    `hptui run` of its study finds it under its new name only when told: --name.
    """
    if not can_be_named(name):
        raise SessionError(name, "can't be a session's name", NAME_HINT)
    target = folder.path.with_name(name)
    if target.exists():
        raise SessionError(name, "there is something of this name already", "take another one")
    lock = _held(folder)
    try:
        folder.path.rename(target)
    except OSError as error:
        raise SessionError(str(folder.path), f"can't be renamed: {error.strerror}") from error
    finally:
        lock.release()
    return SessionFolder(target)


def remove(folder: SessionFolder) -> None:
    """Delete a session's whole folder. Raises SessionError while it is scheduled or a trial of it trains."""
    if not is_session(folder.path):
        raise SessionError(str(folder.path), "is no session's folder", "`hptui ls` lists sessions")
    if not os.access(folder.path, os.W_OK) or not os.access(folder.path.parent, os.W_OK):
        hint = "check who owns it, and its permissions"
        raise SessionError(str(folder.path), "this folder can't be written", hint)
    lock = _held(folder)
    try:
        doomed = folder.path.with_name(f".{folder.name}.removed-{secrets.token_hex(4)}")
        folder.path.rename(doomed)  # gone from the list at once, however long the files take
        shutil.rmtree(doomed, ignore_errors=True)
    finally:
        lock.release()


def _held(folder: SessionFolder) -> SessionLock:
    """Its lock, when nobody and no process works on it."""
    lock = SessionLock.take(folder.lock)
    if lock is None:
        hint = f"`hptui stop {folder.name} --now` first"
        raise SessionError(folder.name, f"a scheduler runs it (pid {scheduler_of(folder.lock).pid})", hint)
    if there := training(folder):
        lock.release()
        trials = ", ".join(str(number) for number in there)
        hint = f"`hptui attach {folder.name}` adopts them, `hptui stop {folder.name} --now` ends them"
        raise SessionError(folder.name, f"processes of trial {trials} are still there", hint)
    return lock


def size_bytes(folder: SessionFolder) -> int:
    """What the whole folder takes on the disk."""
    total = 0
    for place, _, files in os.walk(folder.path):
        for name in files:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(place, name)).st_blocks * 512
    return total


def _folders(home: Path) -> list[SessionFolder]:
    return [SessionFolder(Path(entry.path)) for entry in _entries(home) if is_session(Path(entry.path))]


def _entries(home: Path) -> list[os.DirEntry[str]]:
    """A leading dot marks what is being made or removed."""
    try:
        with os.scandir(home) as entries:
            folders = [entry for entry in entries if not entry.name.startswith(".") and entry.is_dir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return sorted(folders, key=lambda entry: entry.name)


def _state(alive: bool, finished: dict[str, Any] | None) -> Literal["live", "finished", "stopped", "interrupted"]:
    if alive:
        return "live"
    if not finished:
        return "interrupted"  # its scheduler is gone, and did not end it
    return "finished" if finished.get("final", True) else "stopped"


def is_session(path: Path) -> bool:
    folder = SessionFolder(path)
    return os.path.isfile(folder.database) or os.path.isfile(folder.study)  # also where a name is too long


def _on_front(reader: Reader, facts: Mapping[str, Any]) -> int:
    goals = goals_of(facts)
    found: Front = ()
    for number, value, attrs in reader.complete():
        others = attrs.get(OBJECTIVES) or {}
        losses = losses_of((value, *(others.get(goal.metric) for goal in goals[1:])), goals)
        if losses is not None and (news := joined(found, losses, number)):
            found = news[0]
    return len(found)


def _database_stat(folder: SessionFolder) -> tuple[float | None, int]:
    """When the database or its log was last written, and their bytes."""
    changed, size = None, 0
    for path in (folder.database, Path(f"{folder.database}-wal")):
        with contextlib.suppress(OSError):
            stat = path.stat()
            if stat.st_size:
                changed, size = max(changed or 0.0, stat.st_mtime), size + stat.st_size
    return changed, size


def training(folder: SessionFolder) -> list[int]:
    """Trials that have a process on this machine, whether or not there is a scheduler."""
    try:
        with Reader(folder) as reader:
            rows = reader.trials()
    except HptuiError:
        return []  # a broken session may be removed
    open_states = (State.RUNNING, State.PAUSED)
    there = (row for row in rows if row.state in open_states and row.pid)
    return sorted(row.number for row in there if row.pid and start_ticks(row.pid) == row.start_ticks)
