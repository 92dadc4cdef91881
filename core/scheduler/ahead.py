"""What a scheduler begins before it has modules of its own: its fork server imports for seconds, so it goes first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from hptui.core.scheduler.fork_server import ForkServer, folders, preload_of
from hptui.core.store.reader import Reader
from hptui.core.study.session import SessionFolder

if TYPE_CHECKING:
    from hptui.core.study.study import Study

STOPPING = "stopping"  # the fact: why the session is to end, while what runs may finish


def tell_ahead(server: ForkServer, folder: SessionFolder, resume: bool) -> None:
    """Tell it what to import, unless the session is to end. numpy has been imported. Raises StudyErrors, OSError."""
    with Reader(folder) as reader:
        facts = reader.facts()
    if resume or not facts.get(STOPPING):
        server.tell(preload_of(study_of(folder, facts), *folders(facts, folder)))


def study_of(folder: SessionFolder, facts: dict[str, Any]) -> Study:
    """The study as it was written, with what was changed while the session lived: its pruner."""
    from hptui.core.search import catalog  # with numpy, which has its number of threads before it is loaded
    from hptui.core.study.file import load_study
    from hptui.core.study.study import Chosen

    study = load_study(
        folder.study.read_text(), where=str(facts.get("study_path") or folder.study),
        folder=Path(facts.get("script_folder") or folder.path), overrides=facts.get("overrides") or None,
        check_choice=catalog.check,
    )  # fmt: skip
    now = facts.get("pruner_now")
    return msgspec.structs.replace(study, pruner=Chosen(**now)) if now else study
