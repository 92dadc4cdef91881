"""Sessions on disk for screens to look at."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo_session import write_living, write_session

from hptui.core.study.session import SessionFolder

# the pty driver that the reports in bench/ use too
sys.path.append(str(Path(__file__).parents[2] / "bench" / "terminal"))


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HPTUI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HPTUI_GLYPHS", "braille")
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.delenv("TMUX", raising=False)
    return tmp_path / "home"


@pytest.fixture
def past(own_home: Path) -> SessionFolder:
    """A finished session of 60 trials."""
    folder = SessionFolder(own_home / "sessions" / "past")
    write_session(folder, 60, finished=True)
    return folder


@pytest.fixture
def live(own_home: Path) -> Iterator[SessionFolder]:
    """A session of 60 trials, two of which run; the lock is held, so it looks alive, and nobody answers."""
    folder, lock = write_living(own_home)
    yield folder
    lock.release()
