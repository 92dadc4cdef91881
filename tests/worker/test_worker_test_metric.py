"""The held-out metric on its way: kept away from every report."""

from __future__ import annotations

from pathlib import Path

import pytest

from hptui.core.wire.request import Function, Start
from hptui.core.wire.spool import Attr, Note, Report, read_from
from hptui.core.worker.link import Link
from hptui.core.worker.trial import Trial


def trial_of(folder: Path, test: str | None) -> tuple[Trial, Link]:
    link = Link(start := Start("s", str(folder), 0, {}, 1, Function("train.py"), str(folder), test=test))
    return Trial(start, link, lambda: None), link


def test_it_is_an_attribute_however_it_is_told(tmp_path: Path) -> None:
    trial, link = trial_of(tmp_path, "err")

    trial.report_test(0.5)
    trial.report(1.0, 0, err=0.4, acc=0.9)
    link.report(None, 1, {"err": 0.3})  # a program's last words
    trial.report_test(float("nan"))

    lines = read_from(link.folder.spool, 0)[0]
    kept = [(one.key, one.value) for one in lines if isinstance(one, Attr)]
    assert kept == [("test_value", 0.5), ("test_value", 0.4), ("test_value", 0.3)]
    assert [(one.step, one.others) for one in lines if isinstance(one, Report)] == [(0, {"acc": 0.9})]
    assert [one.text for one in lines if isinstance(one, Note)] == ["err is nan: not kept"]


def test_a_study_without_one_says_so(tmp_path: Path) -> None:
    trial, link = trial_of(tmp_path, None)

    trial.report_test(0.5)

    lines = read_from(link.folder.spool, 0)[0]
    assert [one.text for one in lines if isinstance(one, Note)] == [
        "report_test() is not kept: the study has no [test] metric"
    ]
    with pytest.raises(TypeError):
        trial.report_test("x")  # type: ignore[arg-type]
