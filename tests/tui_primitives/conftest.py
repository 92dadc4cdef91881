import sys
from pathlib import Path

import pytest

from hptui.tui import glyphs

HERE = Path(__file__).parent
# The pane on an empty screen, and the pty driver that the reports in bench/ use too.
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "bench" / "terminal")]


@pytest.fixture(autouse=True)
def braille_glyphs(monkeypatch: pytest.MonkeyPatch):
    """The terminal that runs the tests decides nothing."""
    monkeypatch.setenv("HPTUI_GLYPHS", "braille")
    glyphs.current.cache_clear()
    yield
    glyphs.current.cache_clear()
