"""What an objective says in the ledger."""

from __future__ import annotations

from pathlib import Path

from hptui.core.study.session import SessionFolder
from hptui.core.wire.request import Function, Start
from hptui.core.wire.spool import Note, read_from
from hptui.core.worker.link import Link
from hptui.core.worker.trial import TELLABLE, Trial


def test_a_line_is_told_once_and_a_flood_is_cut(tmp_path: Path) -> None:
    start = Start("s", str(tmp_path), 0, {}, 1, Function("t.py"), str(tmp_path))
    link = Link(start)
    trial = Trial(start, link, lambda: None)

    for k in range(TELLABLE + 20):
        trial.tell(f"line\n {k}")
        trial.tell(f"line\n {k}")
    link.close()

    lines, _ = read_from(SessionFolder(tmp_path).trial(0).spool, 0)
    notes = [(line.text, line.kind) for line in lines if isinstance(line, Note)]
    assert notes == [
        *((f"line {k}", "told") for k in range(TELLABLE)),
        (f"said {TELLABLE} things by trial.tell(); what it says further is not kept", "warning"),
    ]
