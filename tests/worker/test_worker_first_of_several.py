"""Of several processes that train together only the first one tells how it goes."""

from __future__ import annotations

import pytest

from hptui.core.worker import lines


@pytest.mark.parametrize(("rank", "said"), [(None, 2), ("0", 2), ("1", 0)])
def test_only_the_first_rank_prints_reports(
    rank: str | None, said: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("RANK", raising=False)
    if rank is not None:
        monkeypatch.setenv("RANK", rank)

    lines.report(0.5, 3)
    lines.set_constraint("memory", -1.0)

    assert capsys.readouterr().out.count("hptui:") == said
