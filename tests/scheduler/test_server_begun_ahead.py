"""A fork server that was begun before the session was read."""

from __future__ import annotations

import selectors
from pathlib import Path

import pytest

from hptui.core.scheduler.ahead import tell_ahead
from hptui.core.scheduler.children import Children
from hptui.core.scheduler.fork_server import ForkServer
from hptui.core.store.create import create_session
from hptui.core.store.writer import Writer
from hptui.core.study.session import SessionFolder
from hptui.core.wire.request import Preload

STUDY = """
[objective]
script = "train.py"
[space]
x = {type = "float", low = 0.0, high = 1.0}
[budget]
n_trials = 3
"""


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    (tmp_path / "train.py").write_text("def objective(trial): return 0.0")
    facts = {"name": "s", "script_folder": str(tmp_path), "cwd": str(tmp_path / "data")}
    folder = SessionFolder(tmp_path / "s")
    create_session(folder, STUDY, facts)
    return folder


def test_it_is_told_what_the_session_will_ask_for(folder: SessionFolder) -> None:
    begun = ForkServer.begin(folder)
    try:
        tell_ahead(begun, folder, resume=False)

        script = str(folder.path.parent / "train.py")
        assert begun.told == Preload(("auto",), script, None, str(folder.path.parent / "data"), {}, "objective")
    finally:
        begun.end()


def test_where_the_session_is_to_end_it_is_told_nothing(folder: SessionFolder) -> None:
    store = Writer(folder)
    store.set_fact("stopping", {"now": False})
    store.close()
    begun = ForkServer.begin(folder)
    try:
        tell_ahead(begun, folder, resume=False)

        assert begun.told is None
    finally:
        begun.end()


def test_it_serves_what_it_was_told_and_nothing_else(folder: SessionFolder) -> None:
    asked, other = Preload((), None, None, str(folder.path)), Preload(("json",), None, None, str(folder.path))
    with selectors.DefaultSelector() as selector:
        begun = ForkServer.begin(folder)
        begun.tell(asked)
        children = Children(folder, selector, begun=begun)
        children.boot(asked)
        assert children.server_process is begun.process
        children.close()

        begun = ForkServer.begin(folder)
        begun.tell(asked)
        children = Children(folder, selector, begun=begun)
        children.boot(other)
        assert children.server_process is not begun.process
        assert begun.process.returncode is not None
        children.close()
