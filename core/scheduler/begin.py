"""The session of a study: a new one, or the one that answers it already and goes on."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
import time
from collections.abc import Callable
from typing import Any

from hptui import __version__
from hptui.core.errors import SessionError
from hptui.core.scheduler.launch import EXECUTOR
from hptui.core.scheduler.parent import read_round
from hptui.core.scheduler.past import read_pasts
from hptui.core.scheduler.target import Target
from hptui.core.store.create import create_session
from hptui.core.store.library import new_name, sessions
from hptui.core.store.mailbox import post
from hptui.core.store.reader import Reader
from hptui.core.store.rows import CommandRow
from hptui.core.store.writer import Writer
from hptui.core.study.commands import Wish
from hptui.core.study.session import SessionFolder, sessions_home
from hptui.core.study.study import Study
from hptui.core.wire.lock import SessionLock

GROWS = ("n_trials", "slots")
"""What a session takes from later runs too; the other options belong to the question it asks."""


def find_or_create(
    source: Target, study: Study, overrides: dict[str, Any], *, new: bool = False, say: Callable[[str], object],
    executor: dict[str, Any] | None = None,
) -> SessionFolder:  # fmt: skip
    """The session of this study: the one it has, with a larger total if -n says so, or a new one.

    executor: the cluster on which trials run; None for this machine, or for where the session's trials run already.
    say: is told a line when it is one that there was.
    Raises SessionError when --name names the session of another study.
    """
    while True:
        folder = None if new and "name" not in overrides else existing(source, study, overrides, executor)
        if folder is not None and new:
            raise SessionError(folder.name, "there is a session of this name already", "take another --name")
        if folder is not None:
            _go_on(folder, overrides, say)
            if executor is not None:
                _move(folder, executor)
            return folder
        base = study.name
        folder = SessionFolder(sessions_home() / (base if "name" in overrides else new_name(base, sessions_home())))
        try:
            facts = facts_of(source, study, overrides, folder) | _where(executor)
            create_session(folder, source.text, facts)
        except SessionError:
            if folder.study.is_file() and not new:
                continue  # another `hptui run` was faster: this one goes on with its session
            raise
        return folder


def facts_of(source: Target, study: Study, overrides: dict[str, Any], folder: SessionFolder) -> dict[str, Any]:
    cwd = source.folder / os.path.expanduser(study.objective.cwd) if study.objective.cwd else source.folder
    return {
        "id": secrets.token_hex(8),  # tags the trials' processes; a folder may be moved and copied
        "name": folder.name,
        "direction": study.direction,
        "metric": study.metric,
        "also": [{"metric": goal.metric, "direction": goal.direction} for goal in study.also],
        "n_trials": study.budget.n_trials,
        "max_steps": study.budget.max_steps,
        "sampler": study.sampler.name,
        "pruner": study.pruner.name,
        "created_at": time.time(),
        "pasts": read_pasts(study, source.folder),
        "round": read_round(study, source.folder),
        "test_metric": study.test.metric,
        "study_path": source.where,
        "script_folder": str(source.folder),
        "cwd": str(cwd.resolve()),
        "overrides": overrides,
        "argv": sys.argv[1:],
        "hptui_version": __version__,
    }


def _where(executor: dict[str, Any] | None) -> dict[str, Any]:
    return {} if executor is None else {EXECUTOR: executor}


def _move(folder: SessionFolder, executor: dict[str, Any]) -> None:
    """The cluster as it is named now: its address may be another one. Not while a scheduler has the session."""
    lock = SessionLock.take(folder.lock, wait_s=0.0)
    if lock is not None:
        with contextlib.closing(Writer(folder)) as store, store.transaction():
            store.set_fact(EXECUTOR, executor)
        lock.release()


def existing(
    source: Target, study: Study, overrides: dict[str, Any], executor: dict[str, Any] | None = None
) -> SessionFolder | None:
    """The session that this study goes on in, if it has one."""
    if "name" in overrides:
        folder = SessionFolder(sessions_home() / study.name)
        if not folder.study.is_file():
            return None
        trouble = _difference(folder, source, overrides)
        if trouble is None and not _is_there(folder, executor):
            trouble = "its trials run on one machine, and these are to run on a cluster"
        if trouble:
            hint = (
                "the same study with the same options goes on; for another one take another --name, or leave it out: "
                "then a changed study begins a session of its own"
            )
            raise SessionError(folder.name, f"this session answers another question: {trouble}", hint)
        return folder
    for each in sessions(sessions_home()):  # the one changed last first
        stem, dash, number = each.name.rpartition("-")
        related = each.name == study.name or (dash and stem == study.name and number.isdigit())
        folder = SessionFolder(each.path)
        if related and each.state != "broken" and _difference(folder, source, overrides) is None:
            if not _is_there(folder, executor):
                continue
            return folder
    return None


def _is_there(folder: SessionFolder, executor: dict[str, Any] | None) -> bool:
    """Trials run where they are wanted; who does not say takes it as it is."""
    if executor is None:
        return True
    with Reader(folder) as reader:
        return reader.fact(EXECUTOR) is not None


def _difference(folder: SessionFolder, source: Target, overrides: dict[str, Any]) -> str | None:
    """How the question of a session differs from this one; None when it is the same."""
    if folder.study.read_text(encoding="utf-8", errors="replace") != source.text:
        return "its study.toml differs"
    with Reader(folder) as reader:
        facts = reader.facts()
    if facts.get("script_folder") != str(source.folder):
        return f"its study lies in {facts.get('script_folder')}"
    before = {k: v for k, v in (facts.get("overrides") or {}).items() if k not in (*GROWS, "name")}
    now = {k: v for k, v in overrides.items() if k not in (*GROWS, "name")}
    for key in sorted(before.keys() | now.keys()):
        if before.get(key) != now.get(key):
            was = f"--{key} {before[key]}" if key in before else f"no --{key}"
            return f"it was started with {was}"
    return None


def _go_on(folder: SessionFolder, overrides: dict[str, Any], say: Callable[[str], object]) -> None:
    """Tell an existing session of a new total or more slots; its scheduler, or the next one, reads it."""
    with Reader(folder) as reader:
        facts = reader.facts()
    by = f"cli {os.environ.get('USER', '')}".strip()
    finished = facts.get("finished") or {}
    wishes = {"n_trials": Wish.BUDGET, "slots": Wish.SLOTS}
    asked = {key: value for key, value in overrides.items() if key in GROWS and value != facts.get(key)}
    for key, value in asked.items():
        post(folder, CommandRow(wishes[key].value, None, {key: value}, by, time.time()))
    if facts.get("held"):
        say(f"{folder.name} is paused: hptui resume {folder.name}")
    elif finished.get("final") and "n_trials" not in asked:
        say(
            f"{folder.name} has ended: {finished.get('reason', '')}. -n N goes on to a larger total, --new begins again"
        )
    else:
        say(f"going on with {folder.name}")
