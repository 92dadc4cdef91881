"""The page of a session: whole, self-contained, and harmless whatever its names are."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from hptui.core.interop.found import Found, FoundTrial, make_session
from hptui.core.review.report import Picture, Table, Text, report, written
from hptui.core.review.svg import Series, chart
from hptui.core.store.reader import Reader
from hptui.core.study.session import SessionFolder
from hptui.core.study.study import Goal

EVIL = "<script>lr|"


@pytest.fixture
def session(tmp_path: Path) -> SessionFolder:
    rng = np.random.default_rng(0)
    space = {
        EVIL: {"type": "float", "low": 1e-5, "high": 0.1, "log": True},
        "act": {"type": "categorical", "choices": ["relu", "tanh"]},
    }
    trials = []
    for k in range(40):
        params = {EVIL: float(10 ** rng.uniform(-5, -1)), "act": "relu" if k % 2 else "tanh"}
        loss = float((np.log10(params[EVIL]) + 3) ** 2 + 0.01 * rng.normal())
        pruned = k % 4 == 3
        curve = tuple((s, loss + 1 / (s + 1)) for s in range(3 if pruned else 9))
        trials.append(
            FoundTrial(
                k, "PRUNED" if pruned else "COMPLETE", params, () if pruned else (loss,), curve, ended_at=k + 1.0
            )
        )
    folder = SessionFolder(tmp_path / "s")
    make_session(Found("s", "x", "test", (Goal("loss"),), space, tuple(trials)), folder)
    return folder


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        assert not any(name in ("src", "href") for name, _ in attrs)  # nothing is fetched


def test_a_page_has_every_section_and_needs_no_other_file(session: SessionFolder) -> None:
    with Reader(session) as reader:
        sections = report(reader, 9)

    titles = [section.title for section in sections]
    assert titles[:5] == ["s", "The search", "What mattered", "Pruning", "How sure it is"]
    assert titles[-2:] == ["The best trials", "Do it again"]
    tags = Tags()
    tags.feed(written(sections, "html"))
    assert "script" not in tags.seen and {"svg", "table", "pre"} <= tags.seen
    pictures = [b for section in sections for b in section.blocks if isinstance(b, Picture)]
    assert len(pictures) == 2
    for picture in pictures:
        ElementTree.fromstring(picture.svg)
    text = written(sections, "markdown")
    assert "data:image/svg+xml;base64," in text and "<script>lr\\|" in text


def test_a_session_without_trials_has_a_page(tmp_path: Path) -> None:
    folder = SessionFolder(tmp_path / "s")
    make_session(Found("s", "x", "test", (Goal("loss"),), {"a": {"type": "float", "low": 0, "high": 1}}, ()), folder)

    with Reader(folder) as reader:
        assert "No trial is complete." in written(report(reader), "markdown")


def test_a_chart_of_nothing_is_nothing_and_one_of_outliers_shows_the_rest() -> None:
    nothing = np.array([np.nan])
    assert chart([Series(nothing, nothing, "red")], "x", "y") == ""
    y = np.r_[np.linspace(0, 1, 50), 1e9]

    svg = chart([Series(np.arange(51.0), y, "red", line=False)], "x", "y")

    labels = [t.text for t in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    assert {"0", "0.5", "1"} <= set(labels)


def test_a_chart_of_one_huge_value_is_drawn_and_a_range_within_a_decade_says_its_ends() -> None:
    svg = chart([Series(np.array([2e-4, 8e-4]), np.full(2, 1e17), "red", line=False)], "lr", "loss", x_log=True)

    labels = [t.text for t in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    assert {"1e+17", "0.0002", "0.0008"} <= set(labels)


def test_on_a_terminal_a_picture_is_its_caption() -> None:
    from hptui.core.review.report import Code, Picture
    from hptui.core.review.report import Text as Words
    from hptui.tui.commands.report import to_read

    assert to_read(Picture("<svg/>", "the search")) == Words("[picture: the search]")
    assert to_read(Code("hptui run")) == Code("hptui run")


def test_of_several_objectives_the_page_has_the_front_and_no_best_trial(tmp_path: Path) -> None:
    points = [(0.1, 9.0), (0.2, 3.0), (0.3, 4.0)]  # the last one is beaten by the second
    trials = tuple(FoundTrial(k, "COMPLETE", {"a": 0.1 * k}, values) for k, values in enumerate(points))
    space = {"a": {"type": "float", "low": 0.0, "high": 1.0}}
    folder = SessionFolder(tmp_path / "two")
    make_session(Found("two", "x", "test", (Goal("loss"), Goal("ms")), space, trials), folder)

    with Reader(folder) as reader:
        page = {section.title: section.blocks for section in report(reader)}

    assert page["two"][-1] == Text("Nobody beats 0, 1 (the front).")
    assert page["The best trials"] == (
        Table(("trial", "loss", "ms", "a"), (("0", "0.1", "9", "0"), ("1", "0.2", "3", "0.1"))),
    )
    assert "How sure it is" not in page
