"""What past sessions lend to a new one, read once, when it is made."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hptui.core.errors import SessionError
from hptui.core.search.observe import PastTrials
from hptui.core.space.space import Space
from hptui.core.store.library import resolve
from hptui.core.store.reader import Reader
from hptui.core.study.goals import goals_of
from hptui.core.study.session import sessions_home
from hptui.core.study.study import Study
from hptui.core.study.trial import State

MOST = 200  # trials of one past: the better half of these, and of the others the latest


def read_pasts(study: Study, folder: Path) -> list[dict[str, Any]]:
    """The trials of each session that `warm_start` names, as the session keeps them (the fact `pasts`).

    folder: what a relative path is relative to.
    Raises SessionError for one that is not there, has no complete trial, or shares no parameter with the study.
    """
    return [_read(name, study, folder) for name in study.warm_start.sessions]


def _read(name: str, study: Study, folder: Path) -> dict[str, Any]:
    path = str(folder / os.path.expanduser(name)) if "/" in name else name
    try:
        past = resolve(path, sessions_home())
    except SessionError as error:
        raise SessionError(f"warm_start.sessions: {name}", error.problem, error.hint) from None
    with Reader(past) as reader:
        sign, rows, theirs = goals_of(reader.facts())[0].sign, reader.trials(), reader.parameters()
    found = [
        (sign * row.value, row.number, row.params)
        for row in rows
        if row.state == State.COMPLETE and row.value is not None and math.isfinite(row.value) and not row.broken
    ]
    if not found:
        raise SessionError(f"warm_start.sessions: {name}", "it has no complete trial", "name another session")
    own = list(study.space)
    if own and not set(own) & set(theirs):
        problem = f"it has none of this study's parameters; its own are {', '.join(theirs)}"
        raise SessionError(f"warm_start.sessions: {name}", problem, "name a session over a similar space")
    found.sort(key=lambda each: each[:2])
    half = found[: MOST // 2]
    rest = sorted(found[MOST // 2 :], key=lambda each: -each[1])[: MOST - len(half)]
    kept = [*half, *rest]
    return {
        "name": Path(name).name,
        "params": [params for _, _, params in kept],
        "losses": [loss for loss, _, _ in kept],
        "parameters": list(theirs),
        "best": sign * found[0][0],
    }


def pasts_of(facts: Mapping[str, Any]) -> list[PastTrials]:
    return [PastTrials(past["name"], past["params"], past["losses"]) for past in facts.get("pasts") or []]


def told(past: Mapping[str, Any], space: Space) -> str:
    """What the ledger says a past session brings."""
    shared = [name for name in past["parameters"] if name in space.parameters]
    common = f"{len(shared)} of {space.dim} parameters in common"
    said = common if space.dim else "parameters as the objective names them"
    return f"begins with what {past['name']} found: {len(past['losses'])} trials, best {past['best']:.6g}, {said}"
