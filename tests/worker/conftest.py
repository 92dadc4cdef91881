from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from worker_standin import Standin


@pytest.fixture
def standin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Standin]:
    monkeypatch.setenv("HPTUI_HOME", str(tmp_path / "home"))
    made = Standin.at(tmp_path)
    yield made
    made.close()
