"""The round before, as a session remembers it: found once, when the session is made."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from hptui.core.errors import SessionError
from hptui.core.store.library import resolve
from hptui.core.store.reader import Reader
from hptui.core.study.session import sessions_home
from hptui.core.study.study import Round, Study


def read_round(study: Study, folder: Path) -> dict[str, Any] | None:
    """What the study says of its round, with the parent's name and id; None when it says nothing.

    folder: what a relative path is relative to. A parent that is not here (another machine, deleted) keeps its name.
    """
    if study.round == Round():
        return None
    told: dict[str, Any] = msgspec.to_builtins(study.round)
    parent = study.round.parent
    if parent is not None:
        path = str(folder / os.path.expanduser(parent)) if "/" in parent else parent
        told["parent"] = Path(parent).name
        with contextlib.suppress(SessionError), Reader(resolve(path, sessions_home())) as reader:
            told |= {"parent": reader.folder.name, "parent_id": reader.fact("id")}
    return told


def round_note(told: Mapping[str, Any]) -> str:
    """What the ledger says of the round as it begins."""
    said = [str(told["goal"])] if told.get("goal") else []
    if told.get("parent"):
        gone = "" if told.get("parent_id") else " (which is not here)"
        said.append(f"goes on from {told['parent']}{gone}")
    if told.get("adopted") is not None:
        why = f": {told['evidence']}" if told.get("evidence") else ""
        said.append(f"its trial {told['adopted']} is the baseline{why}")
    for role in ("scientific", "fixed"):
        if told.get(role):
            said.append(f"{role}: {', '.join(told[role])}")
    return " · ".join(said)
