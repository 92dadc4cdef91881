"""What an objective says in the ledger."""

from __future__ import annotations

from pathlib import Path

from hptui.core.study.milestones import Every
from hptui.core.study.session import SessionFolder
from hptui.core.wire.request import Function, Start
from hptui.core.wire.spool import Attr, Note, Report, read_from
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


def test_an_attribute_does_not_take_the_place_of_one_of_hptuis_own(tmp_path: Path) -> None:
    start = Start("s", str(tmp_path), 0, {}, 1, Function("t.py"), str(tmp_path))
    link = Link(start)
    trial = Trial(start, link, lambda: None)

    trial.set_user_attr("rung", 3)
    trial.set_user_attr("epoch", 4)
    link.close()

    lines, _ = read_from(SessionFolder(tmp_path).trial(0).spool, 0)
    assert [(line.key, line.value) for line in lines if isinstance(line, Attr)] == [("user_rung", 3), ("epoch", 4)]
    said = "set_user_attr: hptui has a rung of its own, so this one is kept as user_rung"
    assert [line.text for line in lines if isinstance(line, Note)] == [said]


def test_other_metrics_without_a_value_are_no_milestone_for_there_is_nothing_to_judge(tmp_path: Path) -> None:
    link = Link(Start("s", str(tmp_path), 0, {}, 1, Function("t.py"), str(tmp_path), milestones=Every(5)))

    link.report(None, 7, {"acc": 0.9})
    link.close()

    lines, _ = read_from(SessionFolder(tmp_path).trial(0).spool, 0)
    assert [(line.step, line.value, line.milestone) for line in lines if isinstance(line, Report)] == [(7, None, 0)]
