"""Below a scientific parameter's values stand the combinations with the other ones, where there is room."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hptui.core.review.columns import columns
from hptui.core.store.rows import TrialRow
from hptui.core.study.session import SessionFolder
from hptui.tui.panes.slices import SlicesPane

SPACE = {name: {"type": "int", "low": 0, "high": 2} for name in "abc"}
ROWS = [TrialRow(k, "COMPLETE", {"a": k % 2, "b": k // 2 % 2, "c": k // 4 % 3}, value=k / 7) for k in range(24)]


def drawn(folder: Path, at: int, height: int) -> list[str]:
    material: Any = SimpleNamespace(
        folder=SessionFolder(folder), columns=columns(ROWS, SPACE), facts=SimpleNamespace(sign=1.0, metric="loss")
    )
    pane = SlicesPane()
    pane.isolated, pane.at = True, at
    return ["".join(piece.text for piece in line) for line in pane.figure(material, 78, height)]


def test_combinations_stand_below_where_they_fit(tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text('[round]\nscientific = ["a", "b"]\n')

    whole, nuisance, low = (drawn(tmp_path, at, height) for at, height in ((0, 20), (2, 20), (0, 12)))

    assert [line.split("  ")[1] for line in whole if " × " in line][:5] == [
        "a × b, all others optimised away", "0 × 0", "0 × 1", "1 × 0", "1 × 1",
    ]  # fmt: skip
    assert len(whole) <= 20
    assert not any("×" in line for line in (*nuisance, *low))
