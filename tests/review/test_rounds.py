"""Adopting a configuration with its evidence, and the family of rounds that comes of it."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from scipy import stats

from hptui.core.advice.finding import Edit
from hptui.core.advice.rewrite import rewrite
from hptui.core.review.adoption import adoption, baseline_edits
from hptui.core.review.isolation import Isolated
from hptui.core.review.report import written
from hptui.core.review.rounds import difference, lineage
from hptui.core.review.rounds_report import rounds_report
from hptui.core.space.space import Space
from hptui.core.store.create import create_session
from hptui.core.store.rows import TrialRow
from hptui.core.store.writer import Writer
from hptui.core.study.session import SessionFolder
from hptui.tui.glyphs import glyphs_for
from hptui.tui.launching import Plan, launched
from hptui.tui.views.rounds import draw, plain_lines

STUDY = """# mine
name = "digits"
metric = "loss"
[objective]
command = "train"
[space]
act = ["relu", "tanh"]  # which
lr = { type = "float", low = 0.01, high = 1.0, log = true }
decay = { type = "float", low = 0.0, high = 0.1, scaled_by = { parameter = "lr", base = 0.1 } }
[[enqueue]]
act = "relu"
lr = 0.1
decay = 0.01
"""
SPACE = Space.parse(tomllib.loads(STUDY)["space"])


def row(number: int, value: float, origin: str = "sampler", **params: object) -> TrialRow:
    params = params or {"act": "relu" if number % 2 else "tanh", "lr": 0.1, "decay": 0.01 * number}
    return TrialRow(number, "COMPLETE", params, value=value, origin=origin)


def test_a_gain_is_shown_when_its_interval_is_above_zero() -> None:
    better, base = [0.10, 0.11, 0.12], [0.20, 0.22, 0.21]
    rows = [row(k, v, lr=0.1) for k, v in enumerate(better)] + [row(9 + k, v, "baseline", lr=1) for k, v in enumerate(base)]  # noqa: E501

    found = adoption([*rows, row(30, 0.05, lr=0.3)], 1.0)  # and not the lucky single one

    interval = stats.ttest_ind(base, better, equal_var=False).confidence_interval(0.95)
    assert found is not None
    assert (found.trial, found.params, found.proof) == (0, {"lr": 0.1}, "shown")
    assert f"gain 0.1, 95 % {interval.low:.3g} to {interval.high:.3g}, p = " in found.evidence
    assert "0.11 ± 0.025 over 3 runs, the baseline 0.21 ± 0.025 over 3 runs" in found.evidence


def test_a_configuration_that_costs_more_says_so() -> None:
    runs = [replace(row(0, 0.5, "baseline", lr=1), started_at=0.0, busy_s=10.0), row(1, 0.4, lr=2)]
    dear, alike = (adoption([runs[0], replace(runs[1], started_at=0.0, busy_s=s)], 1.0) for s in (35.0, 12.0))

    assert dear is not None and dear.evidence.endswith("; a run takes 35s, 3.5 times the baseline's 10s")
    assert alike is not None and "takes" not in alike.evidence


def test_what_one_run_each_can_say_is_said() -> None:
    rows = [row(0, 0.5, "baseline", lr=1), row(1, 0.4, lr=2), row(2, 0.6, lr=3)]

    found = [adoption(rows, 1.0), adoption(rows, 1.0, 2), adoption(rows, 1.0, 0), adoption(rows[1:], 1.0)]

    proofs = [(one.trial, one.proof) for one in found if one]
    assert proofs == [(1, "open"), (2, "against"), (0, "against"), (1, "open")]
    assert [one.evidence.rpartition(": ")[2] for one in found if one] == [
        "chance is not excluded", "no gain (-0.1)", "it was the baseline before",
        "0.4 in one run; there was no baseline to compare with",
    ]  # fmt: skip
    assert adoption(rows, 1.0, 7) is None and adoption([], 1.0) is None


def test_the_baseline_is_written_before_scaling_and_comments_stay() -> None:
    params = {"act": "tanh", "lr": 0.2, "decay": 0.04}  # 0.02 before scaling
    edits = baseline_edits(SPACE.definitions(), tomllib.loads(STUDY)["space"], params, enqueue=False)

    text = rewrite(STUDY, edits)

    made = tomllib.loads(text)
    assert Space.parse(made["space"]).defaults() == pytest.approx(params)
    assert "enqueue" not in made and "# mine" in text and "# which" in text
    enqueued = rewrite(STUDY, baseline_edits(SPACE.definitions(), {}, params, enqueue=True))
    assert tomllib.loads(enqueued)["enqueue"] == [params]
    replaced = rewrite("[pruner]\nname = 'median'\n[space]\nx = [1]\n", [Edit(("pruner",), {"name": "asha", "eta": 3})])
    assert tomllib.loads(replaced) == {"pruner": {"name": "asha", "eta": 3}, "space": {"x": [1]}}


def isolated(label: str, expected: float, half: float) -> Isolated:
    return Isolated(label, 9, expected, 3, expected, expected - half, expected + half)


def test_values_are_told_apart_when_their_intervals_are() -> None:
    far, near = [isolated("a", 0.9, 0.1), isolated("b", 0.1, 0.1)], [isolated("a", 0.2, 0.1), isolated("b", 0.1, 0.1)]

    assert difference(far, 1.0).startswith("b is best: 0.1 (0 .. 0.2), then a 0.9 (0.8 .. 1)")
    assert "do not overlap" in difference(far, 1.0) and difference(far, -1.0).startswith("a is best")
    assert "not told apart" in difference(near, 1.0)
    assert difference([far[0], Isolated("b", 1, 0.1, 3, math.nan, math.nan, math.nan)], 1.0) == ""


@pytest.fixture(scope="module")
def family(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """digits, of which two rounds come; the first of them has another one."""
    tmp_path = tmp_path_factory.mktemp("family")
    home = tmp_path / "sessions"
    for name, story in {
        "digits": {"goal": "which activation?", "scientific": ["act"]},
        "digits-r2": {"parent": "digits", "parent_id": "id-digits", "adopted": 3, "evidence": "gain 0.1"},
        "digits-r3": {"parent": "renamed", "parent_id": "id-digits-r2", "goal": "is decay worth it?"},
        "digits-r4": {"parent": "digits", "goal": "wider"},
        "other": {"parent": "gone", "parent_id": "id-gone"},
    }.items():
        folder = SessionFolder(home / name)
        facts = {"id": f"id-{name}", "name": name, "metric": "loss", "direction": "minimize", "round": story}
        facts |= {"script_folder": str(tmp_path), "created_at": 1.0, "argv": ["run", "x"]}
        create_session(folder, STUDY, facts)
        writer = Writer(folder)
        writer.save_parameters(SPACE.definitions())
        with writer.transaction():
            for k in range(12):
                writer.save_trial(row(k, 0.5 + 0.1 * (k % 2) + 0.001 * k, "baseline" if k == 1 else "sampler"))
        writer.close()
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("HPTUI_HOME", str(tmp_path))
        yield home


def test_rounds_follow_their_parents_by_id_and_by_name(family: Path) -> None:
    found = lineage(family, "digits-r3")

    assert [(one.name, one.depth, one.last) for one in found] == [
        ("digits", 0, ()), ("digits-r2", 1, (False,)), ("digits-r3", 2, (False, True)), ("digits-r4", 1, (True,)),
    ]  # fmt: skip
    assert list(found[0].compared) == ["act"] and found[0].best is not None and found[0].best.numbers == (0,)
    lines = plain_lines(found)
    assert [line[:22] for line in lines if "interrupted" in line] == [
        "digits  interrupted, 1", "├─ digits-r2  interrup", "│  └─ digits-r3  inter", "└─ digits-r4  interrup",
    ]  # fmt: skip
    assert any("adopted  trial 3 of digits: gain 0.1" in line for line in lines)
    assert any("compared act: tanh is best" in line for line in lines)
    assert "parent   gone, which is not here" in "\n".join(plain_lines(lineage(family, "other")))
    assert lineage(family, "nobody") == []
    drawn = ["".join(piece.text for piece in line) for line in draw(found, 3, 60, 8, glyphs_for({}))]
    assert len(drawn) == 8 and any(line.startswith("> └─ digits-r4") for line in drawn)


def test_the_report_has_every_round_with_its_pictures(family: Path) -> None:
    page = written(rounds_report(lineage(family, "digits")), "html")

    assert page.count("<h2>") == 4 and page.count("<svg") == 1
    assert "Goes on from digits; its trial 3 is the baseline here." in page and "hptui run x" in page


def test_launching_writes_a_study_that_can_be_run_and_tags_the_trial(family: Path, tmp_path: Path) -> None:
    folder = SessionFolder(family / "digits-r4")

    made = launched(folder, 2, Plan("narrower", ["lr"], ["act"]), tmp_path)

    study = tomllib.loads(made.path.read_text())
    assert (made.path.name, study["name"]) == ("digits-r5.toml", "digits-r5")
    story = study["round"]
    assert story.pop("evidence") == made.adopted.evidence and "gain 0.0" in made.adopted.evidence
    assert story == {"goal": "narrower", "parent": "digits-r4", "scientific": ["lr"], "fixed": ["act"], "adopted": 2}
    again = launched(folder, 2, Plan(), tmp_path)
    assert again.path.name == "digits-r6.toml"
    from hptui.core.store.reader import Reader

    with Reader(folder) as reader:
        tagged = reader.trial(2)
        assert tagged is not None and tagged.attrs["hptui"] == {"tags": ["adopted"]}
