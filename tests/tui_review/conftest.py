"""Sessions on disk for the tabs of the review to look at."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# the demo session and the driver of the screens' own tests
sys.path.insert(0, str(Path(__file__).parents[1] / "tui"))
sys.path.insert(0, str(Path(__file__).parents[2] / "bench" / "terminal"))

from demo_session import write_living, write_session

from hptui.core.study.session import SessionFolder
from hptui.tui import glyphs


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HPTUI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("HPTUI_GLYPHS", "braille")
    monkeypatch.delenv("TMUX", raising=False)
    glyphs.current.cache_clear()
    return tmp_path / "home"


@pytest.fixture
def past(own_home: Path) -> SessionFolder:
    """A finished session of 60 trials."""
    folder = SessionFolder(own_home / "sessions" / "past")
    write_session(folder, 60, finished=True)
    return folder


@pytest.fixture
def other(own_home: Path) -> SessionFolder:
    """A finished session of 20 trials."""
    folder = SessionFolder(own_home / "sessions" / "other")
    write_session(folder, 20, finished=True)
    return folder


@pytest.fixture
def live(own_home: Path) -> Iterator[SessionFolder]:
    """A session of 60 trials, two of which run; the lock is held, so it looks alive, and nobody answers."""
    folder, lock = write_living(own_home)
    yield folder
    lock.release()
