"""Trials that come in the place of others: with the checkpoint of a better one, and its parameters a little changed."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hptui.core.errors import HptuiError
from hptui.core.scheduler import events as e
from hptui.core.scheduler.gear import Gear, locate
from hptui.core.scheduler.queued import HEIR
from hptui.core.scheduler.state import SchedulerState
from hptui.core.search.protocol import Breeder, Heir
from hptui.core.study.session import SessionFolder
from hptui.core.study.trial import CHECKPOINT_STEP, STARTS_FROM
from hptui.core.wire.spool import SAVED

_TRIES = 3  # to find a donor's files as they belong together


def heirs_of(gear: Gear, state: SchedulerState, number: int, step: int, heir: Heir) -> list[e.Event]:
    """The heir that takes the place of trial `number`, which was stopped at `step`; none where its donor has ended.

    It counts as its predecessor's retry: not towards the trials of the budget.
    """
    donor = state.live.get(heir.donor)
    if donor is None or not isinstance(gear.pruner, Breeder):
        return []
    at, params = gear.clock.now(), donor.used or donor.trial.params
    try:
        params, changed = gear.pruner.explore(gear.space, params, gear.study.seed, (number, step))
    except HptuiError:
        changed = "its own parameters"  # they lie outside the space: nothing to change them by
    attrs: dict[str, Any] = {
        STARTS_FROM: heir.donor,
        HEIR: {"of": heir.donor, "instead_of": number, "step": step},
    }
    if donor.trial.has_checkpoint:
        _keep(gear.folder, heir.donor, number)
        saved = donor.trial.attrs.get(CHECKPOINT_STEP)
        how = f"from the checkpoint of trial {heir.donor}" + ("" if saved is None else f" at step {saved}")
    else:
        how = f"anew, as trial {heir.donor} has saved no checkpoint"
    why = f"heir of trial {heir.donor} in place of trial {number}, {how}: {changed}"
    return [e.Enqueued(at, params, locate(gear.space, params), "heir", why, number, attrs)]


def donor_folder(folder: SessionFolder, attrs: Mapping[str, Any], retry_of: int | None) -> Path | None:
    """Where the checkpoint lies that a trial goes on from: an heir's as it was when it took its place."""
    bred = attrs.get(HEIR)
    if bred and any(((kept := _kept(folder, bred["instead_of"])) / name).exists() for name in SAVED):
        return kept
    donor = attrs.get(STARTS_FROM, retry_of)
    return None if donor is None else folder.trial(int(donor)).checkpoints


def _keep(folder: SessionFolder, donor: int, instead_of: int) -> None:
    """Hold on to the donor's checkpoint of this moment: until its heir has a slot the donor may train on, to its end.

    A name more for the same files, which costs nothing: a save replaces the name, never the file. Where there can be
    none the heir begins with whatever the donor has by then.
    """
    kept, saved = _kept(folder, instead_of), folder.trial(donor).checkpoints
    for _ in range(_TRIES):
        with contextlib.suppress(OSError):  # what was there when it was looked for may be gone
            shutil.rmtree(kept, ignore_errors=True)  # of a scheduler that died before it wrote down whose it is
            kept.mkdir()
            states = [name for name in SAVED if (saved / name).exists()]
            for name in states:
                os.link(saved / name, kept / name)
            drafts = shutil.ignore_patterns(".*", *SAVED)
            shutil.copytree(saved, kept, copy_function=os.link, ignore=drafts, dirs_exist_ok=True)
            if all((kept / name).samefile(saved / name) for name in states):
                return  # nothing was saved meanwhile: the files beside the state are those that it knows


def _kept(folder: SessionFolder, number: int) -> Path:
    return folder.trial(number).path / "donor"
